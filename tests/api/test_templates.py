"""Templates as programs read and write them: through the rules that the pages' forms have."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from broadcaster.models import Template
from tests.api.calling import Program
from tests.content.conftest import make_template
from tests.files import stored

NOT_HERE = "6cb25adc-47fe-11e4-bfe9-b8f6b119e9ab"
CONTENT = {"eng": {"text": "Hello @contact.name"}}
BODY: dict[str, Any] = {"name": "June", "content": CONTENT}
NO_BASE = (
    "There is no translation in the base language, fra. "
    "Add one, or choose the language of another translation as the base language."
)
OTHER_FIELDS = "There is no such field; a template of the kind text has text, attachments, quick_replies."


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def admin(channel: object) -> Program:
    """A program that may write templates."""
    return Program(scope="admin")


def written(uuid: str) -> dict[str, Any]:
    template = Template.objects.get(uuid=uuid)
    return {each.language: each.content for each in template.translations.all()}


def test_a_template_is_made_and_told_whole(admin: Program) -> None:
    said = {"eng": {"text": " Hello @row.Event ", "quick_replies": "Yes\nNo"}, "ind": {"text": "Halo @contact.name"}}
    told = admin.post("templates.json", {"name": "June", "content": said, "base_language": "ind"})
    assert admin.status == 201, told
    times = told.pop("created_on"), told.pop("modified_on")
    assert all(time.endswith("Z") for time in times)
    assert told == {
        "uuid": str(Template.objects.get(name="June").uuid),
        "name": "June",
        "kind": "text",
        "base_language": "ind",
        "languages": ["eng", "ind"],
        "content": {
            "eng": {"text": "Hello @row.Event", "quick_replies": ["Yes", "No"]},
            "ind": {"text": "Halo @contact.name"},
        },
        "placeholders": ["row.event", "contact.name"],
    }
    assert told.items() <= admin.get(f"templates/{told['uuid']}.json").items()


def test_a_file_may_be_named_by_its_uuid_alone(admin: Program) -> None:
    key = str(stored().uuid)
    said = {"text": "Look", "attachments": [key, NOT_HERE, "https://example.org/a.png"]}
    told = admin.post("templates", {"name": "June", "content": {"eng": said}})
    assert told["content"]["eng"]["attachments"] == [f"media:{key}", NOT_HERE, "https://example.org/a.png"]


REFUSALS: dict[str, tuple[Any, Any]] = {
    "a list": ([], {"non_field_errors": ["Request body should be a single JSON object"]}),
    "nothing": ({}, {"name": ["This field is required."], "content": ["This field is required."]}),
    "no kind": (BODY | {"kind": "fax"}, {"kind": ['"fax" is not a valid choice.']}),
    "no translation": (BODY | {"content": {}}, {"content": ["This dictionary may not be empty."]}),
    "two letters": (
        BODY | {"content": {"en": {"text": "x"}}},
        {"content": {"en": ["Not an allowed ISO 639-3 language code."]}},
    ),
    "a text": (
        BODY | {"content": "Hello"},
        {"content": {"eng": ['Expected a dictionary of items but got type "str".']}},
    ),
    "an empty text": (
        BODY | {"content": {"eng": {"text": ""}}},
        {"content": {"eng": {"text": ["Write a text or add an attachment."]}}},
    ),
    "a value of another form": (
        BODY | {"content": {"eng": {"text": []}}},
        {"content": {"eng": {"text": ["Give a text."]}}},
    ),
    "a strange field": (
        BODY | {"content": {"eng": {"txt": "x", "text": "x"}}},
        {"content": {"eng": {"txt": [OTHER_FIELDS]}}},
    ),
    "a file that is not there": (
        BODY | {"content": {"eng": {"attachments": [f"media:{NOT_HERE}"]}}},
        {"content": {"eng": {"attachments": [f"No such object: {NOT_HERE}"]}}},
    ),
    "another base language": (BODY | {"base_language": "fra"}, {"base_language": [NO_BASE]}),
    "a taken name": (
        BODY | {"name": "Reminder"},
        {"name": ["There is a template of this name already. Choose another name, or change that template."]},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "refusal"), REFUSALS.values(), ids=REFUSALS)
def test_what_could_not_be_sent_is_refused_at_its_place(admin: Program, body: Any, refusal: Any) -> None:
    make_template()
    before = Template.objects.count()
    assert admin.told("POST", "templates.json", body) == (400, refusal)
    assert Template.objects.count() == before


@pytest.mark.parametrize(("depth", "status"), [(29, 201), (30, 400), (800, 400), (20_000, 400)])
def test_what_is_nested_too_deeply_is_refused(admin: Program, depth: int, status: int) -> None:
    said = '"body": "Hi", "cta": "Open", "flow_id": "1", "screen": "S", "data": '
    deep = '{"a":' * depth + "1" + "}" * depth
    admin.post("templates", f'{{"name": "June", "kind": "flow", "content": {{"eng": {{{said}{deep}}}}}}}')
    assert admin.status == status


def test_a_change_leaves_alone_what_it_does_not_name(admin: Program) -> None:
    template = make_template(eng={"text": "Hello"}, ind={"text": "Halo"})
    told = admin.post(f"templates.json?uuid={template.uuid}", {"name": "July"})
    assert (admin.status, told["name"], told["languages"]) == (200, "July", ["eng", "ind"])
    told = admin.post(f"templates.json?uuid={template.uuid}", {"content": {"eng": {"text": "Hi"}}})
    assert (admin.status, told["name"], written(told["uuid"])) == (200, "July", {"eng": {"text": "Hi"}})


@pytest.mark.parametrize(
    ("change", "place"), [({"kind": "flow"}, "kind"), ({"content": {"ind": {"text": "Halo"}}}, "base_language")]
)
def test_a_change_that_would_break_it_is_refused(admin: Program, change: dict[str, Any], place: str) -> None:
    template = make_template()
    told = admin.post(f"templates.json?uuid={template.uuid}", change)
    assert (admin.status, list(told)) == (400, [place])
    assert written(str(template.uuid)) == CONTENT


@pytest.mark.parametrize("place", ["templates.json?uuid={}", "templates/{}"])
def test_a_template_is_deleted(admin: Program, place: str) -> None:
    template = make_template()
    assert admin.told("DELETE", place.format(template.uuid)) == (204, None)
    assert not Template.objects.filter(pk=template.pk).exists()
    assert admin.told("DELETE", place.format(template.uuid))[0] == 404


def test_a_template_must_be_named_to_be_deleted_or_changed(admin: Program) -> None:
    refusal = {"detail": "Say which template by the parameter “uuid”."}
    assert admin.told("DELETE", "templates.json") == (400, refusal)
    assert admin.told("POST", f"templates?uuid={NOT_HERE}", BODY)[0] == 404
    assert admin.told("GET", f"templates/{'-' * 36}")[0] == 404
    assert admin.told("POST", "templates?uuid=x", BODY) == (400, {"detail": "Param 'uuid': x is not a valid UUID."})


def test_a_template_is_found_by_uuid_and_by_name(admin: Program) -> None:
    june, july = make_template(name="June"), make_template(name="July")
    for query, found in ((f"uuid={june.uuid}", june), ("name=jULY", july)):
        assert [each["uuid"] for each in admin.get(f"templates?{query}")["results"]] == [str(found.uuid)]


@pytest.mark.parametrize(("role", "scope"), [("Viewer", "admin"), ("Operator", "send"), ("Approver", "admin")])
def test_only_whoever_may_write_templates_does(admin: Program, role: str, scope: str) -> None:
    other, template = Program(role=role, scope=scope, name="other"), make_template()
    for method, place, body in (
        ("POST", "templates", BODY),
        ("POST", f"templates?uuid={template.uuid}", BODY),
        ("DELETE", f"templates/{template.uuid}", None),
        ("DELETE", f"templates?uuid={template.uuid}", None),
    ):
        assert other.told(method, place, body)[0] == 403
    assert other.told("GET", f"templates/{template.uuid}")[0] == 200


def test_a_longer_list_takes_no_more_questions(admin: Program) -> None:
    counts = []
    admin.get("templates.json")
    for number in (1, 9):
        for each in range(number):
            make_template(name=f"{number} {each}", eng={"text": "x"}, ind={"text": "y"})
        with CaptureQueriesContext(connection) as asked:
            assert admin.get("templates.json")["results"]
        counts.append(len(asked))
    assert counts[0] == counts[1]
