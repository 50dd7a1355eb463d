"""Placeholders: what is replaced, what stays text, and that no text can break the evaluation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.content import expressions

ANN = {
    "contact.name": "Ann Lee",
    "contact.first_name": "Ann",
    "contact.phone": "+628123456789",
    "contact.language": "ind",
    "fields.city": "Jakarta",
    "row.amount": "Rp 30.000",
}

REPLACED = {
    "no placeholder": ("Hello", "Hello"),
    "name": ("Hello @contact.name!", "Hello Ann Lee!"),
    "contact alone is the name": ("Hello @contact", "Hello Ann Lee"),
    "contact at the end of a sentence": ("Hello @contact. Bye", "Hello Ann Lee. Bye"),
    "first name": ("@contact.first_name", "Ann"),
    "phone and language": ("@contact.phone/@contact.language", "+628123456789/ind"),
    "contact field": ("in @fields.city.", "in Jakarta."),
    "column of the file": ("pay @row.amount, please", "pay Rp 30.000, please"),
    "right after a word": ("USD@row.amount", "USDRp 30.000"),
    "side by side": ("@row.amount@fields.city", "Rp 30.000Jakarta"),
    "without regard to case": ("@Contact.Name @ROW.AMOUNT", "Ann Lee Rp 30.000"),
    "before letters of another script": ("@contact.name您好", "Ann Lee您好"),
    "a missing value leaves nothing": ("[@fields.street]", "[]"),
    "doubled at": ("@@contact.name", "@contact.name"),
    "doubled at before a placeholder": ("@@@contact.name", "@Ann Lee"),
    "four": ("@@@@", "@@"),
}

KEPT = {
    "e-mail address": "write to ann@example.com",
    "address at a domain that begins alike": "me@contact-us.com",
    "somebody": "thanks @someone",
    "longer word": "@contacts and @contact_us",
    "lone at": "@ 10:00",
    "at the end": "see you @",
    "root without a key": "@fields and @row.",
    "function": "@(upper(name))",
}


@pytest.mark.parametrize(("text", "expected"), REPLACED.values(), ids=REPLACED)
def test_placeholders_are_replaced(text: str, expected: str) -> None:
    assert expressions.evaluate(text, ANN) == expected


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_everything_else_is_text(text: str) -> None:
    assert expressions.evaluate(text, ANN) == text
    assert expressions.placeholders(text) == []


@pytest.mark.parametrize(("value", "expected"), [(None, ""), (0, "0"), (1.5, "1.5"), ("", "")])
def test_values_from_json_become_text(value: object, expected: str) -> None:
    assert expressions.evaluate("@row.amount", {"row.amount": value}) == expected


def test_a_value_is_never_read_as_a_template_again() -> None:
    assert expressions.evaluate("@contact.name", {"contact.name": "@row.amount @@"}) == "@row.amount @@"


def test_each_placeholder_is_named_once_in_its_order() -> None:
    text = "@row.amount for @contact, @Contact.Name: @fields.city @row.amount @@row.x"
    assert expressions.placeholders(text) == ["row.amount", "contact.name", "fields.city"]


UNSUPPORTED = {
    "function": ("Hi @(upper(contact.name))!", ["@(upper(contact.name))"]),
    "function left open": ("Hi @(upper", ["@(upper"]),
    "another root of RapidPro": ("@results.age.category @globals.shop", ["@results.age.category", "@globals.shop"]),
    "root without a key": ("@fields and @row.", ["@fields", "@row"]),
    "escaped": ("@@(upper) @@fields", []),
    "placeholders": ("@contact @contact.name @fields.city @row.amount", []),
    "e-mail address": ("me@run.com", []),
    "somebody": ("@someone", []),
}


@pytest.mark.parametrize(("text", "expected"), UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_what_looks_like_an_expression_but_is_none_is_found(text: str, expected: list[str]) -> None:
    assert expressions.unsupported(text) == expected


@pytest.mark.parametrize(("name", "expected"), [("Ann Mary Lee", "Ann"), ("Ann", "Ann"), ("", "")])
def test_the_first_name_is_the_first_word(name: str, expected: str) -> None:
    assert expressions.first_name(name) == expected


pieces = st.sampled_from(["@", "@@", "@contact", ".", "name", "@row.", "@fields.city", "(", ")", " ", "x", "é"])
texts = st.lists(pieces | st.text(max_size=5), max_size=12).map("".join)


@given(text=texts, values=st.dictionaries(st.sampled_from(sorted(ANN)), st.text()))
def test_no_text_breaks_the_evaluation(text: str, values: dict[str, str]) -> None:
    assert isinstance(expressions.evaluate(text, values), str)
    assert all(piece in text for piece in expressions.unsupported(text))


@given(text=texts)
def test_a_text_with_every_at_doubled_comes_out_as_it_was(text: str) -> None:
    assert expressions.evaluate(text.replace("@", "@@"), ANN) == text


@given(text=texts)
def test_without_values_only_placeholders_disappear(text: str) -> None:
    marked = expressions.evaluate(text, dict.fromkeys(expressions.placeholders(text), "\0"))
    assert marked.replace("\0", "") == expressions.evaluate(text, {}).replace("\0", "")
