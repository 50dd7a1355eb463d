"""RapidPro's door, creating: the seed document (001) and the words of upstream's serializers and authenticators."""

import base64
from typing import Any

import pytest
import requests

from tests.providers.simulator.rapidpro_samples import SAMPLE, TOKEN, create, post, upload
from tests.simulating import Simulator

URNS = ["tel:+250788123123"]
REQUIRED_TEXT = "Must provide either text or attachments."
REQUIRED_RECIPIENTS = "Must provide either urns, contacts or groups."
NO_TRANSLATION = "No text translation provided in base language."
NO_REPLY = "Quick replies of type 'text' require a 'text' value."
NOT_A_LANGUAGE = "Not an allowed ISO 639-3 language code."


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_the_sample_request_gets_the_sample_response(simulator: Simulator) -> None:
    answer = post(simulator, SAMPLE)
    body = answer.json()
    assert answer.status_code == 201
    assert {name: body[name] for name in SAMPLE} == {
        **SAMPLE,
        "contacts": [{"uuid": SAMPLE["contacts"][0], "name": "Contact"}],
    }
    assert isinstance(body["id"], int)
    assert (body["groups"], body["attachments"]) == ([], {"eng": [], "spa": []})
    assert body["created_on"].endswith("Z")


def test_each_recipient_is_on_record_under_the_broadcasts_id(simulator: Simulator) -> None:
    broadcast_id = post(simulator, SAMPLE).json()["id"]
    messages = simulator.accepted("rapidpro")
    assert [m["address"] for m in messages] == [*SAMPLE["urns"], *SAMPLE["contacts"]]
    assert {(m["provider_id"], m["text"]) for m in messages} == {(str(broadcast_id), "Hello @contact.name!")}


def test_a_bare_string_is_text_in_the_workspaces_language(simulator: Simulator) -> None:
    body = create(simulator, text="  hello  ")
    assert (body["text"], body["base_language"]) == ({"eng": "hello"}, "eng")


def test_numbers_become_text_and_unknown_fields_are_ignored(simulator: Simulator) -> None:
    assert create(simulator, text={"eng": 5}, unknown=1)["text"] == {"eng": "5"}


def test_attachments_are_uploaded_first(simulator: Simulator) -> None:
    media = upload(simulator)
    assert media.status_code == 201
    assert {name: media.json()[name] for name in ("content_type", "filename", "size")} == {
        "content_type": "image/png",
        "filename": "card.png",
        "size": 10,
    }
    shown = create(simulator, attachments={"eng": [media.json()["uuid"]]})["attachments"]
    assert shown == {"eng": [f"image/png:{media.json()['url']}"]}


def test_quick_replies_are_kept_and_shown(simulator: Simulator) -> None:
    shown = create(simulator, quick_replies={"eng": [{"text": " Yes "}, {"type": "text", "text": "No"}]})
    replies = [{"type": "text", "text": "Yes"}, {"type": "text", "text": "No"}]
    assert shown["quick_replies"] == {"eng": replies}
    [kept] = simulator.accepted("rapidpro")
    assert kept["content"]["quick_replies"] == {"eng": replies}


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ([], {"non_field_errors": ["Request body should be a single JSON object"]}),
        ({}, {"non_field_errors": [REQUIRED_TEXT]}),
        ({"urns": URNS}, {"non_field_errors": [REQUIRED_TEXT]}),
        ({"text": "hi"}, {"non_field_errors": [REQUIRED_RECIPIENTS]}),
        ({"text": "hi", "urns": [], "groups": []}, {"non_field_errors": [REQUIRED_RECIPIENTS]}),
        ({"text": ""}, {"text": {"eng": ["This field may not be blank."]}}),
        ({"text": None}, {"text": ["This field may not be null."]}),
        ({"text": 5}, {"text": ['Expected a dictionary of items but got type "int".']}),
        ({"text": {}}, {"text": ["This dictionary may not be empty."]}),
        ({"text": {"eng": None}}, {"text": {"eng": ["This field may not be null."]}}),
        ({"text": {"eng": True}}, {"text": {"eng": ["Not a valid string."]}}),
        ({"text": {"en": "hi"}}, {"text": {"en": [NOT_A_LANGUAGE]}}),
        ({"text": "x" * 641}, {"text": {"eng": ["Ensure this field has no more than 640 characters."]}}),
        (
            {"text": {f"{first}{second}a": "x" for first in "abcdef" for second in "abcdefghij"}},
            {"text": ["Ensure this field has no more than 50 elements."]},
        ),
        ({"urns": [f"ext:{'x' * 252}"]}, {"urns": {"0": ["Ensure this field has no more than 255 characters."]}}),
        ({"urns": "x"}, {"urns": ['Expected a list of items but got type "str".']}),
        ({"urns": None}, {"urns": ["This field may not be null."]}),
        ({"urns": URNS * 101}, {"urns": ["Ensure this field has no more than 100 elements."]}),
        ({"contacts": ["x"] * 101}, {"contacts": ["Ensure this field has no more than 100 elements."]}),
        ({"contacts": ["nobody"]}, {"contacts": ["No such object: nobody"]}),
        ({"contacts": [{}]}, {"contacts": ["Must be a string or integer"]}),
        ({"groups": ["Nobody"]}, {"groups": ["No such object: Nobody"]}),
        ({"attachments": ["foo"]}, {"attachments": {"eng": ["No such object: foo"]}}),
        (
            {"attachments": {"eng": ["foo"] * 11}},
            {"attachments": {"eng": ["Ensure this field has no more than 10 elements."]}},
        ),
        (
            {"quick_replies": [{"text": "x"}] * 11},
            {"quick_replies": {"eng": ["Ensure this field has no more than 10 elements."]}},
        ),
        (
            {"quick_replies": {"eng": [{"text": "x" * 65}]}},
            {"quick_replies": {"eng": ["Ensure this field has no more than 64 characters."]}},
        ),
        (
            {"quick_replies": [{}]},
            {"quick_replies": {"eng": {"non_field_errors": [NO_REPLY]}}},
        ),
        (
            {"text": "hi", "urns": URNS, "quick_replies": {"spa": [{"text": "x"}]}, "base_language": "eng"},
            {"non_field_errors": ["No quick_replies translations provided in base language."]},
        ),
        (
            {"base_language": "engl"},
            {"base_language": ["Ensure this field has no more than 3 characters.", NOT_A_LANGUAGE]},
        ),
        ({"text": "hi", "urns": URNS, "base_language": "spa"}, {"non_field_errors": [NO_TRANSLATION]}),
        (
            {"text": "", "urns": None},
            {"text": {"eng": ["This field may not be blank."]}, "urns": ["This field may not be null."]},
        ),
    ],
    ids=repr,
)
def test_a_wrong_body_is_refused_word_for_word(simulator: Simulator, body: object, complaint: object) -> None:
    answer = post(simulator, body)
    assert (answer.status_code, answer.json()) == (400, complaint)
    assert simulator.accepted() == []


@pytest.mark.parametrize("urn", ["0788123123", "tel:0788123123", "tel:250788123123", "tel:", "pigeon:1", ""])
def test_a_urn_needs_scheme_and_country_code(simulator: Simulator, urn: str) -> None:
    answer = post(simulator, {"text": "hi", "urns": [*URNS, urn]})
    words = f"Invalid URN: {urn}. Ensure phone numbers contain country codes."
    assert (answer.status_code, answer.json()) == (400, {"urns": {"1": [words]}})


def test_an_attachment_needs_the_base_language_too(simulator: Simulator) -> None:
    uuid = upload(simulator).json()["uuid"]
    body = {"text": {"eng": "hi"}, "urns": URNS, "attachments": {"fra": [uuid]}, "base_language": "eng"}
    answer = post(simulator, body)
    assert answer.json() == {"non_field_errors": ["No attachment translations provided in base language."]}
    alone = post(simulator, {"urns": URNS, "attachments": {"eng": [uuid]}, "base_language": "eng"})
    assert alone.json() == {"non_field_errors": [NO_TRANSLATION]}


def test_without_a_base_language_the_first_one_is_it_and_nothing_more_is_asked(simulator: Simulator) -> None:
    media = upload(simulator).json()
    shown = f"image/png:{media['url']}"
    alone = post(simulator, {"urns": URNS, "attachments": {"spa": [media["uuid"]]}}).json()
    assert (alone["text"], alone["attachments"], alone["base_language"]) == ({"spa": None}, {"spa": [shown]}, "spa")
    body = {"text": {"eng": "hi"}, "urns": URNS, "attachments": {"fra": [media["uuid"]]}}
    both = post(simulator, body).json()
    assert (both["text"], both["base_language"]) == ({"eng": "hi", "fra": None}, "eng")
    assert both["attachments"] == {"eng": [], "fra": [shown]}


@pytest.mark.parametrize("state", ["flagged", "suspended"])
def test_a_barred_workspace_sends_nothing(simulator: Simulator, state: str) -> None:
    answer = post(simulator, SAMPLE, {"Authorization": f"Token {state}1"})
    (words,) = answer.json()["non_field_errors"]
    assert words.startswith(f"Sorry, your workspace is currently {state}. To re-enable")


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({}, "Authentication credentials were not provided."),
        ({"Authorization": "Bearer x"}, "Authentication credentials were not provided."),
        ({"Authorization": "Token"}, "Invalid token header. No credentials provided."),
        ({"Authorization": "Token a b"}, "Invalid token header. Token string should not contain spaces."),
        ({"Authorization": "Token bad"}, "Invalid token"),
        ({"Authorization": "Basic ?"}, "Invalid token or email"),
        (basic("ann@example.com", "bad"), "Invalid token or email"),
        ({"Authorization": "Token viewer"}, "You do not have permission to perform this action."),
    ],
    ids=str,
)
def test_wrong_credentials_answer_403(simulator: Simulator, headers: dict[str, str], detail: str) -> None:
    answer = post(simulator, SAMPLE, headers)
    assert (answer.status_code, answer.json()) == (403, {"detail": detail})
    assert "WWW-Authenticate" not in answer.headers


def test_basic_credentials_are_as_good_as_a_token(simulator: Simulator) -> None:
    assert post(simulator, SAMPLE, basic("ann@example.com", "token")).status_code == 201


def send(simulator: Simulator, method: str, **request: Any) -> requests.Response:
    url = f"{simulator.url}/rapidpro/api/v2/broadcasts.json"
    return requests.request(method, url, timeout=10, **request)


def test_broken_json_answers_with_the_parsers_words(simulator: Simulator) -> None:
    answer = send(simulator, "POST", data="{", headers={**TOKEN, "Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("JSON parse error - Expecting property name")


def test_another_content_type_answers_415(simulator: Simulator) -> None:
    answer = send(simulator, "POST", data="x", headers={**TOKEN, "Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()) == (
        415,
        {"detail": 'Unsupported media type "text/plain" in request.'},
    )


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_answer_405(simulator: Simulator, method: str) -> None:
    answer = send(simulator, method, headers=TOKEN)
    assert (answer.status_code, answer.json()) == (405, {"detail": f'Method "{method}" not allowed.'})


def test_no_body_is_an_empty_object(simulator: Simulator) -> None:
    assert send(simulator, "POST", headers=TOKEN).json() == {"non_field_errors": [REQUIRED_TEXT]}


@pytest.mark.parametrize(
    ("content_type", "size", "words"),
    [
        ("text/html", 10, "Unsupported file type."),
        ("image/svg+xml", 10, "Unsupported file type."),
        ("", 10, "Unsupported file type."),
        ("image/png", 0, "The submitted file is empty."),
        ("image/png", 25 * 1024 * 1024 + 1, "Limit for file uploads is 25.0 MB."),
    ],
)
def test_wrong_media_are_refused(simulator: Simulator, content_type: str, size: int, words: str) -> None:
    answer = upload(simulator, content_type, size)
    assert (answer.status_code, answer.json()) == (400, {"file": [words]})


def test_media_need_a_file(simulator: Simulator) -> None:
    url = f"{simulator.url}/rapidpro/api/v2/media.json"
    answer = requests.post(url, headers=TOKEN, files={"other": (None, "x")}, timeout=10)
    assert answer.json() == {"file": ["No file was submitted."]}
    assert requests.get(url, headers=TOKEN, timeout=10).status_code == 405
