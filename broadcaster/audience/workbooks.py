"""Reads Excel workbooks (xlsx) for `spreadsheets.py`: row after row; `archives.py` has refused traps before.

Rows are streamed, but the texts that a workbook shares between cells are held in memory while it is read.
"""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from broadcaster.audience.archives import BROKEN, PROTECTED
from broadcaster.audience.cells import as_text
from broadcaster.audience.dialects import UnreadableFile

OLE_SIGNATURE = bytes.fromhex("D0CF11E0A1B11AE1")

_MAX_ROWS = 1_048_576  # Excel's own limit; only a forged file says more


def refuse_ole(path: Path) -> None:
    """Raise for the container that is either a locked .xlsx or an .xls from before 2007."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            raise UnreadableFile(PROTECTED)
    raise UnreadableFile("This is an old Excel file (.xls). Open it in Excel and save it as .xlsx.")


def sheet_names(path: Path) -> list[str]:
    """Return the names of the sheets that a person can see, in their order."""
    with _opened(path) as workbook:
        return [sheet.title for sheet in workbook.worksheets if sheet.sheet_state == "visible"]


def records(path: Path, sheet: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each row of a sheet, blank ones too."""
    with _opened(path) as workbook:
        found = next((each for each in workbook.worksheets if each.title == sheet), None)
        if found is None:
            raise UnreadableFile(f"The workbook has no sheet “{sheet}”. Choose another one.")
        found.reset_dimensions()  # some programs write a wrong size, and rows beyond it would be lost
        for number, values in enumerate(found.iter_rows(values_only=True), 1):
            if number > _MAX_ROWS:
                raise UnreadableFile(BROKEN)
            yield number, [as_text(value) for value in values]


@contextmanager
def _opened(path: Path) -> Iterator[Workbook]:
    """Open a workbook for reading; whatever a broken one makes the library stumble over becomes one sentence."""
    try:
        with path.open("rb") as file:  # openpyxl leaves open what it opens itself and fails to read
            workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                yield workbook
            finally:
                workbook.close()
    except UnreadableFile:
        raise
    except Exception as error:
        raise UnreadableFile(BROKEN) from error
