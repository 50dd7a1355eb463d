"""RapidPro's answers: each error of its code, what it means for a message or the channel, and what a person is told."""

from typing import Any

import pytest

from providers import Outcome
from tests.providers.rapidpro_samples import CONTACT, CREATED, GROUP, MEDIA, bulk, rapidpro, to
from tests.providers.samples import post


def refused(**body: Any) -> dict[str, Any]:
    return {"status": 400, "json": body}


MALFORMED = {"detail": "JSON parse error - Expecting value: line 1 column 1 (char 0)"}
STATE = "Sorry, your workspace is currently {}. To re-enable starting flows and sending messages, please contact us."
LIMIT = "Ensure this field has no more than {} elements."
THROTTLED = {"detail": "Request was throttled. Expected available in 3600 seconds."}
ROLE = "You do not have permission to perform this action."
REACHED = "Cannot create object because workspace has reached limit of 5."
NO_URN = "Invalid URN: 0788. Ensure phone numbers contain country codes."

# label: (answer, outcome, code, what the operator is told)
ANSWERS: dict[str, tuple[dict[str, Any], Outcome, str, str]] = {
    "created": (CREATED, Outcome.ACCEPTED, "", ""),
    "updated": ({"status": 200, "json": {"id": 1234}}, Outcome.ACCEPTED, "", ""),
    "newer, without a number": ({"status": 201, "json": {"uuid": "1234"}}, Outcome.ACCEPTED, "", ""),
    "without any id": ({"status": 201, "json": {"status": "queued"}}, Outcome.UNKNOWN, "", "gave no broadcast id"),
    "a page instead of data": ({"status": 200, "body": "<html>"}, Outcome.UNKNOWN, "", "gave no broadcast id"),
    "not an object": (
        refused(non_field_errors=["Request body should be a single JSON object"]),
        *(
            Outcome.REJECTED,
            "HTTP 400",
            "The provider refused the message. Request body should be a single JSON object",
        ),
    ),
    "no content": (
        refused(non_field_errors=["Must provide either text or attachments."]),
        *(Outcome.REJECTED, "HTTP 400", "Must provide either text or attachments."),
    ),
    "no recipients": (
        refused(non_field_errors=["Must provide either urns, contacts or groups."]),
        *(Outcome.REJECTED, "HTTP 400", "Must provide either urns, contacts or groups."),
    ),
    "blank text": (
        refused(text={"eng": ["This field may not be blank."]}),
        *(Outcome.REJECTED, "HTTP 400", "text.eng: This field may not be blank."),
    ),
    "text that is none": (
        refused(text=['Expected a dictionary of items but got type "int".']),
        *(Outcome.REJECTED, "HTTP 400", "text: Expected a dictionary of items"),
    ),
    "text too long": (
        refused(text={"eng": ["Ensure this field has no more than 640 characters."]}),
        *(Outcome.REJECTED, "HTTP 400", "text.eng: Ensure this field has no more than 640 characters."),
    ),
    "too many languages": (
        refused(text=[LIMIT.format(50)]),
        *(Outcome.REJECTED, "HTTP 400", f"text: {LIMIT.format(50)}"),
    ),
    "unknown language": (
        refused(text={"en": ["Not an allowed ISO 639-3 language code."]}),
        *(Outcome.REJECTED, "HTTP 400", "text.en: Not an allowed ISO 639-3 language code."),
    ),
    "base language too long": (
        refused(base_language=["Ensure this field has no more than 3 characters."]),
        *(Outcome.REJECTED, "HTTP 400", "base_language: Ensure this field has no more than 3 characters."),
    ),
    "base language without text": (
        refused(non_field_errors=["No text translation provided in base language."]),
        *(Outcome.REJECTED, "HTTP 400", "No text translation provided in base language."),
    ),
    "base language without attachments": (
        refused(non_field_errors=["No attachment translations provided in base language."]),
        *(Outcome.REJECTED, "HTTP 400", "No attachment translations provided in base language."),
    ),
    "unknown attachment": (
        refused(attachments={"eng": [f"No such object: {MEDIA}"]}),
        *(Outcome.REJECTED, "HTTP 400", f"attachments.eng: No such object: {MEDIA}"),
    ),
    "too many attachments": (
        refused(attachments={"eng": [LIMIT.format(10)]}),
        *(Outcome.REJECTED, "HTTP 400", f"attachments.eng: {LIMIT.format(10)}"),
    ),
    "too many URNs": (refused(urns=[LIMIT.format(100)]), Outcome.REJECTED, "HTTP 400", f"urns: {LIMIT.format(100)}"),
    "bad URN": (refused(urns={"0": [NO_URN]}), Outcome.REJECTED, "HTTP 400", f"urns.0: {NO_URN}"),
    "URN with a word of a barred workspace": (
        refused(urns={"0": ["Invalid URN: ext:flagged. Ensure phone numbers contain country codes."]}),
        *(Outcome.REJECTED, "HTTP 400", "urns.0: Invalid URN: ext:flagged."),
    ),
    "unknown contact": (
        refused(contacts=[f"No such object: {CONTACT}"]),
        *(Outcome.REJECTED, "HTTP 400", f"contacts: No such object: {CONTACT}"),
    ),
    "malformed": (refused(**MALFORMED), Outcome.REJECTED, "HTTP 400", "JSON parse error - Expecting value"),
    "workspace flagged": (
        refused(non_field_errors=[STATE.format("flagged")]),
        *(Outcome.CHANNEL_REJECTED, "workspace", "Sorry, your workspace is currently flagged. To re-enable"),
    ),
    "workspace suspended": (
        refused(non_field_errors=[STATE.format("suspended")]),
        *(Outcome.CHANNEL_REJECTED, "workspace", "Sorry, your workspace is currently suspended. To re-enable"),
    ),
    "proxy asks who": (
        {"status": 401, "body": ""},
        *(Outcome.CHANNEL_REJECTED, "HTTP 401", "RapidPro refuses the API token; enter that of an administrator"),
    ),
    "bad token": (
        {"status": 403, "json": {"detail": "Invalid token"}},
        *(Outcome.CHANNEL_REJECTED, "HTTP 403", "enter that of an administrator or editor. Invalid token"),
    ),
    "role that may only look": (
        {"status": 403, "json": {"detail": ROLE}},
        *(Outcome.CHANNEL_REJECTED, "HTTP 403", f"enter that of an administrator or editor. {ROLE}"),
    ),
    "wrong address": (
        {"status": 404, "body": "<html>"},
        *(Outcome.CHANNEL_REJECTED, "HTTP 404", "There is no RapidPro at the channel's address; check the base URL"),
    ),
    "wrong method": (
        {"status": 405, "json": {"detail": 'Method "POST" not allowed.'}},
        *(Outcome.CHANNEL_REJECTED, "HTTP 405", "What answers is not RapidPro's API; check the base URL"),
    ),
    "workspace limit": (
        {"status": 409, "json": {"detail": REACHED}},
        *(Outcome.CHANNEL_REJECTED, "HTTP 409", f"ask who runs the installation to raise it. {REACHED}"),
    ),
    "wrong content type": (
        {"status": 415, "json": {"detail": 'Unsupported media type "text/plain" in request.'}},
        *(Outcome.CHANNEL_REJECTED, "HTTP 415", "What answers is not RapidPro's API; check the base URL"),
    ),
    "throttled": (
        {"status": 429, "headers": {"Retry-After": "3600"}, "json": THROTTLED},
        *(Outcome.RETRY, "HTTP 429", "Expected available in 3600 seconds."),
    ),
    "crash": (
        {"status": 500, "body": "Server Error. Site administrators have been notified."},
        *(Outcome.UNKNOWN, "HTTP 500", "leaves open whether it accepted the message"),
    ),
    "lost behind a gateway": ({"status": 502, "body": ""}, Outcome.UNKNOWN, "HTTP 502", "leaves open whether it"),
    "busy": ({"status": 503, "body": ""}, Outcome.RETRY, "HTTP 503", "The provider is busy or being serviced."),
    "late behind a gateway": ({"status": 504, "body": ""}, Outcome.UNKNOWN, "HTTP 504", "leaves open whether it"),
}


@pytest.mark.parametrize(("answer", "outcome", "code", "told"), ANSWERS.values(), ids=ANSWERS)
def test_answer(answer: dict[str, Any], outcome: Outcome, code: str, told: str) -> None:
    [result], _ = post(rapidpro(), bulk(1), answer)
    assert (result.outcome, result.error.code if result.error else "") == (outcome, code)
    assert result.provider_id == ("1234" if outcome is Outcome.ACCEPTED else "")
    assert told in (result.error.sentence if result.error else "")


def test_throttled_account_is_told_for_how_long() -> None:
    answer = {"status": 429, "headers": {"Retry-After": "3600"}, "json": THROTTLED}
    [result], _ = post(rapidpro(), bulk(1), answer)
    assert result.error
    assert result.error.retry_after_s == 3600


def test_who_has_no_messages_of_their_own_is_named_in_the_id() -> None:
    results, _ = post(rapidpro(), to("C-17", f"group:{GROUP}", f"contact:{CONTACT}"), CREATED)
    assert [result.provider_id for result in results] == ["1234", "group:1234", "contact:1234"]


GONE = ": it was deleted, or belongs to another workspace."
REJECTED, RETRY = Outcome.REJECTED, Outcome.RETRY
EVERYBODY = (f"group:{GROUP}", "C-17", f"contact:{CONTACT}", "C-18")

# label: (400 body, outcomes in the order of EVERYBODY, what those at fault are told)
FAULTS: dict[str, tuple[dict[str, Any], list[Outcome], str]] = {
    "a URN, counted among the URNs": (
        {"urns": {"1": [NO_URN]}},
        *([RETRY, RETRY, RETRY, REJECTED], NO_URN),
    ),
    "a group": (
        {"groups": [f"No such object: {GROUP}"]},
        *(
            [REJECTED, RETRY, RETRY, RETRY],
            f"RapidPro has no such group{GONE}",
        ),
    ),
    "a contact": (
        {"contacts": [f"No such object: {CONTACT}"]},
        *(
            [RETRY, RETRY, REJECTED, RETRY],
            f"RapidPro has no such contact{GONE}",
        ),
    ),
    "a URN and a group": (
        {"urns": {"0": ["No."]}, "groups": [f"No such object: {GROUP}"]},
        *([REJECTED, REJECTED, RETRY, RETRY], "No."),
    ),
    "a URN that was not sent": (
        {"urns": {"2": [NO_URN], "x": ["?"]}},
        *([REJECTED] * 4, f"The provider refused the message. urns.2: {NO_URN} urns.x: ?"),
    ),
    "a group that was not sent": (
        {"groups": [f"No such object: {MEDIA}"]},
        *([REJECTED] * 4, f"The provider refused the message. groups: No such object: {MEDIA}"),
    ),
    "nobody": ({"urns": "?"}, [REJECTED] * 4, "The provider refused the message. urns: ?"),
}


@pytest.mark.parametrize(("body", "outcomes", "told"), FAULTS.values(), ids=FAULTS)
def test_who_is_at_fault_is_refused_and_the_others_tried_again(
    body: dict[str, Any], outcomes: list[Outcome], told: str
) -> None:
    results, _ = post(rapidpro(), to(*EVERYBODY), {"status": 400, "json": body})
    assert [result.outcome for result in results] == outcomes
    assert told in [result.error.sentence for result in results if result.error]
