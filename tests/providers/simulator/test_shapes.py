"""The rules for bodies: each accepts what it says, and names the breach and its path otherwise."""

import pytest

from providers.simulator.shapes import (
    Breach,
    Rule,
    ShapeError,
    array,
    at_most,
    fields,
    integer,
    mapping,
    number,
    one_of,
    pattern,
    string,
    text,
)

PERSON = fields({"name": text}, {"phones": array(pattern(r"\+[0-9]+"), least=1, most=2)})


def breach(rule: Rule, value: object) -> tuple[Breach, str]:
    with pytest.raises(ShapeError) as error:
        rule(value, "body")
    return error.value.breach, error.value.path


@pytest.mark.parametrize("value", [{"name": "Ann"}, {"name": "Ann", "phones": ["+1"]}])
def test_an_object_may_leave_out_what_is_optional(value: object) -> None:
    PERSON(value, "body")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], (Breach.WRONG, "body")),
        (None, (Breach.WRONG, "body")),
        ({}, (Breach.MISSING, "body.name")),
        ({"name": "Ann", "age": 5}, (Breach.UNKNOWN, "body.age")),
        ({"name": ""}, (Breach.WRONG, "body.name")),
        ({"name": "Ann", "phones": []}, (Breach.WRONG, "body.phones")),
        ({"name": "Ann", "phones": "+1"}, (Breach.WRONG, "body.phones")),
        ({"name": "Ann", "phones": ["+1", "2"]}, (Breach.WRONG, "body.phones[1]")),
        ({"name": "Ann", "phones": ["+1", "+2", "+3"]}, (Breach.WRONG, "body.phones")),
    ],
    ids=repr,
)
def test_the_first_breach_is_named_with_its_path(value: object, expected: tuple[Breach, str]) -> None:
    assert breach(PERSON, value) == expected


def test_an_open_object_lets_unknown_fields_pass() -> None:
    fields({"name": text}, closed=False)({"name": "Ann", "age": 5}, "body")


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (string, "", 5),
        (text, "x", "  "),
        (integer, 0, True),
        (integer, -5, 1.0),
        (number, 1.5, False),
        (mapping, {}, []),
        (one_of("a", "b"), "a", "A"),
        (one_of("a"), "a", ["a"]),
        (pattern("[a-z]{2}"), "fr", "fra"),
        (pattern(r"\d+"), "12", "١٢"),
        (pattern("x"), "x", "x\n"),
        (at_most(2), "é", "éé"),
    ],
    ids=lambda value: getattr(value, "__qualname__", None) or repr(value),
)
def test_a_rule_tells_good_from_bad(rule: Rule, good: object, bad: object) -> None:
    rule(good, "body")
    assert breach(rule, bad) == (Breach.WRONG, "body")
