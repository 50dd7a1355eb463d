"""Templates: two steps, a form for each kind of content, always something in the base language."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from broadcaster.admin import attachments
from broadcaster.admin.template_form import PREFIX, as_typed
from broadcaster.content import kinds, media
from broadcaster.models import MediaFile, Template
from tests.admin.people import logged_in, text_of
from tests.files import PDF, PNG, stored

pytestmark = pytest.mark.django_db

FLOW = {"body": "Hi", "cta": "Open", "flow_id": "1", "mode": "published", "action": "navigate", "screen": "START"}


MODEL = [f"{verb}_template" for verb in ("view", "add", "change", "delete")]
WRITER = (*MODEL, *(f"{name}translation" for name in MODEL))


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def operator() -> Client:
    return logged_in(*WRITER)


@pytest.fixture
def uploader() -> Client:
    return logged_in(*WRITER, "add_mediafile")


def make_template(kind: str = "text", **translations: Any) -> Template:
    template = Template.objects.create(name="Reminder", kind=kind)
    for language, content in translations.items():
        template.translations.create(language=language, content=content)
    return template


def page(template: Template) -> str:
    return reverse("admin:broadcaster_template_change", args=[template.pk])


def filled(template: Template, *translations: dict[str, Any], base: str = "eng") -> dict[str, Any]:
    """The form as a browser posts it: stored translations first, then new ones."""
    stored = list(template.translations.all())
    data: dict[str, Any] = {"name": template.name, "base_language": base}
    data |= {"translations-TOTAL_FORMS": str(len(translations)), "translations-INITIAL_FORMS": str(len(stored))}
    for number, given in enumerate(translations):
        prefix = f"translations-{number}-"
        data |= {prefix + "id": str(stored[number].pk) if number < len(stored) else ""}
        data |= {prefix + "language": given["lang"]}
        data |= {
            prefix + (name if name == "DELETE" else PREFIX + name): given[name] for name in given if name != "lang"
        }
    return data


def test_a_new_template_begins_with_name_kind_and_base_language(operator: Client) -> None:
    data = {"name": "Reminder", "kind": "flow", "base_language": "IND"}
    response = operator.post(reverse("admin:broadcaster_template_add"), data, follow=True)
    template = Template.objects.get()
    assert (template.kind, template.base_language) == ("flow", "ind")
    assert response.redirect_chain[-1][0] == page(template)


@pytest.mark.parametrize("kind", kinds.FIELDS)
def test_a_translation_asks_for_the_fields_of_its_kind(operator: Client, kind: str) -> None:
    html = text_of(operator.get(page(make_template(kind))))
    asked = [field.name for field in kinds.FIELDS[kind]]
    assert [name for name in asked if f'name="translations-0-{PREFIX}{name}"' not in html] == []


def test_a_text_in_two_languages_is_stored(operator: Client) -> None:
    template = make_template()
    first, second = {"lang": "eng", "text": "Hello"}, {"lang": "ind", "text": "Halo", "attachments": "a\nb"}
    operator.post(page(template), filled(template, first, second))
    stored = {each.language: each.content for each in template.translations.all()}
    assert stored == {"eng": {"text": "Hello"}, "ind": {"text": "Halo", "attachments": ["a", "b"]}}


def test_pairs_and_json_are_stored_as_what_they_mean(operator: Client) -> None:
    template = make_template("flow")
    operator.post(page(template), filled(template, {"lang": "eng", **FLOW, "data": '{"city": "@fields.city"}'}))
    assert template.translations.get().content["data"] == {"city": "@fields.city"}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text", {"text": "Hello @contact.name", "attachments": ["a", "b"]}),
        ("template", {"name": "otp", "language": "id", "variables": ["x"], "buttons": [["url 0", "@row.code"]]}),
        ("event", {"name": "go", "params": [["a", "1"], ["b", "2"]]}),
        ("flow", FLOW | {"data": {"city": "Bogor"}}),
        ("voice", {"flow_id": "184"}),
    ],
)
def test_saving_again_changes_nothing(operator: Client, kind: str, content: dict[str, Any]) -> None:
    template = make_template(kind, eng=content)
    shown = {field.name: as_typed(field.widget, content.get(field.name)) for field in kinds.FIELDS[kind]}
    operator.post(page(template), filled(template, {**shown, "lang": "eng"}))
    assert template.translations.get().content == content


@pytest.mark.parametrize(
    ("kind", "given", "sentence"),
    [
        ("text", {"text": ""}, "Write a text or add an attachment."),
        ("text", {"text": "@contact.shoe"}, "There is no @contact.shoe"),
        ("flow", FLOW | {"data": "[1]"}, "Write a JSON object"),
        ("voice", {"flow_id": "1", "prompt_id": "2"}, "not both"),
    ],
)
def test_what_cannot_be_sent_is_said_beside_its_field(
    operator: Client, kind: str, given: dict[str, str], sentence: str
) -> None:
    template = make_template(kind)
    html = text_of(operator.post(page(template), filled(template, {"lang": "ind", **given})))
    assert sentence in html
    assert not template.translations.exists()


def test_a_template_without_its_base_language_is_refused(operator: Client) -> None:
    template = make_template()
    html = text_of(operator.post(page(template), filled(template, {"lang": "ind", "text": "Halo"})))
    assert "There is no translation in the base language, eng." in html


def test_the_translation_in_the_base_language_cannot_be_taken_away(operator: Client) -> None:
    template = make_template(eng={"text": "Hello"}, ind={"text": "Halo"})
    gone = {"lang": "eng", "text": "Hello", "DELETE": "on"}
    html = text_of(operator.post(page(template), filled(template, gone, {"lang": "ind", "text": "Halo"})))
    assert "There is no translation in the base language" in html
    assert template.translations.count() == 2


def test_the_base_language_moves_to_another_translation(operator: Client) -> None:
    template = make_template(eng={"text": "Hello"}, ind={"text": "Halo"})
    forms = {"lang": "eng", "text": "Hello"}, {"lang": "ind", "text": "Halo"}
    operator.post(page(template), filled(template, *forms, base="ind"))
    template.refresh_from_db()
    assert template.base_language == "ind"


def test_a_language_twice_is_refused(operator: Client) -> None:
    template = make_template()
    forms = {"lang": "eng", "text": "Hello"}, {"lang": "eng", "text": "Hi"}
    html = text_of(operator.post(page(template), filled(template, *forms)))
    assert "correct the duplicate" in html.lower()


def test_a_language_that_is_no_code_is_refused(operator: Client) -> None:
    data = {"name": "Reminder", "kind": "text", "base_language": "English"}
    html = text_of(operator.post(reverse("admin:broadcaster_template_add"), data))
    assert "three small letters" in html


def test_the_kind_stays_as_it_was_chosen(operator: Client) -> None:
    template = make_template(eng={"text": "Hello"})
    operator.post(page(template), filled(template, {"lang": "eng", "text": "Hello"}) | {"kind": "voice"})
    template.refresh_from_db()
    assert template.kind == "text"


def test_the_placeholders_are_explained(operator: Client) -> None:
    html = text_of(operator.get(page(make_template())))
    assert [word for word in ("@contact.first_name", "@fields.city", "@row.amount", "@@") if word not in html] == []


# -- attachments


def names(template: Template) -> list[str]:
    """What the one translation's attachments are, files by their names."""
    return attachments.names(template.translations.get().content.get("attachments"))


def chosen(*files: MediaFile) -> list[int]:
    return [file.pk for file in files]


def test_uploaded_files_are_chosen_beside_lines(operator: Client) -> None:
    template, picture, letter = make_template(), stored(), stored("letter.pdf", PDF)
    given = {
        "lang": "eng",
        "text": "Hi",
        "attachments_files": chosen(picture, letter),
        "attachments": "https://x/y.png",
    }
    operator.post(page(template), filled(template, given))
    assert sorted(names(template)) == ["https://x/y.png", "june.png", "letter.pdf"]


def test_the_order_of_attachments_stays(operator: Client) -> None:
    first, last = stored("1.png"), stored("2.png")
    stored_lines = [media.reference(last.uuid), "https://x/y.png", media.reference(first.uuid)]
    template = make_template(eng={"text": "Hi", "attachments": stored_lines})
    given = {"lang": "eng", "text": "Hey", "attachments_files": chosen(first, last), "attachments": "https://x/y.png"}
    operator.post(page(template), filled(template, given))
    assert names(template) == ["2.png", "https://x/y.png", "1.png"]


def test_a_chosen_file_can_be_taken_out(operator: Client) -> None:
    template = make_template(eng={"text": "Hi", "attachments": [media.reference(stored().uuid)]})
    operator.post(page(template), filled(template, {"lang": "eng", "text": "Hi"}))
    assert template.translations.get().content == {"text": "Hi"}


def test_the_form_shows_what_is_chosen(operator: Client) -> None:
    file = stored()
    template = make_template(eng={"text": "Hi", "attachments": [media.reference(file.uuid), "https://x/y.png"]})
    html = text_of(operator.get(page(template)))
    assert f'<option value="{file.pk}" selected>june.png (Image, ' in html
    assert "https://x/y.png</textarea>" in html


def test_a_new_file_comes_with_the_template(uploader: Client) -> None:
    template = make_template()
    given: dict[str, Any] = {"lang": "eng", "attachments_new": SimpleUploadedFile("june.html", PNG, "text/html")}
    uploader.post(page(template), filled(template, given))
    assert names(template) == ["june.html.png"]
    assert MediaFile.objects.get().content_type == "image/png"


def test_a_new_file_that_cannot_be_sent_is_refused_beside_its_field(uploader: Client) -> None:
    template = make_template()
    given: dict[str, Any] = {"lang": "eng", "text": "Hi", "attachments_new": SimpleUploadedFile("x.png", b"<script>")}
    html = text_of(uploader.post(page(template), filled(template, given)))
    assert "This is no image, audio, video or PDF file." in html
    assert not MediaFile.objects.exists()
    assert not template.translations.exists()


def test_nothing_is_kept_of_a_file_whose_translation_is_wrong(uploader: Client) -> None:
    template = make_template()
    given: dict[str, Any] = {
        "lang": "eng",
        "text": "@contact.shoe",
        "attachments_new": SimpleUploadedFile("x.png", PNG),
    }
    uploader.post(page(template), filled(template, given))
    assert not MediaFile.objects.exists()


def test_only_who_may_upload_is_asked_for_a_file(operator: Client, uploader: Client) -> None:
    template = make_template()
    asked = ["attachments_new" in text_of(client.get(page(template))) for client in (operator, uploader)]
    assert asked == [False, True]


def test_a_file_that_was_deleted_is_named(operator: Client) -> None:
    line = media.reference("6cb25adc-47fe-11e4-bfe9-b8f6b119e9ab")
    template = make_template(eng={"text": "Hi", "attachments": [line]})
    html = text_of(operator.post(page(template), filled(template, {"lang": "eng", "text": "Hi", "attachments": line})))
    assert f"There is no file {line} any more." in html


def test_a_viewer_reads_the_names_of_files() -> None:
    template = make_template(eng={"text": "Hi", "attachments": [media.reference(stored().uuid)]})
    assert "june.png" in text_of(logged_in("view_template", "view_templatetranslation").get(page(template)))


# -- reading


def test_a_viewer_reads_what_a_template_says() -> None:
    template = make_template("event", eng={"name": "go", "params": [["customer", "@row.no"]]})
    html = text_of(logged_in("view_template", "view_templatetranslation").get(page(template)))
    assert "customer = @row.no" in html
    assert "<textarea" not in html


def test_the_list_shows_languages_and_how_it_begins(operator: Client) -> None:
    make_template(ind={"text": "Halo"}, eng={"text": f"Hello {'x' * 80}\nBye"})
    html = text_of(operator.get(reverse("admin:broadcaster_template_changelist")))
    assert "eng, ind" in html
    assert f"Hello {'x' * 53}\u2026" in html


def test_an_empty_list_says_what_a_template_is(operator: Client) -> None:
    assert "No templates yet" in text_of(operator.get(reverse("admin:broadcaster_template_changelist")))
