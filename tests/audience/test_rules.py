"""Rules as JSON: what is one, and the one sentence that says why something is none."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.audience import rules
from broadcaster.audience.rules import FieldIs, InGroup, Messaged, Rule, Speaks, Unusable

CITY = {"of": "field", "key": "city", "is": "equals", "value": "Bandung"}


def of(*conditions: Any, match: Any = "all", **more: Any) -> dict[str, Any]:
    return {"match": match, "conditions": list(conditions), **more}


def test_a_rule_is_read_with_its_block_and_its_negations() -> None:
    block = of({"of": "group", "group": 7, "not": True}, {"of": "message", "what": "read", "within_days": 30})
    read = rules.parse(of(CITY, {"of": "language", "value": "ind"}, {**block, "not": True}, match="any"))
    inner = Rule("all", (InGroup(7, negated=True), Messaged("read", 30)), negated=True)
    assert read == Rule("any", (FieldIs("city", "equals", "Bandung"), Speaks("ind"), inner))


def test_texts_are_trimmed_and_whole_numbers_are_whole() -> None:
    (text, number) = rules.parse(of({**CITY, "value": " Solo "}, {**CITY, "is": "<", "value": 5.0})).conditions
    assert isinstance(text, FieldIs)
    assert isinstance(number, FieldIs)
    assert (text.value, repr(number.value)) == ("Solo", "5")


REFUSED: dict[str, tuple[Any, str]] = {
    "nothing": ({}, "Choose whether all"),
    "no object": ([CITY], "Build it anew"),
    "no conditions": (of(), "at least one condition"),
    "no word for how": (of(CITY, match="some"), "Choose whether all"),
    "too many": (of(*[CITY] * 31), "at most 30"),
    "too many in blocks": (of(of(*[CITY] * 16), of(*[CITY] * 16)), "at most 30"),
    "a block in a block": (of(of(of(CITY))), "no further block"),
    "a member nobody knows": (of({**CITY, "or": 1}), "nothing called 'or'"),
    "no sort of condition": (of({"of": "weather"}), "what the condition looks at"),
    "a sort that is a list": (of({"of": []}), "what the condition looks at"),
    "a key of other letters": (of({**CITY, "key": "st\u00e4dte"}), "Choose a field"),
    "no test": (of({**CITY, "is": "like"}), "how the field is compared"),
    "a test that is a list": (of({**CITY, "is": []}), "how the field is compared"),
    "nothing to compare with": (of({"of": "field", "key": "city", "is": "equals"}), "compared with"),
    "an empty text": (of({**CITY, "value": " "}), "Write what the field"),
    "a long text": (of({**CITY, "value": "x" * 129}), "at most 128"),
    "a text with a null": (of({**CITY, "value": "a\0"}), "invisible"),
    "half a surrogate": (of({**CITY, "value": "\ud800"}), "invisible"),
    "a number as text": (of({**CITY, "is": "=", "value": "5"}), "Write a number"),
    "truth as a number": (of({**CITY, "is": "=", "value": True}), "Write a number"),
    "no number": (of({**CITY, "is": "=", "value": float("nan")}), "Write a number"),
    "a number beyond all": (of({**CITY, "is": "=", "value": 10**400}), "15 digits"),
    "from more to less": (of({**CITY, "is": "between", "value": 5, "until": 4}), "Swap them"),
    "between without an end": (of({**CITY, "is": "between", "value": 5}), "compared with"),
    "an end without between": (of({**CITY, "is": "<", "value": 5, "until": 6}), "compared with"),
    "no date": (of({**CITY, "is": "before", "value": "30.06.2026"}), "Write a date as"),
    "a day that is not": (of({**CITY, "is": "before", "value": "2026-02-30"}), "There is no such date"),
    "a date long ago": (of({"of": "created", "is": "before", "value": "0001-01-01"}), "from 1900"),
    "no days": (of({**CITY, "is": "within_days", "value": 0}), "number of days"),
    "days as a date": (of({"of": "created", "is": "within_days", "value": "2026-01-01"}), "number of days"),
    "a language as a name": (of({"of": "language", "value": "Indonesian"}), "three small letters"),
    "a group by name": (of({"of": "group", "group": "VIP"}), "Choose a group"),
    "a group beyond all keys": (of({"of": "group", "group": 2**63}), "Choose a group"),
    "what no message does": (of({"of": "message", "what": "sung"}), "what became"),
    "no time for it": (of({"of": "message", "what": "read", "within_days": None}), "number of days"),
    "a negation in words": (of({**CITY, "not": "yes"}), "must fit or must not"),
    "a negated rule": (of(CITY, **{"not": True}), "nothing called 'not'"),
}


@pytest.mark.parametrize(("value", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_rule_is_refused_in_one_sentence(value: Any, sentence: str) -> None:
    with pytest.raises(Unusable) as refusal:
        rules.parse(value)
    assert sentence in refusal.value.sentence


@pytest.mark.parametrize(
    ("value", "place"),
    [(of(), ()), (of(CITY, {}), (1,)), (of(of(CITY, CITY, {})), (0, 2)), (of(CITY, of()), (1,))],
)
def test_a_refusal_knows_its_condition(value: Any, place: tuple[int, ...]) -> None:
    with pytest.raises(Unusable) as refusal:
        rules.parse(value)
    assert refusal.value.place == place


WORDS = [
    "match",
    "conditions",
    "of",
    "key",
    "is",
    "value",
    "until",
    "not",
    "group",
    "what",
    "within_days",
    "all",
    "any",
]
WORDS += ["field", "language", "message", "created", "city", "equals", "between", "before", "read", "2026-01-01"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(), inner, max_size=4),
)
SORTS = st.sampled_from(["field", "language", "group", "message", "created"])
OBJECTS = st.dictionaries(st.sampled_from(WORDS), JSON, max_size=4)
NEARLY = st.builds(
    lambda match, conditions: of(*conditions, match=match),
    st.sampled_from(["all", "any"]),
    st.lists(st.builds(lambda given, sort: {**given, "of": sort}, OBJECTS, SORTS), min_size=1, max_size=3),
)


@given(JSON | NEARLY)
def test_any_json_is_a_rule_or_gets_one_sentence(value: Any) -> None:
    try:
        rule = rules.parse(value)
    except Unusable as error:
        refusal = error.sentence
    else:
        refusal = ""
        assert rules.parse(json.loads(json.dumps(value))) == rule
    assert refusal == "" or (refusal.endswith(".") and refusal.isprintable())
