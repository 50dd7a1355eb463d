"""Who a smart group is for: the rule as it stands in `Group.rule`, read strictly into what SQL and words are made of.

    {"match": "all", "conditions": [
        {"of": "field", "key": "city", "is": "equals", "value": "Bandung"},
        {"of": "field", "key": "age", "is": "between", "value": 18, "until": 30},
        {"of": "language", "value": "ind", "not": true},
        {"of": "group", "group": 7},
        {"of": "message", "what": "read", "within_days": 30},
        {"of": "created", "is": "before", "value": "2026-06-30"},
        {"match": "any", "conditions": [...]}]}

What a condition compares with says which type a value must have: text with text, a JSON number with a number, ISO text
with a date. A value of another type does not match, so the negated condition does. Rules have no time of their own.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from broadcaster.errors import Explained

MOST_CONDITIONS = 30  # in all blocks together
LONGEST_TEXT = 128
LONGEST_DAYS = 3650
LARGEST_NUMBER = 10**15  # as many digits as a column of numbers may hold
FIRST_DATE, LAST_DATE = dt.date(1900, 1, 1), dt.date(2199, 12, 31)

TEXT_TESTS = ("equals", "contains", "starts_with")
NUMBER_TESTS = ("=", "<", ">", "between")
DATE_TESTS = ("before", "after", "within_days")
IS_SET = "is_set"
FIELD_TESTS = (*TEXT_TESTS, *NUMBER_TESTS, *DATE_TESTS, IS_SET)
EVENTS = ("sent", "delivered", "read", "failed")

_KEY = re.compile(r"\w{1,36}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{3}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

Value = str | int | float | dt.date | None


class Unusable(Explained, ValueError):  # noqa: N818
    """It is no rule; `sentence` says what to do, `place` is the way to the condition: (2,), or (0, 3) in a block."""

    def __init__(self, sentence: str, place: tuple[int, ...] = ()) -> None:
        super().__init__(sentence)
        self.place = place


@dataclass(frozen=True, slots=True)
class FieldIs:
    """What a contact's own field holds; `until` is the upper end of "between"."""

    key: str
    test: str
    value: Value = None
    until: Value = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Speaks:
    """The contact's language, ISO 639-3; empty: nobody knows it."""

    language: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class InGroup:
    """Whether somebody is in a group, a smart one or not."""

    group: int
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Messaged:
    """What became of a message to the contact, in the last days or, without them, ever."""

    what: str
    within_days: int | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Created:
    """When the contact came to be: one of DATE_TESTS, and a date or a number of days."""

    test: str
    value: dt.date | int
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """All of the conditions, or any of them; a rule within a rule is a block, and has none within it."""

    match: str
    conditions: "tuple[Condition, ...]"
    negated: bool = False


Condition = FieldIs | Speaks | InGroup | Messaged | Created | Rule


def parse(value: object) -> Rule:
    """Read a rule from JSON. Raises Unusable."""
    rule = _rule(value, (), set())
    if sum(1 for _ in leaves(rule)) > MOST_CONDITIONS:
        raise Unusable(f"A rule has at most {MOST_CONDITIONS} conditions. Take some out.")
    return rule


def parse_condition(value: object) -> Condition:
    """Read one condition that is no block. Raises Unusable."""
    given = _members(value)
    kind = given.get("of")
    if not isinstance(kind, str) or kind not in _READERS:
        raise Unusable("Choose what the condition looks at.")
    read, allowed = _READERS[kind]
    _check_members(given, {"of", "not", *allowed})
    condition: Condition = replace(read(given), negated=_flag(given))
    return condition


def leaves(rule: Rule) -> Iterator[FieldIs | Speaks | InGroup | Messaged | Created]:
    """The conditions of a rule and of its blocks."""
    for condition in rule.conditions:
        if isinstance(condition, Rule):
            yield from leaves(condition)
        else:
            yield condition


def _rule(value: object, place: tuple[int, ...], extra: Collection[str]) -> Rule:
    given = _members(value)
    _check_members(given, {"match", "conditions", *extra})
    match, conditions = given.get("match"), given.get("conditions")
    if match not in ("all", "any"):
        raise Unusable("Choose whether all conditions must fit, or any of them.", place)
    if not isinstance(conditions, list) or not conditions:
        raise Unusable("Add at least one condition.", place)
    if len(conditions) > MOST_CONDITIONS:
        raise Unusable(f"A rule has at most {MOST_CONDITIONS} conditions. Take some out.", place)
    negated = _flag(given)
    return Rule(match, tuple(_placed(each, (*place, at)) for at, each in enumerate(conditions)), negated)


def _placed(value: object, place: tuple[int, ...]) -> Condition:
    try:
        is_block = isinstance(value, dict) and "conditions" in value
        return _block(value, place) if is_block else parse_condition(value)
    except Unusable as error:
        raise Unusable(error.sentence, error.place or place) from error


def _block(value: object, place: tuple[int, ...]) -> Rule:
    if len(place) > 1:
        raise Unusable("A block holds conditions, but no further block.")
    return _rule(value, place, {"not"})


def _field(given: Mapping[str, Any]) -> FieldIs:
    key, test = given.get("key"), given.get("is")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise Unusable("Choose a field.")
    if not isinstance(test, str) or test not in FIELD_TESTS:
        raise Unusable("Choose how the field is compared.")
    if (test == "between") != ("until" in given) or (test == IS_SET) == ("value" in given):
        raise Unusable("Say what the field is compared with.")
    if test == IS_SET:
        return FieldIs(key, test)
    value = _COMPARED_WITH[test](given["value"])
    return FieldIs(key, test, value, _upper_end(given["until"], value) if test == "between" else None)


def _upper_end(value: object, lower: float) -> int | float:
    until = _number(value)
    if until < lower:
        raise Unusable("The second number is smaller than the first. Swap them.")
    return until


def _language(given: Mapping[str, Any]) -> Speaks:
    code = given.get("value")
    if not isinstance(code, str) or (code and not _LANGUAGE.fullmatch(code)):
        raise Unusable("Write the language as three small letters, such as ind or eng.")
    return Speaks(code)


def _group(given: Mapping[str, Any]) -> InGroup:
    group = given.get("group")
    if type(group) is not int or not 0 < group < 2**63:
        raise Unusable("Choose a group.")
    return InGroup(group)


def _message(given: Mapping[str, Any]) -> Messaged:
    what = given.get("what")
    if not isinstance(what, str) or what not in EVENTS:
        raise Unusable("Choose what became of the message.")
    return Messaged(what, _days(given["within_days"]) if "within_days" in given else None)


def _created(given: Mapping[str, Any]) -> Created:
    test = given.get("is")
    if not isinstance(test, str) or test not in DATE_TESTS:
        raise Unusable("Choose whether it was before or after a date, or in the last days.")
    return Created(test, _COMPARED_WITH[test](given.get("value")))


_READERS: dict[str, tuple[Callable[[Mapping[str, Any]], Any], tuple[str, ...]]] = {
    "field": (_field, ("key", "is", "value", "until")),
    "language": (_language, ("value",)),
    "group": (_group, ("group",)),
    "message": (_message, ("what", "within_days")),
    "created": (_created, ("is", "value")),
}


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
        raise Unusable(f"Write what the field is compared with, in at most {LONGEST_TEXT} characters.")
    if not value.isprintable():  # a database refuses some of them, and nobody could see the others
        raise Unusable("Write the text without line breaks and invisible characters.")
    return value.strip()


def _number(value: object) -> int | float:
    if type(value) not in (int, float) or not isinstance(value, int | float) or not abs(value) < LARGEST_NUMBER:
        raise Unusable("Write a number of at most 15 digits, such as 1250 or 0.5.")
    return int(value) if math.isfinite(value) and value == int(value) else value


def _days(value: object) -> int:
    if type(value) is not int or not 1 <= value <= LONGEST_DAYS:
        raise Unusable(f"Write a number of days, from 1 to {LONGEST_DAYS}.")
    return value


def _date(value: object) -> dt.date:
    sentence = "Write a date as 2026-06-30."
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise Unusable(sentence)
    try:
        date = dt.date.fromisoformat(value)
    except ValueError as error:
        raise Unusable(f"There is no such date as {value}. {sentence}") from error
    if not FIRST_DATE <= date <= LAST_DATE:
        raise Unusable(f"Choose a date from {FIRST_DATE} to {LAST_DATE}.")
    return date


_COMPARED_WITH: dict[str, Callable[[object], Any]] = {
    **dict.fromkeys(TEXT_TESTS, _text),
    **dict.fromkeys(NUMBER_TESTS, _number),
    "before": _date,
    "after": _date,
    "within_days": _days,
}


def _members(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unusable("A rule is a list of conditions. Build it anew.")
    return value


def _check_members(given: Mapping[str, Any], known: Collection[str]) -> None:
    if strange := sorted(map(str, given.keys() - set(known))):
        raise Unusable(f"A condition says nothing called {ascii(strange[0])[:40]}. Build it anew.")


def _flag(given: Mapping[str, Any]) -> bool:
    negated = given.get("not", False)
    if not isinstance(negated, bool):
        raise Unusable("Choose whether the condition must fit or must not.")
    return negated
