"""Rules beside the forms: languages, placeholders that can never be filled, places of buttons."""

import pytest

from broadcaster.content import rules, values
from broadcaster.content.fields import FIELDS, ContentField

VARYING = ContentField("text", "Text", placeholders=True)
FIXED = ContentField("name", "Template name")


@pytest.mark.parametrize("code", ["eng", "ind", "zho"])
def test_three_small_letters_are_a_language(code: str) -> None:
    assert rules.language_error(code) == ""


@pytest.mark.parametrize("code", ["", "en", "engl", "ENG", "en1", "eng\n", "é12"])
def test_anything_else_is_no_language(code: str) -> None:
    assert rules.language_error(code).endswith("three small letters, such as eng or ind.")


@pytest.mark.parametrize("code", ["id", "en_US", "zh_HK", "zh-Hant", "fil"])
def test_providers_have_language_codes_of_their_own(code: str) -> None:
    assert rules.RULES["event"]({"language": code})["language"] == ""


@pytest.mark.parametrize("code", ["Bahasa", "EN", "en_", "en US", "i"])
def test_a_word_is_no_language_code(code: str) -> None:
    assert rules.RULES["event"]({"language": code})["language"] != ""


@pytest.mark.parametrize("name", ["contact.name", "contact.first_name", "contact.phone", "fields.age", "row.x"])
def test_placeholders_that_something_may_fill(name: str) -> None:
    assert rules.placeholder_error(name) == ""


def test_a_placeholder_that_nothing_fills_names_those_that_are_filled() -> None:
    assert rules.placeholder_error("contact.age") == (
        "There is no @contact.age: use @contact.name, @contact.first_name, @contact.phone, @contact.identifier, "
        "@contact.language, or @fields.age for a field of your own. Write @@ for a plain @."
    )


FIELD_ERRORS = {
    "nothing where it is needed": (ContentField("cta", "Button text", required=True), "", "Button text is missing"),
    "nothing where it is not": (VARYING, "", ""),
    "placeholder where it may vary": (VARYING, "Hi @contact.name", ""),
    "placeholder in a later line": (VARYING, ("a", "@contact.age"), "There is no @contact.age"),
    "placeholder where it may not": (FIXED, "invoice_@row.no", "Template name is the same for everyone"),
    "e-mail address where it may not vary": (FIXED, "me@example.com", ""),
    "number": (ContentField("template_id", "Template ID", "integer"), 172, ""),
}


@pytest.mark.parametrize(("field", "value", "words"), FIELD_ERRORS.values(), ids=FIELD_ERRORS)
def test_field_error(field: ContentField, value: object, words: str) -> None:
    error = rules.field_error(field, value)
    assert words in error
    assert bool(error) is bool(words)


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("url", 0, ("url", 0)),
        ("url", 2, ("url", 2)),
        ("quick_reply 0", 2, ("quick_reply", 0)),
        ("flow  9", 0, ("flow", 9)),
    ],
)
def test_a_button_stands_where_it_says_or_where_its_line_stands(
    name: str, line: int, expected: tuple[str, int]
) -> None:
    assert rules.button_place(name, line) == expected


@pytest.mark.parametrize("name", ["link", "url 10", "url x", "URL", ""])
def test_there_are_no_other_buttons(name: str) -> None:
    with pytest.raises(values.Unreadable, match="There is no button of the kind"):
        rules.button_place(name, 0)


@pytest.mark.parametrize("kind", FIELDS)
def test_the_fields_of_a_form_are_told_apart(kind: str) -> None:
    names, labels = {field.name for field in FIELDS[kind]}, {field.label for field in FIELDS[kind]}
    assert len(names) == len(labels) == len(FIELDS[kind])


@pytest.mark.parametrize("kind", FIELDS)
def test_only_choices_have_choices_and_only_texts_vary(kind: str) -> None:
    for field in FIELDS[kind]:
        assert bool(field.choices) is (field.widget == "choice")
        assert not field.placeholders or field.widget not in {"choice", "integer"}
