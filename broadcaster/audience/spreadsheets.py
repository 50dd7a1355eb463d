"""Spreadsheets: the way in for an audience file, from bytes on disk to rows of text, read as a stream.

    file -> detect() -> Dialect, shown and changeable -> preview() -> rows() -> import

The content decides how a file is read, not its name. Nothing that stands in a cell is lost: rows that are longer than
the header keep their cells, and columns without a header get a name.
"""

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from broadcaster.audience import delimited, workbooks
from broadcaster.audience.dialects import DELIMITERS, ENCODINGS, Dialect, Row, UnreadableFile, tidy
from broadcaster.audience.workbooks import sheet_names

__all__ = [
    "DELIMITERS",
    "ENCODINGS",
    "Dialect",
    "Preview",
    "Row",
    "UnreadableFile",
    "detect",
    "headers",
    "preview",
    "rows",
    "sheet_names",
]

_SAMPLE_ROWS = 100
_SUFFIXES = {"", ".csv", ".tsv", ".tab", ".psv", ".txt", ".xlsx", ".xlsm"}
_PHONE = re.compile(r"(?=(?:\D*\d){9})\+?[\d ().-]+")

_EMPTY = "The file is empty. Upload a file with a header row and at least one row below it."
_HEADER_ONLY = "The file has a header row but no rows below it. Add the recipients and upload it again."


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows as they would be read."""

    headers: list[str]
    rows: list[Row]


def detect(path: Path, filename: str) -> Dialect:
    """Return how a file is best read; `filename` is its name at the operator's.

    Raises UnreadableFile for a file that is no table, is empty, or has a header only.
    """
    with path.open("rb") as file:
        signature = file.read(8)
    if signature == workbooks.OLE_SIGNATURE:
        workbooks.refuse_ole(path)
    workbook = signature.startswith(workbooks.ZIP_SIGNATURE)
    dialect, sample = _detect_workbook(path) if workbook else _detect_text(path, filename)
    if any(_PHONE.fullmatch(value) for value in sample[0].values):
        return replace(dialect, header_row=False)
    if len(sample) == 1:
        raise UnreadableFile(_HEADER_ONLY)
    return dialect


def headers(path: Path, dialect: Dialect) -> list[str]:
    """Return a name for each column, no two alike; "Column 3" where the file gives none."""
    return preview(path, dialect, limit=0).headers


def rows(path: Path, dialect: Dialect) -> Generator[Row, None, None]:
    """Yield each row that is not blank, with a value for each header, and more where the row itself has more."""
    with closing(_records(path, dialect)) as found:
        sample = _taken(found)
        width = len(_headers(sample, dialect))
        for number, values in islice(chain(sample, found), int(dialect.header_row), None):
            values.extend([""] * (width - len(values)))
            yield Row(number, values)


def preview(path: Path, dialect: Dialect, limit: int = 10) -> Preview:
    """Return the headers and the first rows (at most 99). Raises UnreadableFile as `rows` would for them."""
    with closing(_records(path, dialect)) as found:
        sample = _taken(found)
    names = _headers(sample, dialect)
    body = sample[int(dialect.header_row) :][:limit]
    return Preview(names, [Row(number, values + [""] * (len(names) - len(values))) for number, values in body])


def _detect_workbook(path: Path) -> tuple[Dialect, list[Row]]:
    for name in sheet_names(path):
        dialect = Dialect(format="xlsx", sheet=name)
        with closing(_records(path, dialect)) as found:
            if sample := list(islice(found, _SAMPLE_ROWS)):
                return dialect, sample
    raise UnreadableFile(_EMPTY)


def _detect_text(path: Path, filename: str) -> tuple[Dialect, list[Row]]:
    suffix = Path(filename).suffix.lower()
    if suffix not in _SUFFIXES:
        raise UnreadableFile(f"Files of the type {suffix} cannot be read. Save the table as .xlsx or .csv.")
    encoding = delimited.detect_encoding(path)
    dialect = Dialect(format="csv", encoding=encoding, delimiter=delimited.detect_delimiter(path, encoding))
    with closing(_records(path, dialect)) as found:
        return dialect, _taken(found)


def _taken(found: Iterator[Row]) -> list[Row]:
    """Take the rows off the top that decide on the columns."""
    sample = list(islice(found, _SAMPLE_ROWS))
    if not sample:
        raise UnreadableFile(_EMPTY)
    return sample


def _headers(sample: list[Row], dialect: Dialect) -> list[str]:
    width = max(len(row.values) for row in sample)
    given = sample[0].values if dialect.header_row else []
    names = [" ".join(name.split()) for name in given] + [""] * (width - len(given))
    return _distinct([name or f"Column {place}" for place, name in enumerate(names, 1)])


def _records(path: Path, dialect: Dialect) -> Generator[Row, None, None]:
    text = dialect.format == "csv"
    found = delimited.records(path, dialect) if text else workbooks.records(path, dialect.sheet)
    for number, cells in found:
        if row := tidy(number, cells):
            yield row


def _distinct(names: list[str]) -> list[str]:
    """Number the names that another column has already: Name, Name 2."""
    taken: set[str] = set()
    for place, name in enumerate(names):
        free = (f"{name} {count}" if count > 1 else name for count in range(1, len(names) + 2))
        names[place] = next(each for each in free if each.casefold() not in taken)
        taken.add(names[place].casefold())
    return names
