"""What a spreadsheet holds in a cell -> the text that a person sees there; and text -> a cell that does nothing."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

# OWASP, "CSV Injection": what a spreadsheet program takes for the start of a formula. With apostrophes before it, since
# a text that looks as if it was made inert must get one more, or nobody could tell the two apart. And with control
# characters, which a program may leave out before it looks for a formula.
_FORMULA = re.compile(r"['\x00-\x1f]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_PHONE = re.compile(r"\+[0-9]{3,15}")
_MAX_EXACT = 1e15  # a spreadsheet keeps fifteen digits


def as_text(value: object) -> str:
    """A cell's value as text: ISO 8601 for times, whole numbers without .0, nothing for an empty cell."""
    return _AS_TEXT.get(type(value), str)(value)


def inert(text: str) -> str:
    """The text with an apostrophe before what would be a formula; a phone number stays as it is."""
    return f"'{text}" if _FORMULA.match(text) and not _PHONE.fullmatch(text) else text


def bare(text: str) -> str:
    """The text that `inert` was given, so that what went out comes in as it was."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _number(value: float) -> str:
    """Return whole numbers without .0, others with the fifteen digits that a spreadsheet shows."""
    return str(int(value)) if value.is_integer() and abs(value) < _MAX_EXACT else format(value, ".15g")


def _moment(value: dt.datetime) -> str:
    """Return ISO 8601; a spreadsheet's date is a moment at midnight."""
    midnight = value.time() == dt.time()
    return value.date().isoformat() if midnight else value.isoformat(timespec="seconds")


def _duration(value: dt.timedelta) -> str:
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


_AS_TEXT: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "",
    bool: lambda value: str(value).upper(),
    float: _number,
    dt.datetime: _moment,
    dt.date: dt.date.isoformat,
    dt.time: dt.time.isoformat,
    dt.timedelta: _duration,
}
