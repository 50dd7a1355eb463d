"""Zip archives on the way in: what an archive is, whether it is a trap, and the one table inside a plain one.

Excel's and OpenDocument's files are archives too, so every file that begins like one passes here first.
"""

import lzma
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EINVAL
from pathlib import Path, PurePosixPath
from typing import Literal
from zipfile import BadZipFile, ZipFile, ZipInfo

from broadcaster.audience.dialects import UnreadableFile

SIGNATURE = b"PK\x03\x04"
TABLES = frozenset({".csv", ".tsv", ".tab", ".psv", ".txt", ".xlsx", ".xlsm", ".ods"})

_MAX_UNPACKED_BYTES = 1 << 30
_MAX_RATIO, _RATIO_MATTERS_BYTES = 200, 10 << 20  # real sheets shrink to a tenth, repetitive ones to a fiftieth
_CHUNK_BYTES = 1 << 20
_NAMED = 3
_ENCRYPTED = 1  # a bit of a member's flags

BROKEN = (
    "The workbook is damaged or incomplete. Open it in a spreadsheet program, save it as .xlsx and upload that file."
)
PROTECTED = "The workbook is protected by a password. Remove the password and upload it again."
_BOMB = "The file unpacks to far too much data. Save only the table itself, or save it as .csv."
_OTHERS = {
    "xl/workbook.bin": "This is a binary workbook (.xlsb). Open it in Excel and save it as .xlsx.",
    "word/document.xml": "This is a Word document. Put the table into a spreadsheet and save it as .xlsx.",
    "ppt/presentation.xml": "This is a presentation. Put the table into a spreadsheet and save it as .xlsx.",
}
_MIMETYPE, _MANIFEST = "mimetype", "META-INF/manifest.xml"
_MAX_ABOUT_BYTES = 1 << 20  # of each of the two, which describe the file
_SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"
_NO_SPREADSHEET = "This is a document, not a spreadsheet. Put the table into a spreadsheet and save it as .xlsx."
DAMAGED = "The archive (.zip) is damaged. Pack the table anew, or upload the table alone."
_NO_TABLE = "There is no table in this archive (.zip). Put one .csv, .xlsx or .ods file into it, or upload the table."

INSIDE = "An archive inside an archive cannot be read. Unpack it and upload the table inside."
_ARCHIVES = frozenset({".zip", ".7z", ".rar", ".gz", ".tar", ".tgz", ".bz2", ".xz"})
# What zipfile and its decompressors raise for bytes that are not what they say; bz2 has no error of its own.
_DAMAGE: tuple[type[Exception], ...] = (
    *(BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError),
    *(struct.error, zlib.error, lzma.LZMAError),
)

Kind = Literal["xlsx", "ods", "zip"]


@contextmanager
def mended(sentence: str, *more: type[Exception]) -> Iterator[None]:
    """Make whatever a damaged archive raises, and `more`, an UnreadableFile with this sentence; disks stay OSError."""
    try:
        yield
    except UnreadableFile:
        raise
    except (*_DAMAGE, *more) as error:
        raise UnreadableFile(sentence) from error
    except OSError as error:
        if error.errno in {None, EINVAL}:  # what bz2 says of damaged data, and a file of a place before its start
            raise UnreadableFile(sentence) from error
        raise


def kind_of(path: Path) -> Kind:
    """What the archive is. Raises UnreadableFile for one that is locked, damaged, a trap, or nothing with a table."""
    with mended(BROKEN), ZipFile(path) as archive:
        members = {member.filename: member for member in archive.infolist()}
        _refuse_traps(archive.infolist(), path.stat().st_size)
        if "xl/workbook.xml" in members:
            return "xlsx"
        if "content.xml" in members:
            return _opendocument(archive, members)
    if sentence := next((_OTHERS[name] for name in _OTHERS if name in members), None):
        raise UnreadableFile(sentence)
    return "zip"


def is_plain(path: Path) -> bool:
    """Whether the file is an archive that holds other files, and no workbook. Raises UnreadableFile as `kind_of`."""
    with path.open("rb") as file:
        begins_so = file.read(len(SIGNATURE)) == SIGNATURE
    return begins_so and kind_of(path) == "zip"


def only_table(path: Path) -> str:
    """The name of the one table in a plain archive. Raises UnreadableFile where there is none, or more than one."""
    with mended(DAMAGED), ZipFile(path) as archive:
        members = [member for member in archive.infolist() if _is_shown(member)]
    names = [member.filename for member in members if _suffix(member) in TABLES]
    if not names:
        raise UnreadableFile(INSIDE if any(_suffix(member) in _ARCHIVES for member in members) else _NO_TABLE)
    if len(names) > 1:
        some = ", ".join(_place(name).name for name in names[:_NAMED])
        more = " and others" if len(names) > _NAMED else ""
        raise UnreadableFile(f"There are {len(names)} tables in this archive: {some}{more}. Upload them one by one.")
    return names[0]


def unpacked(path: Path, name: str) -> Iterator[bytes]:
    """The bytes of one member, in pieces. Raises UnreadableFile where it is damaged; no more come than it announces."""
    with mended(DAMAGED), ZipFile(path) as archive, archive.open(name) as member:
        while chunk := member.read(_CHUNK_BYTES):
            yield chunk


def holds(path: Path, name: str) -> bool:
    """Whether there is a member of this name. Raises UnreadableFile."""
    with mended(BROKEN), ZipFile(path) as archive:
        return name in archive.namelist()


def occurrences(path: Path, name: str, word: bytes) -> int:
    """How often the bytes stand in a member, by a quick look. Raises UnreadableFile, KeyError."""
    count, end = 0, b""
    with mended(BROKEN), ZipFile(path) as archive, archive.open(name) as member:
        while chunk := member.read(_CHUNK_BYTES):
            count += (end + chunk).count(word)
            end = chunk[1 - len(word) :]
    return count


def _refuse_traps(members: list[ZipInfo], packed_bytes: int) -> None:
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise UnreadableFile(PROTECTED)
    unpacked_bytes = sum(member.file_size for member in members)
    absurd = unpacked_bytes > _RATIO_MATTERS_BYTES and unpacked_bytes > _MAX_RATIO * packed_bytes
    if absurd or unpacked_bytes > _MAX_UNPACKED_BYTES:
        raise UnreadableFile(_BOMB)


def _opendocument(archive: ZipFile, members: dict[str, ZipInfo]) -> Kind:
    """The format announces itself in a member of its own (OpenDocument 1.2, part 3, 3.3)."""
    about = [members[name] for name in (_MIMETYPE, _MANIFEST) if name in members]
    if any(member.file_size > _MAX_ABOUT_BYTES for member in about):
        raise UnreadableFile(_BOMB)
    mimetype = archive.read(_MIMETYPE) if _MIMETYPE in members else _SPREADSHEET
    if not mimetype.startswith(_SPREADSHEET):
        raise UnreadableFile(_NO_SPREADSHEET)
    manifest = archive.read(_MANIFEST) if _MANIFEST in members else b""
    if b"encryption-data" in manifest:
        raise UnreadableFile(PROTECTED)
    return "ods"


def _is_shown(member: ZipInfo) -> bool:
    path = _place(member.filename)
    hidden = any(part.startswith((".", "__MACOSX")) and part not in {".", ".."} for part in path.parts)
    return not member.is_dir() and not hidden


def _suffix(member: ZipInfo) -> str:
    return _place(member.filename).suffix.lower()


def _place(name: str) -> PurePosixPath:
    """Where a member would lie; some programs for Windows part folders in their own way."""
    return PurePosixPath(name.replace("\\", "/"))
