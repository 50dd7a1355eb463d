"""Zip archives on the way in: what an archive is, whether it is a trap, and the one table inside a plain one.

Excel's and OpenDocument's files are archives too, so every file that begins like one passes here first.
"""

import zlib
from collections.abc import Iterator
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
_DAMAGED = "The archive (.zip) is damaged. Pack the table anew, or upload the table alone."
_NO_TABLE = "There is no table in this archive (.zip). Put one .csv, .xlsx or .ods file into it, or upload the table."

Kind = Literal["xlsx", "ods", "zip"]


def kind_of(path: Path) -> Kind:
    """What the archive is. Raises UnreadableFile for one that is locked, damaged, a trap, or nothing with a table."""
    try:
        with ZipFile(path) as archive:
            members = {member.filename: member for member in archive.infolist()}
            _refuse_traps(list(members.values()), path.stat().st_size)
            if "xl/workbook.xml" in members:
                return "xlsx"
            if "content.xml" in members:
                return _opendocument(archive, members)
    except (BadZipFile, NotImplementedError, zlib.error, EOFError) as error:
        raise UnreadableFile(BROKEN) from error
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
    with ZipFile(path) as archive:
        names = [member.filename for member in archive.infolist() if _is_table(member)]
    if not names:
        raise UnreadableFile(_NO_TABLE)
    if len(names) > 1:
        some = ", ".join(PurePosixPath(name).name for name in names[:_NAMED])
        more = " and others" if len(names) > _NAMED else ""
        raise UnreadableFile(f"There are {len(names)} tables in this archive: {some}{more}. Upload them one by one.")
    return names[0]


def unpacked(path: Path, name: str) -> Iterator[bytes]:
    """The bytes of one member, in pieces. Raises UnreadableFile where there are more of them than it announces."""
    try:
        with ZipFile(path) as archive, archive.open(name) as member:
            left = archive.getinfo(name).file_size
            while chunk := member.read(_CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    raise UnreadableFile(_BOMB)
                yield chunk
    except (BadZipFile, NotImplementedError, zlib.error, EOFError) as error:
        raise UnreadableFile(
            "The archive (.zip) is damaged. Pack the table anew, or upload the table alone."
        ) from error


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


def _is_table(member: ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not member.is_dir() and not hidden and path.suffix.lower() in TABLES
