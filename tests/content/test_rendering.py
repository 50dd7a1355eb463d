"""Rendering: the frozen template, the recipient's language, and contents that providers can group."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_bakery import baker

import providers
from broadcaster.content import expressions
from broadcaster.content.rendering import NoBaseTranslation, Renderer, freeze, placeholders_of, variables_of
from broadcaster.models import Contact, Template, TemplateTranslation


def frozen(kind: str = "text", base: str = "eng", **translations: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "base_language": base, "translations": translations}


GREETING = frozen(eng={"text": "Hello @contact.name"}, ind={"text": "Halo @contact.first_name"})
ANN = {"contact.name": "Ann Lee", "contact.first_name": "Ann"}


@pytest.mark.parametrize(
    ("language", "text", "in_language"),
    [
        ("eng", "Hello Ann Lee", "eng"),
        ("ind", "Halo Ann", "ind"),
        ("fra", "Hello Ann Lee", "eng"),
        ("", "Hello Ann Lee", "eng"),
    ],
)
def test_the_language_falls_back_to_the_base_language(language: str, text: str, in_language: str) -> None:
    assert Renderer(GREETING).render(language, ANN) == providers.Text.of(text, language=in_language)


def test_content_without_placeholders_is_built_once_a_language() -> None:
    renderer = Renderer(frozen(eng={"text": "50 @@ 10:00"}, ind={"text": "Halo"}))
    assert renderer.render("eng", ANN) is renderer.render("", {})
    assert renderer.render("eng", ANN) == providers.Text.of("50 @ 10:00")
    assert renderer.render("ind", ANN) is renderer.render("ind", {})


def test_a_flow_without_placeholders_can_be_shared_too() -> None:
    fields = {"body": "Hi", "cta": "Open", "flow_id": "1", "screen": "S", "data": {"a": [1]}}
    renderer = Renderer(frozen("flow", eng=fields))
    assert len({renderer.render("eng", {}), renderer.render("eng", ANN)}) == 1


def test_what_is_the_same_for_everybody_is_filled_once() -> None:
    content = frozen(eng={"text": "@row.event at @row.place, @@row.event", "quick_replies": ["@row.event"]})
    renderer = Renderer(content | {"variables": {"event": "Tea @contact.name", "place": "@@7"}})
    text = providers.Text.of("Tea @contact.name at @@7, @row.event", quick_replies=("Tea @contact.name",))
    assert renderer.render("eng", ANN) == text
    assert renderer.render("eng", ANN) is renderer.render("", {"row.event": "Coffee"})


def test_beside_it_recipients_may_differ() -> None:
    content = frozen(eng={"text": "@contact.name: @row.event for @row.amount"}) | {"variables": {"event": "Tea"}}
    assert placeholders_of(content) == ["contact.name", "row.amount"]
    own = ANN | {"row.amount": "7", "row.event": "Coffee"}
    assert Renderer(content).render("eng", own) == providers.Text.of("Ann Lee: Tea for 7")


def test_a_missing_value_leaves_nothing() -> None:
    assert Renderer(GREETING).render("eng", {}) == providers.Text.of("Hello ")


def test_a_template_without_its_base_language_is_refused() -> None:
    with pytest.raises(NoBaseTranslation, match="no translation in its base language fra"):
        Renderer(frozen(base="fra", eng={"text": "x"}))


def test_placeholders_of_all_languages_and_fields_are_named_once() -> None:
    fields = {"name": "x", "language": "id", "variables": ["@contact", "@row.amount"], "buttons": "url = @row.code"}
    other = fields | {"variables": "@row.amount\n@fields.city", "header_kind": "text", "header": "@contact.name"}
    content = frozen("template", eng=fields, ind=other)
    assert placeholders_of(content) == ["contact.name", "row.amount", "row.code", "fields.city"]


def test_an_empty_draft_uses_nothing() -> None:
    assert placeholders_of({}) == []


@pytest.mark.django_db
def test_a_frozen_template_does_not_follow_edits() -> None:
    template = baker.make(Template, kind="text", base_language="ind")
    baker.make(TemplateTranslation, template=template, language="ind", content={"text": "Halo"})
    snapshot = freeze(template)
    TemplateTranslation.objects.update(content={"text": "changed"})
    assert snapshot == frozen(base="ind", ind={"text": "Halo"})
    assert Renderer(snapshot).render("", {}) == providers.Text.of("Halo", language="ind")


def test_the_variables_of_a_recipient() -> None:
    contact = Contact(name="Ann Lee", phone="+62811", language="ind", fields={"city": "Bogor"})
    assert variables_of(contact, {"amount": "5"}) == {
        "contact.name": "Ann Lee",
        "contact.first_name": "Ann",
        "contact.phone": "+62811",
        "contact.identifier": "",
        "contact.language": "ind",
        "fields.city": "Bogor",
        "row.amount": "5",
    }


KEYS = ["contact.name", "fields.city", "row.amount"]
templates = st.lists(st.sampled_from([f"@{key}" for key in KEYS]) | st.text(max_size=4), max_size=6).map("".join)
people = st.dictionaries(st.sampled_from(KEYS), st.text(max_size=3))


@given(text=templates, first=people, second=people)
def test_contents_are_equal_exactly_where_their_texts_are(
    text: str, first: dict[str, str], second: dict[str, str]
) -> None:
    renderer = Renderer(frozen(eng={"text": text}))
    one, other = renderer.render("eng", first), renderer.render("eng", second)
    stripped = text.strip()
    same = expressions.evaluate(stripped, first) == expressions.evaluate(stripped, second)
    assert (one == other) is same
    assert (len({one, other}) == 1) is same


@given(text=templates, person=people)
def test_only_the_named_placeholders_matter(text: str, person: dict[str, str]) -> None:
    content = frozen(eng={"text": text})
    used = {key: value for key, value in person.items() if key in placeholders_of(content)}
    assert Renderer(content).render("eng", used) == Renderer(content).render("eng", person)
