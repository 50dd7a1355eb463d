"""What the cells of a column are, where an operator says so: text, numbers or dates; no cell is guessed by itself."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass

CLEAR = "--"  # a cell that takes the contact's old value away, as in RapidPro's imports
KINDS = {
    "text": "Text",
    "number": "Number (1,234.56)",
    "number_comma": "Number (1.234,56)",
    "date": "Date (day first)",
    "date_month_first": "Date (month first)",
}

_ROOM = 40  # characters of a cell that a reason quotes
_DIGITS = 15  # as many as a spreadsheet keeps, and a JSON number holds on every system
_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?", re.ASCII)
_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)
_LOCAL = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a cell is not what its column is said to hold."""

    sentence: str


Value = str | int | float | Unreadable


def read(kind: str, text: str) -> Value:
    """The value of a filled cell: a date as ISO 8601 text. Raises KeyError for a kind that is none of KINDS."""
    return _READERS[kind](text)


def _number(text: str, example: str = "1234.56") -> Value:
    plain = re.sub(r"[\s']", "", text).replace("\u2212", "-")
    if not _NUMBER.fullmatch(plain):
        return Unreadable(f"“{_short(text)}” is not a number. Write it as {example}, without words or currency.")
    plain = plain.replace(",", "")
    if len(plain.lstrip("+-0.").replace(".", "")) > _DIGITS:
        return Unreadable(f"“{_short(text)}” has more than {_DIGITS} digits. Keep it as text.")
    value = float(plain)
    return int(value) if value.is_integer() else value


def _number_with_comma(text: str) -> Value:
    swapped = text.translate({ord(","): ".", ord("."): ","})
    value = _number(swapped, "1234,56")
    return Unreadable(value.sentence.replace(_short(swapped), _short(text))) if isinstance(value, Unreadable) else value


def _date(text: str) -> Value:
    return _day(text, month_first=False)


def _date_month_first(text: str) -> Value:
    return _day(text, month_first=True)


def _day(text: str, *, month_first: bool) -> Value:
    iso, local = _ISO.fullmatch(text), _LOCAL.fullmatch(text)
    if iso:
        parts = iso[1], iso[2], iso[3]
    elif local:
        parts = (local[4], local[1], local[3]) if month_first else (local[4], local[3], local[1])
    else:
        example = "06/30/2026" if month_first else "30/06/2026"
        return Unreadable(f"“{_short(text)}” is not a date. Write it as 2026-06-30 or {example}.")
    try:
        return dt.date(*map(int, parts)).isoformat()
    except ValueError:
        order = "month first" if month_first else "day first"
        return Unreadable(f"There is no such date as “{_short(text)}”, read with the {order}.")


def _short(text: str) -> str:
    return text if len(text) <= _ROOM else f"{text[: _ROOM - 1]}…"


_READERS: dict[str, Callable[[str], Value]] = {
    "text": str,
    "number": _number,
    "number_comma": _number_with_comma,
    "date": _date,
    "date_month_first": _date_month_first,
}
