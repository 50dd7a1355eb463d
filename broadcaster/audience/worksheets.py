"""The rows of one sheet of an Excel workbook, for `workbooks.py`: its XML as a stream -> the texts of its cells.

Source of all names: ECMA-376, part 1, 18.3.1 (sheet data) and 18.18.11 (types of cells).
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO

from openpyxl.utils.datetime import WINDOWS_EPOCH, from_excel, from_ISO8601

from broadcaster.audience import markup
from broadcaster.audience.archives import BROKEN
from broadcaster.audience.cells import as_text
from broadcaster.audience.dialects import UnreadableFile
from broadcaster.audience.shared_texts import SharedTexts, unescaped

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384  # Excel's own limits; only a forged file says more
_MAX_DIGITS = 15  # that a spreadsheet keeps of a number
_LETTERS_OF_A_COLUMN = re.compile(r"[A-Z]{1,3}")
_LETTERS = 26


@dataclass(frozen=True, slots=True)
class Formats:
    """How a workbook shows numbers: the cell styles of dates, those of them that are durations, and the first day."""

    dates: frozenset[str] = frozenset()
    durations: frozenset[str] = frozenset()
    epoch: dt.datetime = WINDOWS_EPOCH


@dataclass(slots=True)
class _Cell:
    """The cell that is being read."""

    kind: str = "n"
    style: str = "0"
    value: markup.Text = field(default_factory=markup.Text)


def rows(content: IO[bytes], texts: SharedTexts, formats: Formats) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each row that the sheet has; holds a few in memory. Raises UnreadableFile."""
    reader = _Rows(texts, formats)
    for _ in markup.feed(content, reader):
        found, reader.rows = reader.rows, []
        yield from found


def declared_rows(content: IO[bytes]) -> int:
    """How many rows the sheet says it has, which need not be true; 0 where it does not say. Raises UnreadableFile."""
    reader = _Dimension()
    markup.read(content, reader)
    return min(reader.rows, MAX_ROWS)


class _Dimension(markup.Reader):
    """Reads no further than to where the rows begin."""

    rows = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        tag = name.rpartition(" ")[2]
        self.done = self.done or tag == "sheetData"
        if tag == "dimension":
            _first, _colon, last = attributes.get("ref", "").partition(":")
            number = last.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ$")
            self.rows = int(number) if number.isdecimal() and len(number) <= len(str(MAX_ROWS)) else 0


class _Rows(markup.Reader):
    """Gathers rows; a cell's text is in <v>, or in each <t> of its <is>."""

    def __init__(self, texts: SharedTexts, formats: Formats) -> None:
        super().__init__()
        self.rows: list[tuple[int, list[str]]] = []
        self._texts, self._formats = texts, formats
        self._number = self._column = 0
        self._values: list[str] = []
        self._cell = _Cell()
        self._in_text = self._in_phonetics = False
        self._columns = _Columns()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        tag = name.rpartition(" ")[2]
        if tag == "c":
            self._begin_cell(attributes)
        elif tag == "row":
            self._begin_row(attributes.get("r"))
        elif tag == "rPh":
            self._in_phonetics = True
        self._in_text = tag == "v" or (tag == "t" and not self._in_phonetics)

    def end(self, name: str) -> None:
        super().end(name)
        self._in_text = False
        tag = name.rpartition(" ")[2]
        if tag == "c":
            self._end_cell()
        elif tag == "row":
            self.rows.append((self._number, self._values))
            self._values = []
        elif tag == "rPh":
            self._in_phonetics = False
        elif tag == "sheetData":
            self.done = True

    def text(self, words: str) -> None:
        if self._in_text:
            self._cell.value.add(words)

    def _begin_row(self, given: str | None) -> None:
        """Rows may be left out, but never come back: they are counted on by their numbers."""
        number = int(given) if given and given.isdecimal() and len(given) <= len(str(MAX_ROWS)) else 0
        self._number = max(number, self._number + 1)
        if self._number > MAX_ROWS or (given and not number):
            raise UnreadableFile(BROKEN)
        self._column = 0
        self._values = []

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        place = attributes.get("r")
        self._column = self._columns[place.rstrip("0123456789")] if place else self._column + 1
        if self._column > MAX_COLUMNS:
            raise UnreadableFile(BROKEN)
        self._cell.kind, self._cell.style = attributes.get("t", "n"), attributes.get("s", "0")
        self._cell.value.taken()

    def _end_cell(self) -> None:
        raw = self._cell.value.taken()
        text = self._shown(raw) if raw else ""
        if not text:
            return
        missing = self._column - len(self._values)
        if missing > 0:
            self._values.extend([""] * missing)
        self._values[self._column - 1] = text

    def _shown(self, raw: str) -> str:
        """The cell as text, by its type."""
        match self._cell.kind:
            case "n":
                return self._number_shown(raw)
            case "s":
                return self._texts[int(raw) if raw.isdecimal() else -1]
            case "b":
                return as_text(raw.strip() not in {"0", "false"})
            case "d":
                return _read_or_raw(raw, from_ISO8601)
            case _:  # str (of a formula), inlineStr, e (an error's word)
                return unescaped(raw)

    def _number_shown(self, raw: str) -> str:
        style = self._cell.style
        if style in self._formats.dates:
            epoch, lasts = self._formats.epoch, style in self._formats.durations
            return _read_or_raw(raw, lambda value: from_excel(float(value), epoch, timedelta=lasts))
        if raw.isdecimal() and len(raw) <= _MAX_DIGITS:
            return raw
        return _read_or_raw(raw, _number)


class _Columns(dict[str, int]):
    """The letters of a column -> its place, from 1; each is worked out once."""

    def __missing__(self, letters: str) -> int:
        if not _LETTERS_OF_A_COLUMN.fullmatch(letters):
            raise UnreadableFile(BROKEN)
        place = 0
        for letter in letters:
            place = place * _LETTERS + ord(letter) - ord("A") + 1
        self[letters] = place
        return place


def _number(raw: str) -> float:
    return int(raw) if raw.lstrip("-").isdecimal() else float(raw)


def _read_or_raw(raw: str, convert: Callable[[str], object]) -> str:
    """The value as text; one that is none is shown as it is written."""
    try:
        return as_text(convert(raw))
    except (ValueError, OverflowError, TypeError):
        return raw
