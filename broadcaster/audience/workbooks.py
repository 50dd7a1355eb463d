"""Reads Excel workbooks (xlsx) for `spreadsheets.py`: row after row; `archives.py` has refused traps before.

The parts of a workbook are named in xl/workbook.xml and its relationships; `worksheets.py` reads the rows. This is our
own since openpyxl holds all shared texts in memory before the first row, keeps something of each row, and takes twice
as long; what a number means as a date comes from it. Source of all names: ECMA-376, part 1, 18.2 (workbook) and 18.8
(styles).
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from broadcaster.audience import archives, markup, worksheets
from broadcaster.audience.archives import BROKEN, PROTECTED
from broadcaster.audience.dialects import UnreadableFile
from broadcaster.audience.shared_texts import SharedTexts
from broadcaster.audience.worksheets import Formats

OLE_SIGNATURE = bytes.fromhex("D0CF11E0A1B11AE1")

_BOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_STYLES, _TEXTS = "xl/styles.xml", "xl/sharedStrings.xml"
_MAX_SHEETS, _MAX_STYLES = 1_000, 100_000  # Excel has 65,490 styles
_MAX_TITLE = 255  # 31 in Excel


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with rows: its title, its part of the archive, and whether a person can see it."""

    title: str
    member: str
    visible: bool


@dataclass(frozen=True, slots=True)
class Book:
    """What a workbook says of its parts."""

    sheets: list[Sheet]
    texts: str
    counts_from_1904: bool


def refuse_ole(path: Path) -> None:
    """Raise for the container that is either a locked .xlsx or an .xls from before 2007."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            raise UnreadableFile(PROTECTED)
    raise UnreadableFile("This is an old Excel file (.xls). Open it in Excel and save it as .xlsx.")


def sheet_names(path: Path) -> list[str]:
    """Return the names of the sheets that a person can see, in their order."""
    return [sheet.title for sheet in _book(path).sheets if sheet.visible]


def expected_rows(path: Path, title: str) -> int:
    """Return about how many rows the sheet has: as many as it says, which need not be true, else those counted."""
    sheet = _sheet(_book(path), title)
    with markup.opened(path, sheet.member) as content:
        declared = worksheets.declared_rows(content)
    return declared or min(archives.occurrences(path, sheet.member, b"</row>"), worksheets.MAX_ROWS)


def records(path: Path, title: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each row that the sheet has, blank ones too."""
    book = _book(path)
    sheet = _sheet(book, title)
    formats = _formats(path, book)
    shared = book.texts if archives.holds(path, book.texts) else None
    with SharedTexts(path, shared) as texts, markup.opened(path, sheet.member) as content:
        yield from worksheets.rows(content, texts, formats)


def _sheet(book: Book, title: str) -> Sheet:
    found = next((sheet for sheet in book.sheets if sheet.title == title), None)
    if found is None:
        raise UnreadableFile(f"The workbook has no sheet “{title[:_MAX_TITLE]}”. Choose another one.")
    return found


def _book(path: Path) -> Book:
    listed, targets = _Sheets(), _Targets()
    for member, reader in ((_BOOK, listed), (_RELATIONS, targets)):
        with markup.opened(path, member) as content:
            markup.read(content, reader)
    sheets = [
        Sheet(title, targets.members[key], visible)
        for title, key, visible in listed.sheets
        if key in targets.members and targets.kinds[key] == "worksheet"
    ]
    texts = next((targets.members[key] for key, kind in targets.kinds.items() if kind == "sharedStrings"), _TEXTS)
    return Book(sheets, texts, listed.counts_from_1904)


def _formats(path: Path, book: Book) -> Formats:
    styles = _Styles()
    if archives.holds(path, _STYLES):
        with markup.opened(path, _STYLES) as content:
            markup.read(content, styles)
    return Formats(
        dates=frozenset(str(place) for place, code in enumerate(styles.codes) if is_date_format(code)),
        durations=frozenset(str(place) for place, code in enumerate(styles.codes) if is_timedelta_format(code)),
        epoch=MAC_EPOCH if book.counts_from_1904 else WINDOWS_EPOCH,
    )


class _Sheets(markup.Reader):
    """Reads the titles of the sheets and the keys of their parts."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str, bool]] = []
        self.counts_from_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        tag = name.rpartition(" ")[2]
        if tag == "workbookPr":
            self.counts_from_1904 = attributes.get("date1904") in {"1", "true"}
        elif tag == "sheet":
            key = next((value for word, value in attributes.items() if word.endswith(" id")), "")
            visible = attributes.get("state", "visible") == "visible"
            self.sheets.append((attributes.get("name", "")[:_MAX_TITLE], key, visible))
        if len(self.sheets) > _MAX_SHEETS:
            raise UnreadableFile(BROKEN)


class _Targets(markup.Reader):
    """Reads which part of the archive each key means, and what it is."""

    def __init__(self) -> None:
        super().__init__()
        self.members: dict[str, str] = {}
        self.kinds: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if name.rpartition(" ")[2] != "Relationship" or attributes.get("TargetMode") == "External":
            return
        key, target = attributes.get("Id", ""), attributes.get("Target", "")
        self.members[key] = target.removeprefix("/") if target.startswith("/") else str(PurePosixPath("xl", target))
        self.kinds[key] = attributes.get("Type", "").rpartition("/")[2]
        if len(self.kinds) > 2 * _MAX_SHEETS:
            raise UnreadableFile(BROKEN)


class _Styles(markup.Reader):
    """Reads the code of the number format of each cell style."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: list[str] = []
        self._own: dict[str, str] = {}
        self._in_cell_styles = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        tag = name.rpartition(" ")[2]
        if tag == "cellXfs":
            self._in_cell_styles = True
        elif tag == "numFmt":
            self._own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")[:_MAX_TITLE]
        elif tag == "xf" and self._in_cell_styles:
            number = attributes.get("numFmtId", "0")
            self.codes.append(self._own.get(number) or _usual_code(number))
        if len(self.codes) + len(self._own) > _MAX_STYLES:
            raise UnreadableFile(BROKEN)

    def end(self, name: str) -> None:
        super().end(name)
        if name.rpartition(" ")[2] == "cellXfs":
            self.done = True


def _usual_code(number: str) -> str:
    small = number.isdecimal() and len(number) <= len(str(max(BUILTIN_FORMATS)))
    return BUILTIN_FORMATS.get(int(number), "General") if small else "General"
