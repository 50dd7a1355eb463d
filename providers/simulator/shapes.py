r"""Rules for JSON bodies, written down as each seed document states them: the doors refuse what no rule allows.

A rule is called with a value and its path, and raises `ShapeError` at the first breach. Rules are made of rules:

    RECIPIENT = fields({"phone": pattern(r"\+[1-9]\d{6,14}")}, {"name": text})
    RECIPIENT({"phone": "12"}, "to")     raises ShapeError: wrong at "to.phone"
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum

Rule = Callable[[object, str], None]


class Breach(StrEnum):
    """In which way a value breaks its rule."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    WRONG = "wrong"


class ShapeError(ValueError):
    """A body that its document does not allow: which breach, and at which path."""

    def __init__(self, breach: Breach, path: str) -> None:
        super().__init__(f"{breach} at {path}")
        self.breach = breach
        self.path = path


def fields(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None, *, closed: bool = True) -> Rule:
    """An object with these fields; `closed` says that its document lists all of them, so any other is refused."""
    known = {**required, **(optional or {})}

    def rule(value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise ShapeError(Breach.WRONG, path)
        for name in required:
            if name not in value:
                raise ShapeError(Breach.MISSING, f"{path}.{name}")
        for name, item in value.items():
            if name in known:
                known[name](item, f"{path}.{name}")
            elif closed:
                raise ShapeError(Breach.UNKNOWN, f"{path}.{name}")

    return rule


def array(item_rule: Rule, *, least: int = 0, most: int | None = None) -> Rule:
    """A list of at least `least` and at most `most` items that all follow one rule."""

    def rule(value: object, path: str) -> None:
        if not isinstance(value, list) or len(value) < least or (most is not None and len(value) > most):
            raise ShapeError(Breach.WRONG, path)
        for index, item in enumerate(value):
            item_rule(item, f"{path}[{index}]")

    return rule


def satisfies(test: Callable[[object], bool]) -> Rule:
    """Any value that passes `test`."""

    def rule(value: object, path: str) -> None:
        if not test(value):
            raise ShapeError(Breach.WRONG, path)

    return rule


def one_of(*words: str) -> Rule:
    """Exactly one of these strings."""
    return satisfies(lambda value: isinstance(value, str) and value in words)


def pattern(expression: str) -> Rule:
    """A string that matches the whole expression."""
    match = re.compile(expression, re.ASCII).fullmatch
    return satisfies(lambda value: isinstance(value, str) and match(value) is not None)


def at_most(size: int) -> Rule:
    """A string of at most so many bytes of UTF-8."""
    return satisfies(lambda value: isinstance(value, str) and len(value.encode()) <= size)


string = satisfies(lambda value: isinstance(value, str))
text = satisfies(lambda value: isinstance(value, str) and value.strip() != "")
# bool is an int to Python, not to JSON.
integer = satisfies(lambda value: isinstance(value, int) and not isinstance(value, bool))
number = satisfies(lambda value: isinstance(value, (int, float)) and not isinstance(value, bool))
mapping = satisfies(lambda value: isinstance(value, dict))
anything: Rule = satisfies(lambda _value: True)
