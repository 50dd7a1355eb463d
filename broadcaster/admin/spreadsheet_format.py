"""Small imports read a file as large ones do: any separator, any encoding, a workbook as well."""

import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

from import_export.formats.base_formats import Format
from tablib import Dataset

from broadcaster.audience import columns, spreadsheets
from broadcaster.audience.spreadsheets import UnreadableFile

ROW_LIMIT = 5_000
SAMPLE_ROWS = 50
OURS = ("name", "phone", "identifier", "language", "time_zone", "groups", "fields")
OWN = "field:"  # before the key of a column that becomes a contact's own field


class Spreadsheet(Format):
    """A CSV file or a workbook, told apart by what is in it."""

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
            return _dataset(Path(file.name))

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


def _dataset(path: Path) -> Dataset:
    dialect = spreadsheets.detect(path, "")
    headers = spreadsheets.headers(path, dialect)
    rows = list(islice(spreadsheets.rows(path, dialect), ROW_LIMIT + 1))
    if len(rows) > ROW_LIMIT:
        raise UnreadableFile(
            f"The file has more than {ROW_LIMIT:,} rows. Upload it as an audience file instead: "
            "begin a broadcast and choose the file there; it is imported in the background."
        )
    table: Any = Dataset(headers=_column_names(headers, [row.values for row in rows[:SAMPLE_ROWS]]))
    for row in rows:
        table.append(row.values[: len(headers)])
    return table


def _column_names(headers: list[str], sample: list[list[str]]) -> list[str]:
    """Our name of each column that we know; the key of a contact's own field for any other."""
    keys = columns.field_keys(headers)
    known = {header: header.lower() for header in headers if header.lower() in OURS}
    roles = columns.guess(headers, sample, None)
    for header, role in roles.items():
        if header not in known and role in OURS and role not in known.values():
            known[header] = role
    if not {"phone", "identifier"} & set(known.values()):
        raise UnreadableFile("No column holds the phone numbers. Name the one that does: phone.")
    return [known.get(header) or f"{OWN}{keys[header]}" for header in headers]
