"""The XML inside workbooks, read as a stream for `worksheets.py` and `opendocument.py`: nothing of it is kept.

What only a forged file holds (entities, endless marks, depths, names without number) becomes one sentence.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from xml.parsers import expat
from zipfile import ZipFile

from broadcaster.audience.archives import BROKEN, mended
from broadcaster.audience.dialects import MAX_CELL_CHARACTERS, UnreadableFile

_CHUNK_BYTES = 1 << 16
_MAX_MARK_BYTES = 1 << 20  # of one tag or comment
_MAX_NAMES = 10_000  # a workbook has about a hundred
DEEPEST = 100  # elements inside each other; a sheet has about ten


class Reader:
    """What takes the elements of a part; a name is its namespace, a space, and the local name."""

    def __init__(self) -> None:
        self.depth = 0
        self.done = False  # the rest of the part is of no interest

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins; whoever takes more than this must count too. Raises UnreadableFile."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise UnreadableFile(BROKEN)

    def end(self, name: str) -> None:
        """An element ends."""
        self.depth -= 1

    def text(self, words: str) -> None:
        """A piece of text, never a whole one for certain."""


class Text:
    """One cell's text, put together from its pieces; of one that is too long, just so much that this shows."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.room = MAX_CELL_CHARACTERS + 1

    def add(self, piece: str) -> None:
        """The next piece."""
        if self.room > 0:
            self.pieces.append(piece[: self.room])
            self.room -= len(piece)

    def taken(self) -> str:
        """The whole, after which the next text begins."""
        whole = "".join(self.pieces)
        self.pieces, self.room = [], MAX_CELL_CHARACTERS + 1
        return whole


@contextmanager
def opened(path: Path, member: str) -> Iterator[IO[bytes]]:
    """One part of a workbook. Raises UnreadableFile where it is damaged or not there."""
    with mended(BROKEN, KeyError), ZipFile(path) as archive, archive.open(member) as content:
        yield content


def feed(content: IO[bytes], reader: Reader) -> Iterator[None]:
    """Read piece after piece; after each the caller takes what the reader has gathered. Raises UnreadableFile."""
    names: dict[str, str] = {}
    parser = _parser(reader, names)
    fed = 0
    try:
        while not reader.done and (chunk := content.read(_CHUNK_BYTES)):
            parser.Parse(chunk)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > _MAX_MARK_BYTES or len(names) > _MAX_NAMES:
                raise UnreadableFile(BROKEN)
            yield
        if not reader.done:
            parser.Parse(b"", True)
            yield
    except expat.ExpatError as error:
        raise UnreadableFile(BROKEN) from error


def read(content: IO[bytes], reader: Reader) -> None:
    """Read to the end, or until the reader has what it needs. Raises UnreadableFile."""
    for _ in feed(content, reader):
        pass


def _parser(reader: Reader, names: dict[str, str]) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ", intern=names)
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _refuse(*_about: object) -> None:
    raise UnreadableFile(BROKEN)
