"""What a new broadcast says, beyond a text: files, quick replies, a template, and what fills its placeholders."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from broadcaster.models import Broadcast, Channel
from tests.api.calling import Program
from tests.content.conftest import make_channel, make_template
from tests.files import PDF, stored

URN = "tel:+628123456789"
TO: dict[str, Any] = {"urns": [URN]}
TEXT = TO | {"text": "Tea?"}
NOWHERE = "6cb25adc-47fe-11e4-bfe9-b8f6b119e9ab"
NO_REPLY = "Quick replies of type 'text' require a 'text' value."
NAMES = "use letters, digits and _, as in amount for @row.amount."
PLAIN = "Only quick replies of the type text can be sent, without “extra”: give the text alone."
BOTH = {"non_field_errors": ["Give a template, or say it here, not both."]}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def test_files_are_named_by_uuid_and_shown_by_type_and_address(program: Program) -> None:
    letter, picture = stored("letter.pdf", PDF), stored()
    body = TO | {"text": {"eng": "Look"}, "attachments": {"eng": [str(letter.uuid)], "ind": [str(picture.uuid)]}}
    told = program.post("broadcasts.json", body)
    address = f"http://testserver/api/v2/media/{letter.uuid}"
    assert told["attachments"] == {
        "eng": [f"application/pdf:{address}"],
        "ind": [f"image/png:http://testserver/api/v2/media/{picture.uuid}"],
    }
    assert told["text"] == {"eng": "Look", "ind": None}
    assert program.get("broadcasts.json")["results"] == [told]
    program.get(address)
    assert (program.status, b"".join(program.last.streaming_content)) == (200, PDF)


def test_a_file_alone_is_enough_and_gives_the_name(program: Program) -> None:
    told = program.post("broadcasts.json", TO | {"attachments": [str(stored("june.png").uuid)]})
    assert (told["name"], told["text"], told["base_language"]) == ("june.png", {"eng": None}, "eng")


def test_a_file_that_was_deleted_since_is_still_shown(program: Program) -> None:
    file = stored()
    program.post("broadcasts.json", TEXT | {"attachments": [str(file.uuid)]})
    file.delete()
    (told,) = program.get("broadcasts.json")["results"]
    assert told["attachments"]["eng"] == [f"application/octet-stream:http://testserver/api/v2/media/{file.uuid}"]


@pytest.mark.parametrize("replies", [["Yes", " No "], {"eng": [{"text": "Yes"}, {"type": "text", "text": "No"}]}])
def test_quick_replies_are_texts_or_objects_and_shown_as_objects(program: Program, replies: Any) -> None:
    told = program.post("broadcasts.json", TEXT | {"quick_replies": replies})
    assert told["quick_replies"] == {"eng": [{"type": "text", "text": "Yes"}, {"type": "text", "text": "No"}]}
    assert Broadcast.objects.get().content["translations"]["eng"]["quick_replies"] == ["Yes", "No"]


def test_a_channel_that_sends_no_quick_replies_says_so(program: Program) -> None:
    make_channel("khoros", "SMS")
    told = program.post("broadcasts.json", TEXT | {"quick_replies": ["Yes"], "channel": "SMS"})
    assert program.status == 400
    assert told["text"][0].startswith("SMS sends no quick replies. Choose a channel that does, such as ")


REFUSALS: dict[str, tuple[dict[str, Any], Any]] = {
    "a strange file": ({"attachments": ["foo"]}, {"attachments": {"eng": ["No such object: foo"]}}),
    "a file that is not there": (
        {"attachments": {"ind": [NOWHERE]}},
        {"attachments": {"ind": [f"No such object: {NOWHERE}"]}},
    ),
    "eleven files": (
        {"attachments": ["foo"] * 11},
        {"attachments": {"eng": ["Ensure this field has no more than 10 elements."]}},
    ),
    "a file that is none": ({"attachments": [{}]}, {"attachments": {"eng": ["Must be a string or integer"]}}),
    "files as a text": (
        {"attachments": "foo"},
        {"attachments": {"eng": ['Expected a list of items but got type "str".']}},
    ),
    "files as null": ({"attachments": None}, {"attachments": ["This field may not be null."]}),
    "no language of files": ({"attachments": {}}, {"attachments": ["This dictionary may not be empty."]}),
    "fifty-one languages": (
        {"text": {f"a{first}{second}": "x" for first in "abcdefghijklmnopq" for second in "xyz"}},
        {"text": ["Ensure this field has no more than 50 elements."]},
    ),
    "two letters": (
        {"attachments": {"en": []}},
        {"attachments": {"en": ["Not an allowed ISO 639-3 language code."]}},
    ),
    "an empty quick reply": ({"quick_replies": [""]}, {"quick_replies": {"eng": {"0": [NO_REPLY]}}}),
    "a quick reply without a text": ({"quick_replies": [{}]}, {"quick_replies": {"eng": {"0": [NO_REPLY]}}}),
    "a number for a quick reply": ({"quick_replies": ["a", 5]}, {"quick_replies": {"eng": {"1": [NO_REPLY]}}}),
    "a quick reply of another type": (
        {"quick_replies": [{"type": "url", "text": "a", "extra": "https://a"}]},
        {"quick_replies": {"eng": {"0": [PLAIN]}}},
    ),
    "a long quick reply": (
        {"quick_replies": ["x" * 65]},
        {"quick_replies": {"eng": {"0": {"text": ["Ensure this field has no more than 64 characters."]}}}},
    ),
    "eleven quick replies": (
        {"quick_replies": ["x"] * 11},
        {"quick_replies": {"eng": ["Ensure this field has no more than 10 elements."]}},
    ),
    "quick replies in other languages": (
        {"quick_replies": {"ind": ["Ya"]}, "base_language": "eng"},
        {"non_field_errors": ["No quick_replies translations provided in base language."]},
    ),
    "variables that are none": (
        {"variables": []},
        {"variables": ['Expected a dictionary of items but got type "list".']},
    ),
    "a name for no placeholder": (
        {"variables": {"a b": "x"}},
        {"variables": {"a b": [f"No placeholder can be called a b: {NAMES}"]}},
    ),
    "a value that is no text": ({"variables": {"a": []}}, {"variables": {"a": ["Not a valid string."]}}),
    "many variables": (
        {"variables": {f"a{number}": "" for number in range(101)}},
        {"variables": ["Ensure this field has no more than 100 elements."]},
    ),
    "a strange template": ({"template": "Nothing"}, {"template": ["No such object: Nothing"]}),
}  # fmt: skip


@pytest.mark.parametrize(("change", "refusal"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_said_is_refused_at_its_place(program: Program, change: dict[str, Any], refusal: Any) -> None:
    assert program.told("POST", "broadcasts.json", TEXT | change) == (400, refusal)
    assert not Broadcast.objects.exists()


def test_a_base_language_must_be_there_in_everything_that_is_said(program: Program) -> None:
    key = str(stored().uuid)
    files = {"attachments": {"ind": [key]}, "base_language": "eng"}
    sentence = "No attachment translations provided in base language."
    assert program.told("POST", "broadcasts.json", TEXT | files) == (400, {"non_field_errors": [sentence]})
    # Upstream answers 500 to this one.
    alone = TO | {"attachments": [key], "base_language": "eng"}
    sentence = "No text translation provided in base language."
    assert program.told("POST", "broadcasts.json", alone) == (400, {"non_field_errors": [sentence]})


def test_a_template_needs_no_text(program: Program) -> None:
    template = make_template(eng={"text": "@row.Event for @contact.name"})
    body = TO | {"template": "reMINDER", "variables": {"EVENT": "Tea", "unused": 5}}
    told = program.post("broadcasts.json", body)
    assert (told["name"], told["template"]) == (
        "Reminder",
        {"uuid": str(template.uuid), "name": "Reminder"},
    )
    assert (told["variables"], told["text"]) == (
        {"event": "Tea", "unused": "5"},
        {"eng": "@row.Event for @contact.name"},
    )
    assert program.told("POST", "broadcasts.json", TEXT | {"template": str(template.uuid)}) == (400, BOTH)


def test_a_placeholder_that_nothing_fills_is_refused(program: Program) -> None:
    make_template(eng={"text": "@row.event"})
    told = program.post("broadcasts.json", TO | {"template": "Reminder", "variables": {"events": "Tea"}})
    assert (program.status, list(told)) == (400, ["template"])
    assert told["template"][0].startswith("The message uses @row.event, but no file is chosen")


def test_two_names_that_differ_by_capitals_alone_are_told_apart(program: Program, channel: Channel) -> None:
    small, capital = make_channel("rapidpro", "workspace"), make_channel("rapidpro", "WORKSPACE")
    for name in ("workspace", "WORKSPACE", str(capital.uuid)):
        told = program.post("broadcasts.json", TEXT | {"channel": name})
        assert told["channel"]["uuid"] == str(small.uuid if name == "workspace" else capital.uuid)
    refusal = {"channel": ["No such object: Workspace"]}
    assert program.told("POST", "broadcasts.json", TEXT | {"channel": "Workspace"}) == (400, refusal)
