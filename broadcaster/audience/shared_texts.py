"""The texts that the cells of an Excel workbook share, for `worksheets.py`: on disk, so that memory stays small.

They are read no further than a cell has asked for, since a preview needs only the first ones. Source of all names:
ECMA-376, part 1, 18.4 (shared strings) and 22.9.2.19 (how a text writes what XML cannot hold).
"""

import re
from array import array
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import TYPE_CHECKING, Self

from broadcaster.audience import markup
from broadcaster.audience.archives import BROKEN
from broadcaster.audience.dialects import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TEXTS = 10_000_000  # forty megabytes of places; a full sheet of six columns has six million at most
_PAGE_BYTES = 1 << 19
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SURROGATES = range(0xD800, 0xE000)
_TOO_MANY = "The workbook holds too many different texts. Save the sheet as .csv and upload that file."


class SharedTexts:
    """A sequence of texts; a context manager, as it holds the workbook and a temporary file open."""

    def __init__(self, path: Path, member: str | None) -> None:
        self._reader = _Reader()
        self._kept = ExitStack()
        self._pieces: Iterator[None] = iter(())
        if member:
            content = self._kept.enter_context(markup.opened(path, member))
            self._pieces = markup.feed(content, self._reader)
        self._file = self._kept.enter_context(TemporaryFile(buffering=0))  # noqa: SIM115  closed with the rest
        self._ends = array("I", [0])
        self._written = 0  # bytes on disk; the page that begins there is still in memory
        self._page = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._kept.__exit__(kind, error, traceback)

    def __getitem__(self, index: int) -> str:
        """The text of this index. Raises UnreadableFile for one that is not there."""
        while index >= len(self._ends) - 1 and self._read_on():
            pass
        if not 0 <= index < len(self._ends) - 1:
            raise UnreadableFile(BROKEN)
        start, end = self._ends[index], self._ends[index + 1]
        if start >= self._written:
            return self._page[start - self._written : end - self._written].decode()
        self._file.seek(start)
        return self._file.read(end - start).decode()

    def _read_on(self) -> bool:
        """Keep some more texts; whether there were any to look at."""
        if next(self._pieces, self) is self:
            return False
        for text in self._reader.taken():
            self._page += text.encode()
            self._ends.append(self._written + len(self._page))
        if len(self._ends) > MAX_TEXTS:
            raise UnreadableFile(_TOO_MANY)
        if len(self._page) > _PAGE_BYTES:
            self._file.seek(self._written)
            self._written += self._file.write(self._page)
            self._page.clear()
        return True


class _Reader(markup.Reader):
    """Gathers the texts of <si>: those of its <t>, but not of <rPh>, which says how a text is pronounced."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: list[str] = []
        self._cell = markup.Text()
        self._in_text = self._in_phonetics = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        tag = name.rpartition(" ")[2]
        self._in_text = tag == "t" and not self._in_phonetics
        if tag == "rPh":
            self._in_phonetics = True

    def end(self, name: str) -> None:
        super().end(name)
        self._in_text = False
        tag = name.rpartition(" ")[2]
        if tag == "rPh":
            self._in_phonetics = False
        elif tag == "si":
            self._texts.append(unescaped(self._cell.taken()))

    def text(self, words: str) -> None:
        if self._in_text:
            self._cell.add(words)

    def taken(self) -> list[str]:
        """What was gathered since the last time."""
        texts, self._texts = self._texts, []
        return texts


def unescaped(text: str) -> str:
    """The text with its _x000D_ and the like as the characters they stand for, and one sort of line end."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(_character, text).replace("\r\n", "\n").replace("\r", "\n")


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    character = chr(code)
    return found[0] if code in _SURROGATES or not (character.isprintable() or character in "\t\r\n") else character
