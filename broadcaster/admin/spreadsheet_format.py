"""Small imports read a file as large ones do: any separator, any encoding, a workbook as well."""

import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

from import_export.formats.base_formats import Format
from tablib import Dataset

from broadcaster.audience import spreadsheets
from broadcaster.audience.cells import bare
from broadcaster.audience.spreadsheets import UnreadableFile

ROW_LIMIT = 5_000
SAMPLE_ROWS = 50


def name_of(header: str) -> str:
    """What a column is called that has this header, if it is one that we know."""
    return header.lower().replace(" ", "_")


class Spreadsheet(Format):
    """A CSV file or a workbook, told apart by what is in it. `columns` are the names that a resource reads.

    A subclass that takes other columns too says by which names.
    """

    columns: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    for_more = "Split it into several files, and import them one by one."

    def __init__(self, encoding: str | None = None) -> None:
        """The library offers an encoding; the file's own is detected."""

    def get_title(self) -> str:
        """What the operator reads beside the file."""
        return "CSV or Excel"

    def create_dataset(self, in_stream: bytes) -> Dataset:
        """The table. Raises UnreadableFile, also for one that is too long for this way in."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(in_stream)
            file.flush()
            return self._table(Path(file.name))

    def is_binary(self) -> bool:
        """Bytes: the encoding is detected."""
        return True

    def get_read_mode(self) -> str:
        """Bytes, for the library's own storage."""
        return "rb"

    def can_import(self) -> bool:
        """It is a way in."""
        return True

    def can_export(self) -> bool:
        """It is no way out."""
        return False

    def column_names(self, headers: list[str], sample: list[list[str]]) -> list[str]:
        """What the resource calls each column. Raises UnreadableFile for one that it does not know, and for a lack."""
        names = [name_of(header) for header in headers]
        unknown = next((header for header, name in zip(headers, names, strict=True) if name not in self.columns), "")
        if unknown:
            known = ", ".join(self.columns)
            raise UnreadableFile(
                f"There is no column called {unknown} here. Take it out, or name it as one of: {known}."
            )
        for name in self.needed:
            if name not in names:
                raise UnreadableFile(f"There is no column called {name}. Add it, or name the column so that holds it.")
        return names

    def _table(self, path: Path) -> Dataset:
        dialect = spreadsheets.detect(path, "")
        headers = spreadsheets.headers(path, dialect)
        rows = [list(map(bare, row.values)) for row in islice(spreadsheets.rows(path, dialect), ROW_LIMIT + 1)]
        if len(rows) > ROW_LIMIT:
            raise UnreadableFile(f"The file has more than {ROW_LIMIT:,} rows. {self.for_more}")
        table: Any = Dataset(headers=self.column_names(headers, rows[:SAMPLE_ROWS]))
        for row in rows:
            table.append(row[: len(headers)] + [""] * (len(headers) - len(row)))
        return table
