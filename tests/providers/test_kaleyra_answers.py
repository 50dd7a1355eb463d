"""Kaleyra's answers: every failure that its pages list, what it means, and what the operator is told to do."""

from typing import Any

import pytest

from providers import Outcome, Text
from providers.adapters import _kaleyra_errors
from tests.providers.kaleyra_account import ACCEPTED, failure, kaleyra
from tests.providers.samples import message, post

NUMBER = "Phone number is not present or does not belong to the account."
ACCOUNT = "API is not available for given customer.Please contact support for more info"
VERSION = "The phone number you're using is associated with different Version of our WA API."

# "Sample Failure Response", in the page's order, then the list of error codes: answer, outcome, code, what is told.
REFUSALS: dict[str, tuple[dict[str, Any], Outcome, str, str]] = {
    "incorrect SID or key": (
        failure(401, "RBC001", "Incorrect SID or API key.", "error", []),
        Outcome.CHANNEL_REJECTED,
        "RBC001",
        (
            "The account SID or the API key is wrong; copy both again from Kaleyra's console. "
            "Kaleyra says: Incorrect SID or API key."
        ),
    ),
    "not our number": (
        failure(401, "WA401", NUMBER, "phone_number"),
        Outcome.CHANNEL_REJECTED,
        "WA401",
        f"The WhatsApp number is not in this Kaleyra account; correct the number or the SID. Kaleyra says: {NUMBER}",
    ),
    "incorrect payload": (
        failure(400, "WA400", "Refer to correct payload format", "payload"),
        Outcome.REJECTED,
        "WA400",
        (
            "Kaleyra does not take the message as it stands; check template, language and variables. "
            "Kaleyra says: Refer to correct payload format."
        ),
    ),
    "internal error": (
        failure(500, "WA500", "Please try again later", "error"),
        Outcome.RETRY,
        "WA500",
        (
            "Kaleyra failed and did not take the message; it is tried again by itself. "
            "Kaleyra says: Please try again later."
        ),
    ),
    "low balance": (
        failure(400, "E110", "Please check your balance, You have a low balance!", "balance"),
        Outcome.CHANNEL_HELD,
        "E110",
        (
            "The balance at Kaleyra is too low; top it up, or have its limit raised. "
            "Kaleyra says: Please check your balance, You have a low balance!"
        ),
    ),
    "unauthorised account type": (
        failure(401, "WA-401", ACCOUNT, "account"),
        Outcome.CHANNEL_REJECTED,
        "WA-401",
        f"This Kaleyra account may not use the API; ask Kaleyra's support to open it. Kaleyra says: {ACCOUNT}.",
    ),
    "number of another version": (
        failure(401, "WA-401", VERSION, "phone_number"),
        Outcome.CHANNEL_REJECTED,
        "WA-401",
        (
            "The WhatsApp number is still on version 1 of Kaleyra's API; ask Kaleyra to move it to version 2. "
            f"Kaleyra says: {VERSION}"
        ),
    ),
    "stopped for good, whatever the status": (
        failure(400, "WA-401", VERSION, "phone_number"),
        Outcome.CHANNEL_REJECTED,
        "WA-401",
        (
            "The WhatsApp number is still on version 1 of Kaleyra's API; ask Kaleyra to move it to version 2. "
            f"Kaleyra says: {VERSION}"
        ),
    ),
    "no access, for a reason of another kind": (
        failure(401, "WA401", "Unauthorized access.", "template"),
        Outcome.CHANNEL_REJECTED,
        "WA401",
        (
            "Kaleyra gives this account no access; check that number and templates are approved in its console. "
            "Kaleyra says: Unauthorized access."
        ),
    ),
    "no access, without any reason": (
        {"status": 401, "json": {"code": "WA-401", "error": []}},
        Outcome.CHANNEL_REJECTED,
        "WA-401",
        "Kaleyra gives this account no access; ask Kaleyra's support to open the API for it.",
    ),
    "daily limit, whatever its status": (
        failure(403, "WAV2101", "Account daily limit reached", "error"),
        Outcome.CHANNEL_HELD,
        "WAV2101",
        (
            "The account's daily limit at Kaleyra is reached; wait for the next day, or have it raised. "
            "Kaleyra says: Account daily limit reached."
        ),
    ),
    "daily limit as a yes": (
        failure(200, "WAV2101", "Account daily limit reached", "error"),
        Outcome.CHANNEL_HELD,
        "WAV2101",
        (
            "The account's daily limit at Kaleyra is reached; wait for the next day, or have it raised. "
            "Kaleyra says: Account daily limit reached."
        ),
    ),
    "too fast": ({"status": 429, "json": {}}, Outcome.RETRY, "HTTP 429", "The provider asks to send more slowly."),
    "not received in time": (
        {"status": 408, "json": {}},
        Outcome.RETRY,
        "HTTP 408",
        "The provider did not receive the whole request in time.",
    ),
    "busy": ({"status": 503, "body": ""}, Outcome.RETRY, "HTTP 503", "The provider is busy or being serviced."),
    "a gateway lost the answer": (
        {"status": 504, "body": ""},
        Outcome.UNKNOWN,
        "HTTP 504",
        "The provider failed in a way that leaves open whether it accepted the message.",
    ),
    "unknown code": (
        failure(400, "WA999", "New", "error"),
        Outcome.REJECTED,
        "WA999",
        "The provider refused the message. New",
    ),
    "500 without their word for it": (
        {"status": 500, "body": "oops"},
        Outcome.UNKNOWN,
        "HTTP 500",
        "The provider failed in a way that leaves open whether it accepted the message.",
    ),
    "yes without an id": (
        {"status": 202, "json": {"code": "WA202", "data": []}},
        Outcome.UNKNOWN,
        "WA202",
        "Kaleyra said yes, but gave no message id.",
    ),
    "yes with an id that is none": (
        {"status": 202, "json": {"data": {"message_id": {}}}},
        Outcome.UNKNOWN,
        "",
        "Kaleyra said yes, but gave no message id.",
    ),
    "yes with an endless id": (
        {"status": 202, "json": {"data": {"message_id": "A" * 129}}},
        Outcome.UNKNOWN,
        "",
        "Kaleyra said yes, but gave no message id.",
    ),
}


@pytest.mark.parametrize(("answer", "outcome", "code", "sentence"), REFUSALS.values(), ids=REFUSALS)
def test_refusal(answer: dict[str, Any], outcome: Outcome, code: str, sentence: str) -> None:
    [result], _ = post(kaleyra(), [message(Text.of("Hello"))], answer)
    assert result.error
    assert (result.outcome, result.error.code, result.error.sentence) == (outcome, code, sentence)
    assert result.provider_id == ""


@pytest.mark.parametrize(
    "answer",
    [ACCEPTED, {"status": 200, "json": {"code": "WA200", "data": {"message_id": "AXX"}}}],
    ids=["as the page shows it", "in V2's other words"],
)
def test_acceptance(answer: dict[str, Any]) -> None:
    [result], _ = post(kaleyra(), [message(Text.of("Hello"))], answer)
    assert (result.outcome, result.provider_id, result.error) == (Outcome.ACCEPTED, "AXX", None)


@pytest.mark.parametrize("code", _kaleyra_errors.ERRORS)
def test_every_listed_error_has_a_sentence_that_leaves_room_for_kaleyras_own(code: str) -> None:
    assert len(_kaleyra_errors.SENTENCES[code]) < 150


def test_retry_is_asked_for_when_kaleyra_says() -> None:
    answer = {**failure(500, "WA500", "Please try again later", "error"), "headers": {"Retry-After": "300"}}
    [result], _ = post(kaleyra(), [message(Text.of("Hello"))], answer)
    assert result.error
    assert result.error.retry_after_s == 300
