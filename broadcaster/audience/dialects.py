"""What an audience file is made of and where its limits are: the words that the readers beside this module share."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from broadcaster.errors import Explained

MAX_COLUMNS = 500
MAX_CELL_CHARACTERS = 32_767  # as in Excel

ENCODINGS = [
    ("utf-8", "Unicode (UTF-8)"),
    ("utf-16-le", "Unicode (UTF-16, as Excel's Unicode text)"),
    ("utf-16-be", "Unicode (UTF-16, big-endian)"),
    ("cp1252", "Western European (Windows)"),
    ("mac_roman", "Western European (Mac)"),
    ("cp1250", "Central European (Windows)"),
    ("cp1257", "Baltic (Windows)"),
    ("cp1251", "Cyrillic (Windows)"),
    ("koi8_r", "Cyrillic (KOI8-R)"),
    ("cp1253", "Greek (Windows)"),
    ("cp1254", "Turkish (Windows)"),
    ("cp1255", "Hebrew (Windows)"),
    ("cp1256", "Arabic (Windows)"),
    ("cp874", "Thai (Windows)"),
    ("cp1258", "Vietnamese (Windows)"),
    ("gb18030", "Chinese, simplified (GB 18030)"),
    ("cp950", "Chinese, traditional (Big5)"),
    ("cp932", "Japanese (Shift JIS)"),
    ("cp949", "Korean (Windows)"),
]
DELIMITERS = [(",", "Comma ,"), (";", "Semicolon ;"), ("\t", "Tab"), ("|", "Vertical bar |")]


class UnreadableFile(Explained, ValueError):  # noqa: N818  named in the operator's words
    """The file, or a part of it, cannot be read; `sentence` tells an operator why and what to do."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is to be read; `asdict` and `Dialect(**values)` take it through JSON and a form."""

    format: Literal["csv", "xlsx", "ods"]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header_row: bool = True


class Row(NamedTuple):
    """The cells of one row; `number` is the one that a spreadsheet program shows beside it."""

    number: int
    values: list[str]


def tidy(number: int, cells: Iterable[str]) -> Row | None:
    """Return the row without spaces around values and empty cells at the end, None for a blank one.

    Raises UnreadableFile where the row is beyond the limits.
    """
    values = list(map(str.strip, cells))
    while values and not values[-1]:
        values.pop()
    if not values:
        return None
    if len(values) > MAX_COLUMNS:
        raise UnreadableFile(
            f"Row {number} has {len(values):,} columns, but at most {MAX_COLUMNS} can be read. "
            "Remove the columns that are not needed, or choose another separator."
        )
    if max(map(len, values)) > MAX_CELL_CHARACTERS:
        raise too_long(number)
    return Row(number, values)


def too_long(number: int) -> UnreadableFile:
    """Say that a cell of this row is beyond the limit."""
    return UnreadableFile(
        f"Row {number} has a cell of more than {MAX_CELL_CHARACTERS:,} characters. Shorten it; "
        "if it swallowed the rows below, look for a quotation mark that is never closed."
    )
