"""What a spreadsheet holds in a cell -> the text that a person sees there."""

import datetime as dt
from collections.abc import Callable
from typing import Any

_MAX_EXACT = 1e15  # a spreadsheet keeps fifteen digits


def as_text(value: object) -> str:
    """A cell's value as text: ISO 8601 for times, whole numbers without .0, nothing for an empty cell."""
    return _AS_TEXT.get(type(value), str)(value)


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
