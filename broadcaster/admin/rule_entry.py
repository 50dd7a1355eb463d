"""A rule as it stands in a form: rows of plain controls, from what is posted or kept, and back to the rule's JSON.

`<name>-item` names the rows in their order: "4" is one, "7.2" is one in the block 7. What a row holds is posted under
`<name>-<item>-<input>`. How a row compares is a word of HOWS; one that begins with "!" is the negation.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from broadcaster.audience import rules, values
from broadcaster.audience.rules import Condition, Created, FieldIs, InGroup, Messaged, Rule, Speaks, Unusable
from broadcaster.audience.rules_words import TESTS

BLOCK = "block"
FIELD = "field:"
INPUTS = ("what", "how", "match", "value", "until", "days", "group")
MOST_ITEMS = 100  # rows that are looked at; far more than a rule may have


def _both(*tests: str) -> dict[str, str]:
    words = {}
    for test in tests:
        for sign, sentence in zip(("", "!"), TESTS[test], strict=True):
            words[sign + test] = (
                sentence.format(value="", until="", days="\u2026 days").replace("from  to", "from").strip()
            )
    return words


HOWS: dict[str, dict[str, str]] = {
    "text": _both("equals", "contains", "starts_with", "is_set"),
    "number": _both("=", "<", ">", "between", "is_set"),
    "date": _both("before", "after", "within_days", "is_set"),
    "language": {"is": "is", "!is": "is not", "known": "is known", "!known": "is not known"},
    "group": {"in": "they are in", "!in": "they are not in"},
    "message": {
        "sent": "was sent to them",
        "!sent": "was not sent to them",
        "delivered": "was delivered",
        "!delivered": "was not delivered",
        "read": "was read",
        "!read": "was not read",
        "failed": "failed",
        "!failed": "did not fail",
    },
    "created": _both("within_days", "before", "after"),
}
OTHERS = {"language": "Language", "group": "Group", "message": "A message", "created": "Date added"}


@dataclass
class Row:
    """A condition, or a block of `rows`, as somebody typed it; `error` says what is wrong with it."""

    item: str
    given: Mapping[str, str]
    rows: "list[Row]" = field(default_factory=list)
    error: str = ""

    @property
    def is_block(self) -> bool:
        """Whether it holds rows."""
        return self.given.get("what") == BLOCK

    def json(self, kinds: Mapping[str, str]) -> dict[str, Any]:
        """What it says, in the rule's language; `kinds` are the fields' by their keys. Raises Unusable."""
        what, how = self.given.get("what", ""), self.given.get("how", "")
        known = {"not": True} if how.startswith("!") else {}
        test = how.removeprefix("!")
        if self.is_block:
            rows = [row.json(kinds) for row in self.rows]
            return {"match": self.given.get("match"), "conditions": rows, **known}
        if what.startswith(FIELD):
            return {"of": "field", **self._field(what.removeprefix(FIELD), test, kinds), **known}
        others = {"language": self._language, "group": self._group, "message": self._message, "created": self._created}
        if what not in others:
            raise Unusable("Choose what the condition looks at.")
        return {"of": what, **known, **others[what](test)}

    def _field(self, key: str, test: str, kinds: Mapping[str, str]) -> dict[str, Any]:
        kind = kinds.get(key)
        if kind is not None and test not in HOWS[kind]:
            raise Unusable(f"This field holds {kind}. Choose how it is compared.")
        known: dict[str, Any] = {"key": key, "is": test}
        if test in rules.NUMBER_TESTS:
            ends = ("value", "until") if test == "between" else ("value",)
            return known | {name: _number(self._typed(name)) for name in ends}
        if test == rules.IS_SET:
            return known
        return known | {"value": _days(self._typed("days")) if test == "within_days" else self._typed("value")}

    def _language(self, test: str) -> dict[str, Any]:
        if test == "known":  # as a rule says it, nobody knows the language
            return {"value": "", "not": not self.given["how"].startswith("!")}
        return {"value": self._typed("value").lower() or "?"}

    def _group(self, test: str) -> dict[str, Any]:
        text = self._typed("group")
        return {"group": int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(2**63)) else text}

    def _message(self, test: str) -> dict[str, Any]:
        days = self._typed("days")
        return {"what": test, **({"within_days": _days(days)} if days else {})}

    def _created(self, test: str) -> dict[str, Any]:
        return {"is": test, "value": _days(self._typed("days")) if test == "within_days" else self._typed("value")}

    def _typed(self, name: str) -> str:
        return self.given.get(name, "").strip()


@dataclass
class Entry:
    """A whole rule in a form."""

    match: str = "all"
    rows: list[Row] = field(default_factory=list)

    def read(self, kinds: Mapping[str, str]) -> dict[str, Any]:
        """The rule's JSON. Raises Unusable; each row that is to blame has its `error`."""
        for row in self.all_rows():
            row.error = _error_of(row, kinds)
        if faulty := [row for row in self.all_rows() if row.error]:
            count = len(faulty)
            raise Unusable(faulty[0].error if count == 1 else f"{count} conditions are not complete. See beside each.")
        value = {"match": self.match, "conditions": [row.json(kinds) for row in self.rows]}
        rules.parse(value)
        return value

    def all_rows(self) -> Iterator[Row]:
        """The rows, and those within them."""
        for row in self.rows:
            yield row
            yield from row.rows


def posted(data: QueryDict | Mapping[str, Any], name: str) -> Entry:
    """What somebody has typed; rows for which nothing was chosen are none."""
    items = data.getlist(f"{name}-item")[:MOST_ITEMS] if isinstance(data, QueryDict) else []
    entry, blocks = Entry(str(data.get(f"{name}-match", "all"))), dict[str, Row]()
    for item in dict.fromkeys(items):
        given = {key: str(data.get(f"{name}-{item}-{key}", "")) for key in INPUTS}
        if not given["what"]:
            continue
        outer, inner, _ = item.rpartition(".")
        row = Row(item, given)
        if row.is_block and not inner:
            blocks[item] = row
        (blocks[outer].rows if outer in blocks else entry.rows).append(row)
    return entry


def kept(rule: Rule) -> Entry:
    """What a rule looks like in the form."""
    return Entry(rule.match, list(_rows(rule.conditions, "")))


def _rows(conditions: Sequence[Condition], block: str) -> Iterator[Row]:
    for number, condition in enumerate(conditions, start=1):
        item = f"{block}{number}"
        no = "!" if condition.negated != (condition == Speaks("", condition.negated)) else ""
        if isinstance(condition, Rule):
            given = {"what": BLOCK, "match": condition.match, "how": no}
            yield Row(item, given, list(_rows(condition.conditions, f"{item}.")))
        else:
            known = _kept(condition)
            yield Row(item, known | {"how": no + known["how"]})


def _kept(condition: FieldIs | Speaks | InGroup | Messaged | Created) -> dict[str, str]:
    match condition:
        case FieldIs():
            slot = "days" if condition.test == "within_days" else "value"
            ends = {slot: condition.value, "until": condition.until}
            return {"what": FIELD + condition.key, "how": condition.test} | _texts(ends)
        case Speaks():
            return {"what": "language", "how": "is" if condition.language else "known", "value": condition.language}
        case InGroup():
            return {"what": "group", "how": "in", "group": str(condition.group)}
        case Messaged():
            return {"what": "message", "how": condition.what} | _texts({"days": condition.within_days})
        case Created():
            slot = "days" if condition.test == "within_days" else "value"
            return {"what": "created", "how": condition.test} | _texts({slot: condition.value})


def _texts(known: Mapping[str, object]) -> dict[str, str]:
    return {name: _text(value) for name, value in known.items() if value is not None}


def _text(value: object) -> str:
    """The value as somebody types it; Python itself writes small numbers with an exponent, which nobody may type."""
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def _error_of(row: Row, kinds: Mapping[str, str]) -> str:
    try:
        if row.is_block:
            return "" if row.rows else "Add at least one condition to this block, or take it out."
        rules.parse_condition(row.json(kinds))
    except Unusable as error:
        return error.sentence
    return ""


def _number(text: str) -> object:
    value = values.read("number", text) if text else text
    return text if isinstance(value, values.Unreadable) else value


def _days(text: str) -> object:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(rules.LONGEST_DAYS)) else text
