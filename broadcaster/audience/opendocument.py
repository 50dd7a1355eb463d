"""Reads OpenDocument spreadsheets (ods) for `spreadsheets.py`, row after row from the stream of their one XML part.

A run of equal cells or rows is written once with its length, also the empty ones to the end of the sheet. Source of all
names: OpenDocument 1.2, part 1, chapters 9 (tables), 6 (text) and 19.385 (value types).
"""

import datetime as dt
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from broadcaster.audience import markup
from broadcaster.audience.archives import BROKEN
from broadcaster.audience.cells import as_text
from broadcaster.audience.dialects import UnreadableFile

_PART = "content.xml"
_NAMES = "urn:oasis:names:tc:opendocument:xmlns:%s:1.0 %s"
TABLE, ROW = _NAMES % ("table", "table"), _NAMES % ("table", "table-row")
CELLS = {_NAMES % ("table", "table-cell"), _NAMES % ("table", "covered-table-cell")}
NAME, COLUMNS_REPEATED = _NAMES % ("table", "name"), _NAMES % ("table", "number-columns-repeated")
ROWS_REPEATED = _NAMES % ("table", "number-rows-repeated")
VALUE_TYPE, VALUE = _NAMES % ("office", "value-type"), _NAMES % ("office", "value")
DATE, TIME = _NAMES % ("office", "date-value"), _NAMES % ("office", "time-value")
TRUTH, STRING = _NAMES % ("office", "boolean-value"), _NAMES % ("office", "string-value")
ANNOTATION, PARAGRAPH = _NAMES % ("office", "annotation"), _NAMES % ("text", "p")
SPACES, TAB, BREAK = (_NAMES % ("text", name) for name in ("s", "tab", "line-break"))
COUNT = _NAMES % ("text", "c")

LONGEST_COUNT = 9  # digits; no sheet is so large
_MAX_ROWS, _MAX_COLUMNS = 1_048_576, 16_384  # as in Excel, and in LibreOffice
_MAX_SPACES = 1_000
_MAX_SHEETS = 1_000
_LONGEST_NAME = 255
_DURATION = re.compile(r"PT(\d{1,9})H(\d{1,9})M(\d{1,9})(?:[.,]\d*)?S")
_DAY_HOURS = 24

# The prefixes are free, but every program writes these; a file with others has sheets all the same.
_TABLE_TAG, _ROW_TAG, _DOCTYPE = re.compile(rb"<table:table\s[^>]*>"), b"<table:table-row", b"<!DOCTYPE"
_NAME_IN_TAG = re.compile(rb"""\stable:name=["']([^"']*)["']""")
_PIECE_BYTES = 1 << 18


class Run(NamedTuple):
    """Equal rows: the number of the first, its cells, and how many there are."""

    number: int
    cells: list[str]
    times: int


def sheet_names(path: Path) -> list[str]:
    """The names of the sheets, in their order."""
    if names := list(_row_marks(path)):
        return names
    reader = _Names()
    with markup.opened(path, _PART) as content:
        markup.read(content, reader)
    return list(reader.names)


def expected_rows(path: Path, sheet: str) -> int:
    """About how many rows the sheet has: a run of equal rows counts once."""
    return min(_row_marks(path).get(sheet, 0), _MAX_ROWS)


def records(path: Path, sheet: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each row of a sheet that is not blank; holds a few rows in memory."""
    reader = _Rows(sheet)
    with markup.opened(path, _PART) as content:
        for _ in markup.feed(content, reader):
            runs, reader.runs = reader.runs, []
            for number, cells, times in runs:
                yield from ((number + place, [*cells]) for place in range(times))
    if not reader.found:
        raise UnreadableFile(f"The workbook has no sheet “{sheet[:_LONGEST_NAME]}”. Choose another one.")


def _row_marks(path: Path) -> dict[str, int]:
    """The sheets and how many rows are written in each, by a look that is ten times as quick as to read them."""
    found: dict[str, int] = {}
    sheet = ""
    with markup.opened(path, _PART) as content:
        for piece in _whole_tags(content):
            if _DOCTYPE in piece:
                raise UnreadableFile(BROKEN)
            place = 0
            for tag in _TABLE_TAG.finditer(piece):
                found[sheet] = found.get(sheet, 0) + piece.count(_ROW_TAG, place, tag.start())
                place, sheet = tag.end(), _name_in(tag[0])
                found.setdefault(sheet, 0)
            found[sheet] = found.get(sheet, 0) + piece.count(_ROW_TAG, place)
            if len(found) > _MAX_SHEETS:
                raise UnreadableFile(BROKEN)
    found.pop("", None)
    return found


def _whole_tags(content: IO[bytes]) -> Iterator[bytes]:
    """The bytes in pieces that end before a tag."""
    rest = b""
    while chunk := content.read(_PIECE_BYTES):
        piece = rest + chunk
        cut = piece.rfind(b"<") if len(piece) <= _PIECE_BYTES * 2 else len(piece)
        yield piece[:cut]
        rest = piece[cut:]
    yield rest


def _name_in(tag: bytes) -> str:
    name = _NAME_IN_TAG.search(tag)
    return html.unescape(name[1].decode()) if name else ""


class _Names(markup.Reader):
    """Reads the names of the sheets, however they are written."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if name == TABLE:
            self.names[attributes.get(NAME, "")] = None
            if len(self.names) > _MAX_SHEETS:
                raise UnreadableFile(BROKEN)


class _Rows(markup.Reader):
    """Gathers the rows of one sheet; a cell's text is in the paragraphs that are its own children."""

    def __init__(self, sheet: str) -> None:
        super().__init__()
        self.found = False
        self.runs: list[Run] = []
        self._sheet, self._here = sheet, False
        self._number = 1  # of the row that comes next
        self._repeated = 1
        self._cells: list[str] = []
        self._blank = 0  # cells since the last that was filled; they count only once another one is
        self._cell: dict[str, str] | None = None
        self._cell_depth = self._hidden_depth = 0
        self._paragraphs = 0
        self._words = markup.Text()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if name == TABLE:
            self._begin_sheet(attributes)
        elif not self._here or self._hidden_depth:
            return
        elif self._cell is not None:
            self._begin_inside(name, attributes)
        elif name == ROW:
            self._repeated, self._cells, self._blank = _repeated(attributes, ROWS_REPEATED), [], 0
        elif name in CELLS:
            self._cell, self._cell_depth, self._paragraphs = attributes, self.depth, 0

    def end(self, name: str) -> None:
        depth = self.depth
        super().end(name)
        if not self._here:
            return
        if self._cell is not None:
            if depth == self._hidden_depth:
                self._hidden_depth = 0
            elif depth == self._cell_depth:
                self._end_cell(self._cell)
        elif name == ROW:
            self._end_row()

    def text(self, words: str) -> None:
        if self._paragraphs and self.depth > self._cell_depth and not self._hidden_depth and self._cell is not None:
            self._words.add(words)

    def _begin_sheet(self, attributes: dict[str, str]) -> None:
        if self._cell is None:  # else it is a table inside a cell
            self.done = self.found
            self._here = not self.found and attributes.get(NAME, "") == self._sheet
            self.found = self.found or self._here

    def _begin_inside(self, name: str, attributes: dict[str, str]) -> None:
        """A paragraph, or what stands in one; what is beside paragraphs, such as a comment, is not the cell's text."""
        own_child = self.depth == self._cell_depth + 1
        if name == PARAGRAPH and own_child:
            self._words.add("\n" if self._paragraphs else "")
            self._paragraphs += 1
        elif own_child or name == ANNOTATION:
            self._hidden_depth = self.depth
        elif name == SPACES:
            self._words.add(" " * min(_repeated(attributes, COUNT), _MAX_SPACES))
        elif name in {TAB, BREAK}:
            self._words.add("\t" if name == TAB else "\n")

    def _end_cell(self, attributes: dict[str, str]) -> None:
        text = _shown(attributes, self._words.taken())
        self._cell = None
        count = _repeated(attributes, COLUMNS_REPEATED)
        if not text:
            self._blank += count
            return
        place = min(len(self._cells) + self._blank, _MAX_COLUMNS - 1)  # more columns are too many anyhow
        self._cells += [""] * (place - len(self._cells))
        self._cells += [text] * min(count, _MAX_COLUMNS - len(self._cells))
        self._blank = 0

    def _end_row(self) -> None:
        if self._cells:
            if self._number + self._repeated - 1 > _MAX_ROWS:
                raise UnreadableFile(BROKEN)
            self.runs.append(Run(self._number, self._cells, self._repeated))
        self._number += self._repeated
        self._cells, self._repeated = [], 1


def _repeated(attributes: dict[str, str], name: str) -> int:
    count = attributes.get(name, "1")
    return int(count) if count.isdecimal() and len(count) < LONGEST_COUNT else 1


def _shown(attributes: dict[str, str], words: str) -> str:
    """What a person sees, but of numbers, dates and times their value, however the sheet shows them."""
    try:
        match attributes.get(VALUE_TYPE):
            case "float" | "percentage" | "currency":
                return as_text(float(attributes.get(VALUE, "")))
            case "date":
                return as_text(dt.datetime.fromisoformat(attributes.get(DATE, "")))
            case "time":
                return _time(attributes.get(TIME, ""))
            case "boolean":
                return attributes.get(TRUTH, "").upper()
            case _:
                return attributes.get(STRING) or words
    except ValueError:  # a value that is none is shown as it is written
        return words


def _time(value: str) -> str:
    """PT26H05M09S: a time of the day, or a duration from 24 hours on. Raises ValueError for anything else."""
    match = _DURATION.fullmatch(value)
    if match is None:
        raise ValueError(value)
    hours, minutes, seconds = map(int, match.groups())
    if hours < _DAY_HOURS:
        return as_text(dt.time(hours, minutes, seconds))
    return as_text(dt.timedelta(hours=hours, minutes=minutes, seconds=seconds))
