"""Reads OpenDocument spreadsheets (ods) for `spreadsheets.py`, row after row from the stream of their one XML part.

A run of equal cells or rows is written once with its length, also the empty ones to the end of the sheet. Source of all
names: OpenDocument 1.2, part 1, chapters 9 (tables), 6 (text) and 19.385 (value types).
"""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, ParseError
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812

from defusedxml.common import DefusedXmlException, EntitiesForbidden
from defusedxml.ElementTree import iterparse

from broadcaster.audience.archives import BROKEN
from broadcaster.audience.cells import as_text
from broadcaster.audience.dialects import MAX_COLUMNS, UnreadableFile

_NAMES = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}%s"
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

EXPAT_TABLE, EXPAT_NAME = (name[1:].replace("}", " ") for name in (TABLE, NAME))  # as the bare parser writes them

DEEPEST = 100  # elements inside each other; a sheet has about ten
LONGEST_COUNT = 9  # digits; no sheet is so large
_MAX_ROWS = 1_048_576  # as in Excel
_MAX_SPACES = 1_000
_DURATION = re.compile(r"PT(\d{1,9})H(\d{1,9})M(\d{1,9})(?:[.,]\d*)?S")
_DAY_HOURS = 24


def sheet_names(path: Path) -> list[str]:
    """The names of the sheets, in their order; quicker than reading them, since nothing is kept of what is between."""
    names: list[str] = []

    def started(name: str, attributes: dict[str, str]) -> None:
        if name == EXPAT_TABLE:
            names.append(attributes.get(EXPAT_NAME, ""))

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = started
    parser.EntityDeclHandler = _refuse_entity
    with _content(path) as content:
        parser.ParseFile(content)
    return list(dict.fromkeys(names))


def records(path: Path, sheet: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each row of a sheet that is not blank; holds one row in memory."""
    number, found = 0, False
    for name, row in _rows(path):
        if name != sheet:
            if found:
                return
            continue
        found = True
        cells, repeated = list(_cells(row)), _repeated(row, ROWS_REPEATED)
        if any(cells):
            if number + repeated > _MAX_ROWS:
                raise UnreadableFile(BROKEN)
            yield from ((number + place, [*cells]) for place in range(1, repeated + 1))
        number += repeated
    if not found:
        raise UnreadableFile(f"The workbook has no sheet “{sheet}”. Choose another one.")


def _rows(path: Path) -> Iterator[tuple[str, Element]]:
    """Each row with the name of its sheet; what has been read is dropped."""
    above: list[Element] = []
    sheet = ""
    with _content(path) as content:
        for event, element in iterparse(content, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                above.append(element)
                sheet = element.get(NAME, "") if element.tag == TABLE else sheet
                if len(above) > DEEPEST:
                    raise UnreadableFile(BROKEN)
                continue
            above.pop()
            if element.tag == ROW:
                yield sheet, element
                above[-1].remove(element)


@contextmanager
def _content(path: Path) -> Iterator[IO[bytes]]:
    """The one XML part; whatever makes a broken one stumble becomes one sentence."""
    try:
        with ZipFile(path) as archive, archive.open("content.xml") as content:
            yield content
    except (ParseError, expat.ExpatError, DefusedXmlException, BadZipFile, NotImplementedError) as error:
        raise UnreadableFile(BROKEN) from error
    except (ZlibError, EOFError, KeyError) as error:
        raise UnreadableFile(BROKEN) from error


def _refuse_entity(name: str, *_rest: object) -> None:
    raise EntitiesForbidden(name, None, None, None, None, None)


def _cells(row: Element) -> Iterator[str]:
    """The texts of a row's cells, but of those that nobody may have no more than one."""
    left = MAX_COLUMNS + 1
    for cell in row:
        if cell.tag in CELLS and left:
            count = min(_repeated(cell, COLUMNS_REPEATED), left)
            left -= count
            yield from [_text(cell)] * count


def _repeated(element: Element, attribute: str) -> int:
    count = element.get(attribute, "1")
    return int(count) if count.isdecimal() and len(count) < LONGEST_COUNT else 1


def _text(cell: Element) -> str:
    """What a person sees, but of numbers, dates and times their value, however the sheet shows them."""
    try:
        match cell.get(VALUE_TYPE):
            case "float" | "percentage" | "currency":
                return as_text(float(cell.get(VALUE, "")))
            case "date":
                return as_text(dt.datetime.fromisoformat(cell.get(DATE, "")))
            case "time":
                return _time(cell.get(TIME, ""))
            case "boolean":
                return cell.get(TRUTH, "").upper()
            case _:
                return cell.get(STRING) or "\n".join(_words(each) for each in cell if each.tag == PARAGRAPH)
    except ValueError:  # a value that is none is shown as it is written
        return "\n".join(_words(each) for each in cell if each.tag == PARAGRAPH)


def _time(value: str) -> str:
    """PT26H05M09S: a time of the day, or a duration from 24 hours on. Raises ValueError for anything else."""
    match = _DURATION.fullmatch(value)
    if match is None:
        raise ValueError(value)
    hours, minutes, seconds = map(int, match.groups())
    if hours < _DAY_HOURS:
        return as_text(dt.time(hours, minutes, seconds))
    return as_text(dt.timedelta(hours=hours, minutes=minutes, seconds=seconds))


def _words(element: Element) -> str:
    """The text of a paragraph with its spaces and breaks, without the comments that hang on it."""
    words = element.text or ""
    for inner in element:
        if inner.tag == SPACES:
            words += " " * min(_repeated(inner, COUNT), _MAX_SPACES)
        elif inner.tag in {TAB, BREAK}:
            words += "\t" if inner.tag == TAB else "\n"
        elif inner.tag != ANNOTATION:
            words += _words(inner)
        words += inner.tail or ""
    return words
