"""Reads one field of a translation: what a form's box or an API client gave becomes text, lines, pairs or an object.

Each reader takes both: the text as it was typed, with one item a line, and the JSON that says the same.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

Widget = Literal["line", "text", "lines", "files", "pairs", "choice", "integer", "json"]

DEEPEST = 30
TOO_DEEP = f"The object is nested too deeply; use at most {DEEPEST} levels."
NO_OBJECT = 'Write a JSON object, such as {"city": "@fields.city"}.'


class Unreadable(ValueError):  # noqa: N818
    """The value does not have the field's form; the text is a sentence that says what to write."""


def read(widget: Widget, given: Any) -> Any:
    """The value in the form that its widget promises; an empty one where nothing was given. Raises Unreadable."""
    return READERS[widget](given)


def each_text(value: Any) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from each_text(member)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from each_text(item)


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """The same value with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        return tuple([map_texts(item, change) for item in value])
    if isinstance(value, list):
        return [map_texts(item, change) for item in value]
    if isinstance(value, dict):
        return {name: map_texts(member, change) for name, member in value.items()}
    return value


def _text(given: Any) -> str:
    if given is None:
        return ""
    if isinstance(given, str | int | float):
        return str(given).strip()
    raise Unreadable("Give a text.")


def _lines(given: Any) -> tuple[str, ...]:
    items = given.splitlines() if isinstance(given, str) else given or ()
    if not isinstance(items, list | tuple):
        raise Unreadable("Give one item a line.")
    return tuple(text for text in map(_text, items) if text)


def _pairs(given: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(given, Mapping):
        return tuple((_text(name), _text(value)) for name, value in given.items())
    items = _lines(given) if isinstance(given, str) else given or ()
    if not isinstance(items, list | tuple):
        raise Unreadable("Write one pair a line, as name = value.")
    return tuple(map(_pair, items))


def _pair(given: Any) -> tuple[str, str]:
    if isinstance(given, str):
        name, equals, value = (part.strip() for part in given.partition("="))
        if name and equals:
            return name, value
        raise Unreadable(f"Write each line as name = value; this one is not: {given}")
    if isinstance(given, list | tuple) and len(given) == 2:  # noqa: PLR2004  a name and a value
        return _text(given[0]), _text(given[1])
    raise Unreadable("Write one pair a line, as name = value.")


def _integer(given: Any) -> int | None:
    text = _text(given)
    if not text:
        return None
    if text.isascii() and text.isdecimal() and len(text) <= 18:  # noqa: PLR2004  what 64 bits hold for certain
        return int(text)
    raise Unreadable("Give a whole number.")


def _json(given: Any) -> dict[str, Any]:
    value = _parsed(given) if isinstance(given, str) else given
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable(NO_OBJECT)
    if _is_deep(value):
        raise Unreadable(TOO_DEEP)
    return value


def _is_deep(value: dict[str, Any]) -> bool:
    """Whether it has more levels than functions that call themselves should go down."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        holders = [each for each in level if isinstance(each, dict | list)]
        level = [held for each in holders for held in (each.values() if isinstance(each, dict) else each)]
    return bool(level)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError) as error:
        raise Unreadable(NO_OBJECT) from error


READERS: dict[Widget, Callable[[Any], Any]] = {
    "line": _text,
    "text": _text,
    "choice": _text,
    "lines": _lines,
    "files": _lines,
    "pairs": _pairs,
    "integer": _integer,
    "json": _json,
}
