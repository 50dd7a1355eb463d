"""Reads Excel workbooks (xlsx) for `spreadsheets.py`: refuses what is no workbook or a trap, then row after row.

Rows are streamed, but the texts that a workbook shares between cells are held in memory while it is read.
"""

import datetime as dt
import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from broadcaster.audience.dialects import UnreadableFile

ZIP_SIGNATURE = b"PK\x03\x04"
OLE_SIGNATURE = bytes.fromhex("D0CF11E0A1B11AE1")

_MAX_ROWS = 1_048_576  # Excel's own limit; only a forged file says more
_MAX_UNPACKED_BYTES = 1 << 30
_MAX_RATIO, _RATIO_MATTERS_BYTES = 200, 10 << 20  # real sheets shrink to a tenth, repetitive ones to a fiftieth
_MAX_EXACT = 1e15  # a spreadsheet keeps fifteen digits

_BROKEN = (
    "The workbook is damaged or incomplete. Open it in a spreadsheet program, save it as .xlsx and upload that file."
)
_BOMB = "The workbook unpacks to far too much data. Save only the table itself, or save it as .csv."
_PROTECTED = "The workbook is protected by a password. Remove the password and upload it again."
_OTHER_ARCHIVES = {
    "xl/workbook.bin": "This is a binary workbook (.xlsb). Open it in Excel and save it as .xlsx.",
    "content.xml": "This is an OpenDocument file (.ods). Open it and save it as .xlsx.",
    "word/document.xml": "This is a Word document. Put the table into a spreadsheet and save it as .xlsx.",
}


def refuse_ole(path: Path) -> None:
    """Raise for the container that is either a locked .xlsx or an .xls from before 2007."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            raise UnreadableFile(_PROTECTED)
    raise UnreadableFile("This is an old Excel file (.xls). Open it in Excel and save it as .xlsx.")


def refuse_traps(path: Path) -> None:
    """Raise for an archive that is no workbook, is locked, or would unpack to an absurd size."""
    try:
        with ZipFile(path) as archive:
            members = archive.infolist()
    except (BadZipFile, NotImplementedError) as error:
        raise UnreadableFile(_BROKEN) from error
    names = {member.filename for member in members}
    if "xl/workbook.xml" not in names:
        other = "This is an archive (.zip). Unpack it and upload the table inside."
        raise UnreadableFile(next((sentence for name, sentence in _OTHER_ARCHIVES.items() if name in names), other))
    if any(member.flag_bits & 1 for member in members):
        raise UnreadableFile(_PROTECTED)
    if _is_bomb(sum(member.file_size for member in members), path.stat().st_size):
        raise UnreadableFile(_BOMB)


def _is_bomb(unpacked_bytes: int, packed_bytes: int) -> bool:
    absurd = unpacked_bytes > _RATIO_MATTERS_BYTES and unpacked_bytes > _MAX_RATIO * packed_bytes
    return absurd or unpacked_bytes > _MAX_UNPACKED_BYTES


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
                raise UnreadableFile(_BROKEN)
            yield number, [_text(value) for value in values]


@contextmanager
def _opened(path: Path) -> Iterator[Workbook]:
    """Open a workbook for reading; whatever a broken one makes the library stumble over becomes one sentence."""
    refuse_traps(path)
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
        raise UnreadableFile(_BROKEN) from error


def _text(value: object) -> str:
    return _AS_TEXT.get(type(value), str)(value)


def _number(value: float) -> str:
    """Return whole numbers without .0, others with the fifteen digits that a spreadsheet shows."""
    return str(int(value)) if value.is_integer() and abs(value) < _MAX_EXACT else format(value, ".15g")


def _moment(value: dt.datetime) -> str:
    """Return ISO 8601; a spreadsheet's date is a moment at midnight."""
    midnight = value.time() == dt.time()
    return value.date().isoformat() if midnight else value.isoformat(timespec="seconds")


def _duration(value: dt.timedelta) -> str:
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


_AS_TEXT: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "",
    bool: lambda value: str(value).upper(),
    float: _number,
    dt.datetime: _moment,
    dt.date: dt.date.isoformat,
    dt.time: dt.time.isoformat,
    dt.timedelta: _duration,
}
