"""Rules as SQL: a table of conditions and whom each fits, and any rule over any people against plain Python."""

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.audience import rules
from broadcaster.models import Group
from tests.audience import rule_people
from tests.audience.rule_people import Person

pytestmark = pytest.mark.django_db

PEOPLE = {
    "ann": Person({"city": "Bandung", "age": 30, "born": "1996-02-29"}, "ind", 0, frozenset({0}), (("read", 5),)),
    "budi": Person({"city": "bandung barat", "age": 17.5, "born": "2026-06-10"}, "jav", 10, frozenset({0, 1})),
    "citra": Person({"city": "Solo", "age": "30", "born": "10/06/2026"}, "ind", 40, frozenset(), (("failed", 50),)),
    "dewi": Person({"city": "", "age": None, "born": "2026-02-30"}, "", 400, frozenset({1}), (("sent", 3),)),
    "eko": Person({"city": 5, "age": 1e300, "born": True}, "", 9, frozenset(), (("delivered", 31),)),
    "fitri": Person({}, "ind", 11),
}
EVERYONE = set(PEOPLE)


def field(key: str, test: str, *values: Any) -> dict[str, Any]:
    return {"of": "field", "key": key, "is": test, **dict(zip(("value", "until"), values, strict=False))}


CONDITIONS: dict[str, tuple[dict[str, Any], str]] = {
    "text in any case": (field("city", "equals", "BANDUNG"), "ann"),
    "text within": (field("city", "contains", "band"), "ann budi"),
    "text within, a joker is a letter": (field("city", "contains", "%"), ""),
    "text at the start": (field("city", "starts_with", "bandung "), "ann budi"),
    "text further on is not at the start": (field("city", "starts_with", "arat"), ""),
    "a number is no text": (field("city", "equals", "5"), ""),
    "a text with a quote": (field("city", "equals", "O'Hara\" %s \\"), ""),
    "known": (field("city", "is_set"), "ann budi citra eko"),
    "known, a number": (field("age", "is_set"), "ann budi citra eko"),
    "equal": (field("age", "=", 30), "ann"),
    "equal, with a fraction": (field("age", "=", 17.5), "budi"),
    "less": (field("age", "<", 30), "budi"),
    "more, however large": (field("age", ">", 17.5), "ann eko"),
    "between, both ends": (field("age", "between", 17.5, 30), "ann budi"),
    "before": (field("born", "before", "2026-06-10"), "ann"),
    "after": (field("born", "after", "1996-02-28"), "ann budi"),
    "in the last days": (field("born", "within_days", 5), "budi"),
    "not in so few days": (field("born", "within_days", 4), ""),
    "language": ({"of": "language", "value": "ind"}, "ann citra fitri"),
    "no language": ({"of": "language", "value": ""}, "dewi eko"),
    "read": ({"of": "message", "what": "read"}, "ann"),
    "delivered or read": ({"of": "message", "what": "delivered"}, "ann eko"),
    "delivered lately": ({"of": "message", "what": "delivered", "within_days": 30}, "ann"),
    "sent": ({"of": "message", "what": "sent"}, "ann dewi eko"),
    "failed": ({"of": "message", "what": "failed", "within_days": 50}, "citra"),
    "failed lately": ({"of": "message", "what": "failed", "within_days": 49}, ""),
    "new": ({"of": "created", "is": "within_days", "value": 10}, "ann budi eko"),
    "before a day": ({"of": "created", "is": "before", "value": "2026-06-05"}, "citra dewi fitri"),
    "after a day": ({"of": "created", "is": "after", "value": "2026-06-05"}, "ann eko"),
}


@pytest.fixture
def groups() -> list[Group]:
    made = [Group.objects.create(name=name) for name in ("VIP", "Old")]
    rule_people.made(PEOPLE, made)
    return made


def whom(condition: dict[str, Any], *more: dict[str, Any], match: str = "all") -> set[str]:
    return rule_people.fitting(rules.parse({"match": match, "conditions": [condition, *more]}))


@pytest.mark.parametrize(("condition", "fitting"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_condition_fits_just_these_and_its_negation_all_others(
    condition: dict[str, Any], fitting: str, groups: list[Group]
) -> None:
    assert whom(condition) == set(fitting.split())
    assert whom({**condition, "not": True}) == EVERYONE - set(fitting.split())


def test_groups(groups: list[Group]) -> None:
    vip, old = ({"of": "group", "group": group.pk} for group in groups)
    assert whom(vip) == {"ann", "budi"}
    assert whom(vip, {**old, "not": True}) == {"ann"}
    assert whom(vip, old, match="any") == {"ann", "budi", "dewi"}


def test_a_block_counts_as_one_condition(groups: list[Group]) -> None:
    block = {"match": "any", "conditions": [CONDITIONS["read"][0], CONDITIONS["failed"][0]]}
    assert whom({"of": "language", "value": "ind"}, block) == {"ann", "citra"}
    assert whom({"of": "language", "value": "ind"}, {**block, "not": True}) == {"fitri"}


@pytest.mark.parametrize("text", ["x' OR 1=1 --", '$."', "%(x)s", "{type}", "{text} %s", "\\"])
def test_a_text_is_never_read_as_sql(text: str, groups: list[Group]) -> None:
    tricky = {"tricky": Person({"city": f"a{text}b"})}
    rule_people.made(tricky, groups)
    assert whom(field("city", "contains", text)) == {"tricky"}


# -- any rule over any people -----------------------------------------------------------------------------------------

TEXTS = st.sampled_from(["Bandung", "bandung", "Band", "\u00c9clair", "\u00e9CLAIR", "a%b", "a_b", "5", "2026-06-10"])
NUMBERS = st.integers(-5, 5) | st.sampled_from([0.5, 1.25, 2.5, 0.1, 10**14])
DATES = st.dates(dt.date(2026, 6, 1), dt.date(2026, 6, 20)).map(str)
VALUES = (
    TEXTS
    | NUMBERS
    | DATES
    | st.sampled_from(["", None, True, "2026-02-29", "2026-06-31", "2024-02-29", "0000-01-01", " ", [1], {"a": 1}])
)
DAYS = st.integers(1, 20)
BEFORE_OR_AFTER = st.sampled_from(["before", "after"])
EVENTS = st.sampled_from(rules.EVENTS)


def a_field(tests: tuple[str, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(field, st.sampled_from(["city", "age"]), st.sampled_from(tests), values)


def conditions(groups: list[Group]) -> st.SearchStrategy[dict[str, Any]]:
    pairs = st.tuples(NUMBERS, NUMBERS).map(sorted)
    kinds = st.one_of(
        a_field(rules.TEXT_TESTS, TEXTS),
        a_field(("=", "<", ">"), NUMBERS),
        a_field(("before", "after"), DATES),
        a_field(("within_days",), DAYS),
        st.sampled_from([field("city", "is_set"), field("age", "is_set")]),
        pairs.map(lambda ends: field("age", "between", *ends)),
        st.sampled_from(["ind", "jav", ""]).map(lambda code: {"of": "language", "value": code}),
        st.sampled_from(groups).map(lambda group: {"of": "group", "group": group.pk}),
        EVENTS.map(lambda what: {"of": "message", "what": what}),
        st.builds(lambda what, days: {"of": "message", "what": what, "within_days": days}, EVENTS, DAYS),
        st.builds(lambda test, day: {"of": "created", "is": test, "value": day}, BEFORE_OR_AFTER, DATES),
        DAYS.map(lambda days: {"of": "created", "is": "within_days", "value": days}),
    )  # fmt: skip
    return st.builds(lambda condition, no: {**condition, "not": no}, kinds, st.booleans())


def a_rule(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    match = st.sampled_from(["all", "any"])
    return st.fixed_dictionaries({"match": match, "conditions": st.lists(inner, min_size=1, max_size=4)})


A_PERSON = st.builds(
    Person,
    st.dictionaries(st.sampled_from(["city", "age"]), VALUES),
    st.sampled_from(["ind", "jav", ""]),
    st.integers(0, 20),
    st.frozensets(st.integers(0, 1)),
    st.lists(st.tuples(EVENTS, st.integers(0, 20)), max_size=2).map(tuple),
)


@given(data=st.data())
@settings(max_examples=150)
def test_the_database_and_plain_python_agree(data: st.DataObject) -> None:
    with transaction.atomic():
        groups = [Group.objects.create(name=name) for name in ("A", "B")]
        people = {f"p{place}": each for place, each in enumerate(data.draw(st.lists(A_PERSON, max_size=6)))}
        inner = conditions(groups)
        block = st.builds(lambda rule, no: {**rule, "not": no}, a_rule(inner), st.booleans())
        rule = rules.parse(data.draw(a_rule(inner | block)))
        rule_people.made(people, groups)
        assert rule_people.fitting(rule) == rule_people.expected(rule, people, groups)
        transaction.set_rollback(True)
