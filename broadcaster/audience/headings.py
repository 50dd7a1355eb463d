"""Whether the first row of a table names its columns, for `spreadsheets.py`; the operator sees the answer and mends it.

A name is a word. So a row is data where it holds a phone number, or where a cell is of the same make as all those below
it (an e-mail address, CUST-00012, 20250131) and no other cell stands like a word above numbers.
"""

import re
from collections.abc import Sequence
from itertools import groupby

from broadcaster.audience import phones

_PHONE_DIGITS = 9  # with fewer it may be a year or a date
_SPOILT_DIGITS = 3  # 6.28E+12
_TELLING_DIGITS = 5  # with fewer it may be "Address 2" or "2024"
_OTHERS = 2  # cells below that must be alike
_NO_NUMBERS = {"empty", "not_a_number"}
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def are_names(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether the cells of the first row name the columns of the rows below."""
    if any(map(_is_phone, first)):
        return False
    columns = [
        (cell, [row[place] for row in below if place < len(row) and row[place]]) for place, cell in enumerate(first)
    ]
    return any(_names(*column) for column in columns) or not any(_continues(*column) for column in columns)


def _is_phone(cell: str) -> bool:
    """Whether the cell holds a phone number, be it with or without its country, or one that cannot be used."""
    digits = sum(map(str.isdecimal, cell))
    if digits < _SPOILT_DIGITS:
        return False
    number = phones.normalise(cell, None)
    if not isinstance(number, phones.Refusal) or number.code == "spoilt_by_spreadsheet":
        return True
    return digits >= _PHONE_DIGITS and number.code not in _NO_NUMBERS


def _names(cell: str, below: Sequence[str]) -> bool:
    """A word above cells that are none: a name for certain."""
    return bool(cell) and not _make(cell) and len(below) >= _OTHERS and all(map(_make, below))


def _continues(cell: str, below: Sequence[str]) -> bool:
    """A cell of the same make as all those below: no name for certain."""
    make = _make(cell)
    return bool(make) and len(below) >= _OTHERS and all(_make(other) == make for other in below)


def _make(cell: str) -> str:
    """What tells a value from a word, such as "A-9" for CUST-00012 and "99999999" for 20250131; empty for words."""
    if _ADDRESS.fullmatch(cell):
        return "@"
    if sum(map(str.isdecimal, cell)) < _TELLING_DIGITS:
        return ""
    signs = ["9" if sign.isdecimal() else "A" if sign.isalpha() else sign for sign in cell]
    return "".join(sign for sign, _run in groupby(signs)) if "A" in signs else "".join(signs)
