"""Spreadsheets: the way in for an audience file, from bytes on disk to rows of text, read as a stream.

    file -> detect() -> Dialect, shown and changeable -> preview() -> rows() -> import

The content decides how a file is read, not its name. Nothing that stands in a cell is lost: rows that are longer than
the header keep their cells, and columns without a header get a name.
"""

import logging
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from broadcaster.audience import archives, delimited, headings, opendocument, workbooks
from broadcaster.audience.dialects import DELIMITERS, ENCODINGS, Dialect, Row, UnreadableFile, tidy

__all__ = [
    "DELIMITERS",
    "ENCODINGS",
    "Dialect",
    "Preview",
    "Row",
    "UnreadableFile",
    "detect",
    "expected_rows",
    "headers",
    "preview",
    "rows",
    "sheet_names",
]

log = logging.getLogger(__name__)

_SAMPLE_ROWS = 100
_SUFFIXES = {"", *archives.TABLES}

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
    workbook = signature.startswith(archives.SIGNATURE)
    dialect, sample = _detect_workbook(path) if workbook else _detect_text(path, filename)
    if not headings.are_names(sample[0].values, [row.values for row in sample[1:]]):
        return replace(dialect, header_row=False)
    if len(sample) == 1:
        raise UnreadableFile(_HEADER_ONLY)
    return dialect


def sheet_names(path: Path) -> list[str]:
    """Return the names of a workbook's sheets that a person can see, in their order."""
    return opendocument.sheet_names(path) if archives.kind_of(path) == "ods" else workbooks.sheet_names(path)


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


def expected_rows(path: Path, dialect: Dialect) -> int:
    """About how many rows there are below the header, without reading them; 0 where the file does not tell."""
    if dialect.format == "csv":
        found = delimited.count_lines(path)
    else:
        found = (workbooks if dialect.format == "xlsx" else opendocument).expected_rows(path, dialect.sheet)
    return max(0, found - int(dialect.header_row))


def _detect_workbook(path: Path) -> tuple[Dialect, list[Row]]:
    kind = archives.kind_of(path)
    if kind == "zip":
        raise UnreadableFile(archives.INSIDE)
    for name in sheet_names(path):
        dialect = Dialect(format=kind, sheet=name)
        with closing(_records(path, dialect)) as found:
            if sample := list(islice(found, _SAMPLE_ROWS)):
                return dialect, sample
    raise UnreadableFile(_EMPTY)


def _detect_text(path: Path, filename: str) -> tuple[Dialect, list[Row]]:
    suffix = Path(filename).suffix.lower()
    if suffix == ".zip":
        raise UnreadableFile(archives.DAMAGED)
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
    for number, cells in _safely(_read(path, dialect)):
        if row := tidy(number, cells):
            yield row


def _safely(found: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """The same rows; whatever else a hostile file makes a reader stumble over becomes one sentence too."""
    try:
        yield from found
    except (UnreadableFile, OSError):
        raise
    except Exception as error:
        log.warning("an audience file could not be read", exc_info=error)
        raise UnreadableFile(archives.BROKEN) from error


def _read(path: Path, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    if dialect.format == "csv":
        return delimited.records(path, dialect)
    archives.kind_of(path)  # which refuses traps
    if dialect.format == "ods":
        return opendocument.records(path, dialect.sheet)
    return workbooks.records(path, dialect.sheet)


def _distinct(names: list[str]) -> list[str]:
    """Number the names that another column has already: Name, Name 2."""
    taken: set[str] = set()
    for place, name in enumerate(names):
        free = (f"{name} {count}" if count > 1 else name for count in range(1, len(names) + 2))
        names[place] = next(each for each in free if each.casefold() not in taken)
        taken.add(names[place].casefold())
    return names
