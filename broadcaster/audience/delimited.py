"""Reads text tables (csv, tsv, txt) for `spreadsheets.py`: which encoding, which separator, and row after row."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from broadcaster.audience.dialects import DELIMITERS, ENCODINGS, Dialect, UnreadableFile, too_long

_CHUNK_BYTES = 1 << 16
_SAMPLE_LINES = 50
_MAX_LINE_CHARACTERS = 1 << 22
_MAX_ROW_CHARACTERS = 1 << 24  # as many as our widest row of our longest cells has
_BOMS = [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")]
# Mac Roman comes last: it gives every byte a meaning, also the five that Windows leaves without one.
_GUESSES = ("utf-8", "cp1252", "mac_roman")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\n?', re.IGNORECASE)
_MARKUP = ("<!doctype", "<html", "<table", "<?xml", "%pdf", "{\\rtf")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_END = "\0"  # cannot stand in a line, so that it marks the end even inside quotation marks

_NOT_A_TABLE = "This is not a table of text. Save the table as .xlsx or .csv and upload that file."


def detect_encoding(path: Path) -> str:
    """Return the codec: the byte order mark's, else UTF-8 if the whole file is, else the Western codec that fits."""
    with path.open("rb") as file:
        head = file.read(_CHUNK_BYTES)
    marked = next((codec for bom, codec in _BOMS if head.startswith(bom)), None) or _unmarked_utf16(head)
    encoding = marked or next(codec for codec in _GUESSES if _decodes(path, codec))
    _refuse_other_formats(head.decode(encoding, errors="replace").removeprefix("\ufeff"))
    if marked and not _decodes(path, marked):
        raise _not_written_in(marked)
    return encoding


def detect_delimiter(path: Path, encoding: str) -> str:
    """Return what `sep=` says, else the separator that splits the header into most fields, and most rows alike."""
    announced = _SEPARATOR_LINE.fullmatch(next(_raw_lines(path, encoding), ""))
    if announced:
        return announced[1]
    sample = list(islice(_lines(path, encoding), _SAMPLE_LINES))
    return max((delimiter for delimiter, _label in DELIMITERS), key=lambda delimiter: _fit(sample, delimiter))


def count_lines(path: Path) -> int:
    """The line ends of the file, in whatever encoding; a row may have several."""
    feeds = returns = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            feeds += chunk.count(b"\n")
            returns += chunk.count(b"\r")
    return max(feeds, returns)


def records(path: Path, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each row, blank ones too; holds one row in memory."""
    _check(dialect)
    number, kept = 0, list[str]()
    try:
        lines = _kept(chain(_lines(path, dialect.encoding), [_END]), kept)
        for number, cells in enumerate(_split(lines, dialect.delimiter), 1):
            if cells and cells[-1].endswith(_END):
                if cells != [_END]:
                    raise _unclosed(number)
                return
            if len(kept) > 1 and not _is_closed(kept, dialect.delimiter):
                raise _swallowed(number)
            kept.clear()
            yield number, cells
    except csv.Error as error:  # a cell beyond the library's limit, which lies beyond ours
        raise (_unclosed(number + 1) if len(kept) > 1 else too_long(number + 1)) from error


def _check(dialect: Dialect) -> None:
    """Raise UnreadableFile for an encoding or a separator that no file has; a form or a script may ask for any."""
    if dialect.encoding not in dict(ENCODINGS):
        raise UnreadableFile(f"The encoding “{dialect.encoding}” is not known. Choose one from the list.")
    if len(dialect.delimiter) != 1 or dialect.delimiter in '"\r\n':
        raise UnreadableFile("The separator must be one character, such as a comma. Choose one from the list.")


def _kept(lines: Iterator[str], kept: list[str]) -> Iterator[str]:
    """The same lines; those of the row that is being read are also in `kept`."""
    room = _MAX_ROW_CHARACTERS
    for line in lines:
        room = (room if kept else _MAX_ROW_CHARACTERS) - len(line)
        if room < 0:
            raise UnreadableFile(_NOT_A_TABLE)
        kept.append(line)
        yield line


def _is_closed(lines: list[str], delimiter: str) -> bool:
    """Whether a row of several lines has its quotation marks only around cells, doubled ones aside."""
    plain = re.sub(rf'" +(?={re.escape(delimiter)}|\n|\Z)', '"', "".join(lines))
    try:
        list(csv.reader(io.StringIO(plain), delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error:
        return False
    return True


def _split(lines: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def _unclosed(number: int) -> UnreadableFile:
    return UnreadableFile(f"Row {number} opens a quotation mark that is never closed. Close or remove it.")


def _swallowed(number: int) -> UnreadableFile:
    return UnreadableFile(
        f"Row {number} has a quotation mark that is closed in the middle of a cell further down, so rows between them "
        "would be lost. Remove the mark, or write it twice."
    )


def _not_written_in(encoding: str) -> UnreadableFile:
    label = dict(ENCODINGS)[encoding]
    return UnreadableFile(f"The file is not written in {label} throughout. Choose another encoding, or save it anew.")


def _fit(lines: list[str], delimiter: str) -> tuple[int, int]:
    """Return how many fields the header has, and how many rows have as many; one field speaks for no separator.

    Under a title (one field, whatever the separator) the rows below decide.
    """
    try:
        widths = [len(cells) for cells in _split(iter(lines), delimiter) if any(cells)]
    except csv.Error:
        return (0, 0)
    if not widths or max(widths) == 1:
        return (0, 0)
    return (widths[0], widths.count(widths[0])) if widths[0] > 1 else (1, sum(width > 1 for width in widths))


def _lines(path: Path, encoding: str) -> Iterator[str]:
    """Yield the lines without a `sep=` line, which spreadsheet programs do not show either."""
    lines = _raw_lines(path, encoding)
    first = next(lines, "")
    return lines if _SEPARATOR_LINE.fullmatch(first) else chain([first], lines)


def _raw_lines(path: Path, encoding: str) -> Iterator[str]:
    # Line ends become \n inside cells too, as they are in workbooks: one audience, whatever it is saved as.
    with path.open(encoding=encoding, newline=None) as file:
        try:
            first = file.readline(_MAX_LINE_CHARACTERS).removeprefix("\ufeff")
            for line in chain([first], iter(lambda: file.readline(_MAX_LINE_CHARACTERS), "")):
                if len(line) >= _MAX_LINE_CHARACTERS or "\0" in line:
                    raise UnreadableFile(_NOT_A_TABLE)
                yield line
        except UnicodeDecodeError as error:
            raise _not_written_in(encoding) from error


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _unmarked_utf16(head: bytes) -> str | None:
    """Tell UTF-16 without a mark by the empty half of its Latin letters and separators."""
    low, high = head[::2].count(0), head[1::2].count(0)
    if max(low, high) * 5 < len(head) // 2 or min(low, high) * 5 > max(low, high):
        return None
    return "utf-16-le" if high > low else "utf-16-be"


def _refuse_other_formats(head: str) -> None:
    if "\0" in head or len(_CONTROLS.findall(head)) > 1 + len(head) // 100:
        raise UnreadableFile(_NOT_A_TABLE)
    if head.lstrip().lower().startswith(_MARKUP):
        raise UnreadableFile(
            "This is a page or a document, not a table, whatever its name says. "
            "Open it in a spreadsheet program and save it as .xlsx."
        )
