"""IMIconnect's answers: every code that the Messaging API page or Webex Connect lists, in every shape they may have."""

import json
from typing import Any

import pytest
import requests

from providers import Client, OutboundMessage, Outcome, VoiceCall
from providers.adapters import _imiconnect_answers
from tests.providers.samples import client, message, post

CALL = VoiceCall(flow_id="184")


def imiconnect() -> Client:
    return client("imiconnect")


def item(code: object, *, transid: str = "48ceebcb", description: str = "") -> dict[str, Any]:
    return {"code": code, "transid": transid, "description": description}


def coded(code: str, status: int = 200) -> dict[str, Any]:
    return {"status": status, "json": {"response": [item(code)]}}


def calls(count: int) -> list[OutboundMessage]:
    return [message(CALL, number=number) for number in range(count)]


QUEUED = coded("1001")

# Outcome, and words of what the operator is told.
CODES: dict[str, tuple[Outcome, str]] = {
    "1002": (Outcome.UNKNOWN, "only a part"),
    "7000": (Outcome.REJECTED, "could not read the request"),
    "7001": (Outcome.CHANNEL_REJECTED, "The service key is wrong; copy it again"),
    "7002": (Outcome.CHANNEL_REJECTED, "The service key is missing; enter it"),
    "7003": (Outcome.REJECTED, "misses something in the call; check"),
    "7004": (Outcome.REJECTED, "does not know something in the call; check"),
    "7005": (Outcome.REJECTED, "after its expiry; let the broadcast expire later"),
    "7006": (Outcome.RETRY, "tried again by itself"),
    "7007": (Outcome.CHANNEL_REJECTED, "not active; activate it"),
    # Of a single destination: with more, the request goes out in halves.
    "7009": (Outcome.REJECTED, "lower the recipients per request"),
    "7010": (Outcome.CHANNEL_REJECTED, "have it added to the service's allowed list"),
    "7016": (Outcome.RETRY, "tried again by itself"),
    "7020": (Outcome.RETRY, "slows down by itself"),
    "7022": (Outcome.REJECTED, "lower the recipients per request"),
    "7101": (Outcome.CHANNEL_REJECTED, "does not know the caller ID; choose"),
    "7102": (Outcome.REJECTED, "cannot call this number; correct it"),
    "7104": (Outcome.CHANNEL_REJECTED, "copy the key of an active service"),
    "7127": (Outcome.CHANNEL_REJECTED, "have it added to the service's allowed list"),
    "8009": (Outcome.REJECTED, "no customer with this identifier; correct it"),
    "9999": (Outcome.UNKNOWN, "not in its documents"),
}
WIRE: dict[str, tuple[dict[str, Any], Outcome, str]] = {
    "no answer": ({"body": requests.ReadTimeout()}, Outcome.UNKNOWN, "ReadTimeout"),
    "no connection": ({"body": requests.ConnectTimeout()}, Outcome.RETRY, "ConnectTimeout"),
    "crash": ({"status": 500, "body": "oops"}, Outcome.UNKNOWN, "HTTP 500"),
    "refused key, without their word for it": ({"status": 401, "json": {}}, Outcome.CHANNEL_REJECTED, "HTTP 401"),
    "wrong host": ({"status": 404, "body": "<html>"}, Outcome.CHANNEL_REJECTED, "HTTP 404"),
    "too fast, without their word for it": ({"status": 429, "json": {}}, Outcome.RETRY, "HTTP 429"),
}

# The answer's shape is not documented: all of these have been met in public clients, or cannot be excluded.
SHAPES: dict[str, tuple[Any, Outcome]] = {
    "list in response": ({"response": [item("1001")]}, Outcome.ACCEPTED),
    "object in response": ({"response": item("1001")}, Outcome.ACCEPTED),
    "bare list": ([item("1001")], Outcome.ACCEPTED),
    "bare object": (item("1001"), Outcome.ACCEPTED),
    "code as a number": ({"response": [item(1001)]}, Outcome.ACCEPTED),
    "no code": ({"response": [{"transid": "48ceebcb"}]}, Outcome.UNKNOWN),
    "code beside the item": ({"code": "1002", "response": [item("1001")]}, Outcome.ACCEPTED),
    "code beside no item": ({"code": "7102", "response": []}, Outcome.REJECTED),
    "partial success of a whole": ({"response": [item("1002")]}, Outcome.UNKNOWN),
    "nothing": ({"response": []}, Outcome.UNKNOWN),
}


@pytest.mark.parametrize("status", [200, 202, 400, 401, 429, 500])
@pytest.mark.parametrize("code", CODES)
def test_code_decides_before_the_http_status(code: str, status: int) -> None:
    outcome, words = CODES[code]
    [result], _ = post(imiconnect(), [message(CALL)], coded(code, status))
    assert result.error
    assert (result.outcome, result.error.code, result.provider_id) == (outcome, code, "")
    assert words in result.error.sentence


@pytest.mark.parametrize("status", [200, 202, 400, 500])
def test_queued_is_accepted_whatever_the_http_status(status: int) -> None:
    [result], _ = post(imiconnect(), [message(CALL)], coded("1001", status))
    assert (result.outcome, result.provider_id, result.error) == (Outcome.ACCEPTED, "48ceebcb", None)


def test_every_listed_code_is_a_row_and_has_a_sentence() -> None:
    assert CODES.keys() == {*_imiconnect_answers.ERRORS, "9999"}
    assert _imiconnect_answers.SENTENCES.keys() == _imiconnect_answers.ERRORS.keys()


@pytest.mark.parametrize(("answer", "outcome", "code"), WIRE.values(), ids=WIRE)
def test_answer_without_a_code(answer: dict[str, Any], outcome: Outcome, code: str) -> None:
    [result], _ = post(imiconnect(), [message(CALL)], answer)
    assert result.error
    assert (result.outcome, result.error.code) == (outcome, code)


@pytest.mark.parametrize(("body", "outcome"), SHAPES.values(), ids=SHAPES)
def test_shape(body: Any, outcome: Outcome) -> None:
    [result], _ = post(imiconnect(), [message(CALL)], {"status": 200, "json": body})
    assert result.outcome == outcome


def test_bare_crash_is_unknown() -> None:
    [result], _ = post(imiconnect(), [message(CALL)], {"status": 500, "body": "oops"})
    assert result.outcome is Outcome.UNKNOWN


def test_throttle_asks_for_time() -> None:
    answer = {**coded("7020", 429), "headers": {"Retry-After": "3"}}
    [result], _ = post(imiconnect(), [message(CALL)], answer)
    assert result.error
    assert result.error.retry_after_s == 3


def test_item_for_each_destination_is_read_one_by_one() -> None:
    items = [item("1001", transid="a"), item("7102", description="Bad number"), item("1001", transid="c")]
    results, _ = post(imiconnect(), calls(3), {"status": 200, "json": {"response": items}})
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.ACCEPTED]
    assert [result.provider_id for result in results] == ["a", "", "c"]
    assert results[1].error
    assert results[1].error.sentence == ("IMIconnect cannot call this number; correct it. IMIconnect says: Bad number.")


def test_items_that_fit_no_destination_leave_all_unknown() -> None:
    items = [item("1001"), item("7102")]
    results, _ = post(imiconnect(), calls(3), {"status": 200, "json": {"response": items}})
    assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 3


OF_ONE_DESTINATION = {"7102", "8009"}


@pytest.mark.parametrize("code", sorted(CODES.keys() - OF_ONE_DESTINATION - {"7009", "7022"}))
def test_one_item_that_is_about_the_request_counts_for_all(code: str) -> None:
    results, _ = post(imiconnect(), calls(3), coded(code))
    assert [result.outcome for result in results] == [CODES[code][0]] * 3


@pytest.mark.parametrize("code", sorted(OF_ONE_DESTINATION))
def test_one_item_that_is_about_a_destination_leaves_all_unknown(code: str) -> None:
    results, _ = post(imiconnect(), calls(3), coded(code))
    assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 3


def test_one_queued_item_counts_for_all() -> None:
    results, _ = post(imiconnect(), calls(3), QUEUED)
    assert [(result.outcome, result.provider_id) for result in results] == [(Outcome.ACCEPTED, "48ceebcb")] * 3


@pytest.mark.parametrize("code", ["1001", "7006", "7102"])
def test_equal_items_that_are_too_few_leave_all_unknown(code: str) -> None:
    two = {"status": 200, "json": {"response": [item(code, transid="a"), item(code, transid="b")]}}
    results, _ = post(imiconnect(), calls(3), two)
    assert [(result.outcome, result.provider_id) for result in results] == [(Outcome.UNKNOWN, "")] * 3


@pytest.mark.parametrize("code", ["7009", "7022"])
def test_request_that_is_too_large_goes_out_in_halves(code: str) -> None:
    results, requests = post(imiconnect(), calls(3), coded(code), QUEUED, QUEUED)
    assert [len(json.loads(request.body)["destination"]) for request in requests] == [3, 1, 2]
    assert [result.outcome for result in results] == [Outcome.ACCEPTED] * 3


def test_partial_success_is_read_item_by_item() -> None:
    items = [item("1001", transid="a"), item("7102")]
    answer = {"status": 200, "json": {"code": "1002", "description": "Partial success", "response": items}}
    results, _ = post(imiconnect(), calls(2), answer)
    assert [(result.outcome, result.provider_id) for result in results] == [
        (Outcome.ACCEPTED, "a"),
        (Outcome.REJECTED, ""),
    ]


def test_partial_success_without_items_leaves_all_unknown() -> None:
    results, _ = post(imiconnect(), calls(3), coded("1002"))
    assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 3
