"""Templates out to a file and in from a small one: a row a language, checked as the form checks it."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from pytest_django.fixtures import Settings

from broadcaster.content import kinds, media
from broadcaster.models import Template
from tests.admin.exported import csv_file, csv_rows, excel_file
from tests.admin.imported import bring_in, check, totals
from tests.admin.people import logged_in, messages_of, text_of
from tests.files import stored

pytestmark = pytest.mark.django_db

EVERY_KIND: dict[str, dict[str, Any]] = {
    "text": {"text": "Hi @contact.name,\n= see you @@ 5", "attachments": ["https://example.com/a.png"]},
    "template": {
        "name": "june",
        "language": "id",
        "template_id": 7,
        "variables": ["@fields.city", "-1"],
        "buttons": [["url", "@row.code"]],
    },
    "event": {"name": "june", "params": [["customer", "@row.customer_no"]]},
    "flow": {
        "body": "Hi",
        "cta": "Open",
        "flow_id": "1",
        "mode": "published",
        "action": "navigate",
        "screen": "START",
        "data": {"city": ["@fields.city", 1]},
    },
    "voice": {"flow_id": "9"},
}
HELLO = "name,kind,base_language,language,content_text\nHello,text,eng,eng,Hi @contact.name\nHello,,,IND,Halo\n"


@pytest.fixture
def operator() -> Client:
    return logged_in("view_template", "add_template", "change_template")


def make(name: str = "Hello", kind: str = "text", **translations: Any) -> Template:
    template = Template.objects.create(name=name, kind=kind)
    for language, content in translations.items():
        template.translations.create(language=language, content=content)
    return template


def said(template: Template) -> dict[str, Any]:
    return dict(template.translations.values_list("language", "content"))


# -- out ---------------------------------------------------------------------------------------------------------------


def test_an_export_has_a_row_for_each_language(operator: Client) -> None:
    make(eng={"text": "Hi"}, ind={"text": "Halo"})
    rows = csv_rows(operator, "template")
    shown = [(row["name"], row["kind"], row["base_language"], row["language"], row["content_text"]) for row in rows]
    assert shown == [("Hello", "text", "eng", "eng", "Hi"), ("Hello", "text", "eng", "ind", "Halo")]


@pytest.mark.parametrize("excel", ["", "excel"])
def test_what_was_exported_comes_in_unchanged_whatever_its_kind(operator: Client, excel: str) -> None:
    assert set(EVERY_KIND) == set(kinds.FIELDS)
    for kind, content in EVERY_KIND.items():
        make(f"A {kind}", kind, eng=content, ind=content)
    make("Nothing yet")
    file = excel_file(operator, "template") if excel else csv_file(operator, "template")
    assert totals(check(operator, "template", file)) == (0, 0, 2 * len(EVERY_KIND) + 1)


def test_a_file_of_ours_among_the_attachments_comes_back(operator: Client, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    make(eng={"text": "Hi", "attachments": [media.reference(stored().uuid)]})
    assert totals(check(operator, "template", csv_file(operator, "template"))) == (0, 0, 1)


# -- in ----------------------------------------------------------------------------------------------------------------


def test_nothing_is_saved_before_it_is_confirmed(operator: Client) -> None:
    html = text_of(check(operator, "template", HELLO))
    assert "2 new, 0 to update, 0 unchanged." in html
    assert not Template.objects.exists()


def test_a_confirmed_file_becomes_templates(operator: Client) -> None:
    response = bring_in(operator, "template", HELLO)
    template = Template.objects.get()
    assert (template.name, template.kind, template.base_language) == ("Hello", "text", "eng")
    assert said(template) == {"eng": {"text": "Hi @contact.name"}, "ind": {"text": "Halo"}}
    assert "Imported: 2 new, 0 updated, 0 unchanged." in messages_of(response)
    assert [entry.object_repr for entry in LogEntry.objects.all()] == ["Hello"]


def test_a_changed_row_changes_its_language_and_no_other(operator: Client) -> None:
    template = make(eng={"text": "Hi", "attachments": ["https://example.com/a.png"]}, ind={"text": "Halo"})
    file = "name,language,content_text\nHello,eng,Good day\nHello,ind,Halo\n"
    assert totals(check(operator, "template", file)) == (0, 1, 1)
    bring_in(operator, "template", file)
    kept = {"attachments": ["https://example.com/a.png"]}
    assert said(template) == {"eng": {"text": "Good day"} | kept, "ind": {"text": "Halo"}}


def test_an_empty_cell_of_a_column_that_is_there_empties_the_field(operator: Client) -> None:
    template = make(eng={"text": "Hi", "attachments": ["https://example.com/a.png"]})
    bring_in(operator, "template", "name,language,content_text,content_attachments\nHello,eng,Hi,\n")
    assert said(template) == {"eng": {"text": "Hi"}}


def test_another_base_language_is_a_change(operator: Client) -> None:
    template = make(eng={"text": "Hi"}, ind={"text": "Halo"})
    bring_in(operator, "template", "name,base_language,language,content_text\nHello,ind,ind,Halo\n")
    template.refresh_from_db()
    assert template.base_language == "ind"


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (",text,eng,eng,Hi,", "Give the template&#x27;s name."),
        ("New,,eng,eng,Hi,", "Give the template&#x27;s kind: one of text, template, event, flow, voice."),
        ("New,fax,eng,eng,Hi,", "Give the template&#x27;s kind"),
        ("New,text,eng,,Hi,", "Give the language of this row"),
        ("New,text,English,English,Hi,", "Base language: Give the language&#x27;s ISO 639-3 code"),
        ("New,text,eng,eng,,", "Text: Write a text or add an attachment."),
        ("New,text,eng,eng,@contact.nme,", "There is no @contact.nme"),
        ("New,text,eng,eng,Hi,Open", "A template of the kind text has no content_cta."),
        ("New,text,eng,ind,Halo,", "There is no translation in the base language, eng. Add a row for it."),
        ("New,text,eng,eng,Hi,\nNew,text,eng,eng,Ho,", "An earlier row has the same template and language."),
        ("New,text,eng,eng,Hi,\nNew,text,ind,ind,Ho,", "The rows of New give two base languages."),
        ("Old,flow,,eng,Hi,", "Old is of the kind text, and stays so."),
        (f"{'N' * 101},text,eng,eng,Hi,", "at most 100 characters"),
    ],
)
def test_a_row_that_cannot_be_kept_stops_the_import_with_a_sentence(operator: Client, rows: str, sentence: str) -> None:
    make("Old", eng={"text": "Hi"})
    head = "name,kind,base_language,language,content_text,content_cta\nFine,text,eng,eng,Hi,\n"
    page = check(operator, "template", head + rows)
    assert sentence in text_of(page)
    assert "confirm_form" not in page.context
    assert not Template.objects.exclude(name="Old").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("language,content_text\neng,Hi\n", "There is no column called name."),
        ("name,language,text\nHello,eng,Hi\n", "There is no column called text here."),
        ("name\n" + "Hello\n" * 5_001, "more than 5,000 rows. Split it into several files"),
    ],
)
def test_a_file_that_cannot_be_used_gets_a_sentence(operator: Client, content: str, sentence: str) -> None:
    assert sentence in " ".join(check(operator, "template", content).context["form"].errors["import_file"])


# -- who may -----------------------------------------------------------------------------------------------------------


def test_who_may_only_add_changes_no_template_that_there_is() -> None:
    make(eng={"text": "Hi"})
    html = text_of(check(logged_in("add_template"), "template", "name,language,content_text\nHello,ind,Halo\n"))
    assert "There is such a template, and you may not change it." in html


def test_who_may_only_add_brings_in_a_new_template() -> None:
    bring_in(logged_in("add_template"), "template", HELLO)
    assert Template.objects.get().translations.count() == 2
