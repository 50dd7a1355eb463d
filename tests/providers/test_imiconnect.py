"""IMIconnect: voice calls as the Messaging API page shows them, and every code that it or Webex Connect lists."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from providers import Client, OutboundMessage, Outcome, Recipient, VoiceCall
from tests.providers.samples import PHONE, SECRET, client, message, post

URL = "https://api.imiconnect.io/resources/v1/messaging"
CALL = VoiceCall(flow_id="184")


def imiconnect(**config: Any) -> Client:
    settings = {"base_url": "https://api.imiconnect.io", **config}
    return client("imiconnect", **settings)


def item(code: object, *, transid: str = "48ceebcb", description: str = "") -> dict[str, Any]:
    return {"code": code, "transid": transid, "description": description}


def coded(code: str, status: int = 200) -> dict[str, Any]:
    return {"status": status, "json": {"response": [item(code)]}}


QUEUED = coded("1001")

REQUESTS: dict[str, tuple[dict[str, Any], OutboundMessage, dict[str, Any]]] = {
    "call flow": (
        {},
        message(CALL),
        {"channels": {"voice": {"callflowid": "184"}}},
    ),
    "prompt": (
        {},
        message(VoiceCall(prompt_id="354")),
        {"channels": {"voice": {"media": "354"}}},
    ),
    "prompt under its newer name": (
        {"prompt_field": "promptid"},
        message(VoiceCall(prompt_id="354")),
        {"channels": {"voice": {"promptid": "354"}}},
    ),
    "caller of the channel": (
        {"caller_id": "0453745878"},
        message(CALL),
        {"channels": {"voice": {"callflowid": "184", "cli": "0453745878"}}},
    ),
    "caller of the content": (
        {"caller_id": "0453745878"},
        message(VoiceCall(flow_id="184", caller_id="0450000000")),
        {"channels": {"voice": {"callflowid": "184", "cli": "0450000000"}}},
    ),
    "customer id": (
        {},
        message(CALL, recipient=Recipient(identifier="C-17")),
        {
            "channels": {"voice": {"callflowid": "184"}},
            "destination": [{"customerid": ["C-17"], "correlationid": "ref-0"}],
        },
    ),
    "everything else": (
        {},
        message(
            CALL,
            expires_at=datetime(2030, 1, 1, 7, 0, tzinfo=timezone(timedelta(hours=7))),
            priority=3,
            notify_url="https://broadcasts.example.org/receipts/token/",
            campaign="Harvest",
        ),
        {
            "channels": {"voice": {"callflowid": "184"}},
            "expiry": "2030-01-01T00:00:00.000Z",
            "priority": "3",
            "notifyurl": "https://broadcasts.example.org/receipts/token/",
            "callbackData": "Harvest",
        },
    ),
}

CODES = {
    "1001": Outcome.ACCEPTED,
    "7000": Outcome.REJECTED,
    "7001": Outcome.CHANNEL_REJECTED,
    "7002": Outcome.CHANNEL_REJECTED,
    "7003": Outcome.REJECTED,
    "7004": Outcome.REJECTED,
    "7005": Outcome.REJECTED,
    "7006": Outcome.RETRY,
    "7007": Outcome.CHANNEL_REJECTED,
    "7009": Outcome.REJECTED,  # of a single destination: with more, the request goes out in halves
    "7010": Outcome.CHANNEL_REJECTED,
    "7016": Outcome.RETRY,
    "7020": Outcome.RETRY,
    "7022": Outcome.REJECTED,
    "7101": Outcome.CHANNEL_REJECTED,
    "7102": Outcome.REJECTED,
    "7104": Outcome.CHANNEL_REJECTED,
    "7127": Outcome.CHANNEL_REJECTED,
    "8009": Outcome.REJECTED,
    "9999": Outcome.UNKNOWN,
}

# The answer's shape is not documented: all of these have been met in public clients, or cannot be excluded.
SHAPES: dict[str, tuple[Any, Outcome]] = {
    "list in response": ({"response": [item("1001")]}, Outcome.ACCEPTED),
    "object in response": ({"response": item("1001")}, Outcome.ACCEPTED),
    "bare list": ([item("1001")], Outcome.ACCEPTED),
    "bare object": (item("1001"), Outcome.ACCEPTED),
    "code as a number": ({"response": [item(1001)]}, Outcome.ACCEPTED),
    "no code": ({"response": [{"transid": "48ceebcb"}]}, Outcome.UNKNOWN),
    "partial success of a whole": ({"response": [item("1002")]}, Outcome.UNKNOWN),
    "nothing": ({"response": []}, Outcome.UNKNOWN),
}


@pytest.mark.parametrize(("config", "outgoing", "expected"), REQUESTS.values(), ids=REQUESTS)
def test_request(config: dict[str, Any], outgoing: OutboundMessage, expected: dict[str, Any]) -> None:
    _, [request] = post(imiconnect(**config), [outgoing], QUEUED)
    assert (request.method, request.url) == ("POST", URL)
    assert json.loads(request.body) == {
        "deliverychannel": "voice",
        "destination": [{"msisdn": [PHONE], "correlationid": "ref-0"}],
        "correlationid": "ref-0",
        "priority": "2",
        **expected,
    }


def test_headers_carry_the_service_key() -> None:
    _, [request] = post(imiconnect(), [message(CALL)], QUEUED)
    assert dict(request.headers) == {
        "User-Agent": "broadcaster",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/json",
        "key": SECRET,
        "Content-Length": str(len(request.body)),
    }


@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize(("code", "outcome"), CODES.items())
def test_code_decides_before_the_http_status(code: str, outcome: Outcome, status: int) -> None:
    [result], _ = post(imiconnect(), [message(CALL)], coded(code, status))
    assert (result.outcome, result.provider_id) == (outcome, "48ceebcb" if code == "1001" else "")
    assert result.error is None or result.error.code == code


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


def calls(count: int) -> list[OutboundMessage]:
    return [message(CALL, number=number) for number in range(count)]


def test_thousand_destinations_share_a_request() -> None:
    results, requests = post(imiconnect(batch_size=1000), calls(1001), QUEUED, QUEUED)
    destinations = [json.loads(request.body)["destination"] for request in requests]
    assert [len(each) for each in destinations] == [1000, 1]
    assert destinations[0][999]["correlationid"] == "ref-999"
    assert {result.provider_id for result in results} == {"48ceebcb"}


@pytest.mark.parametrize(
    "changes",
    [
        {"priority": 3},
        {"expires_at": datetime(2030, 1, 1, tzinfo=UTC)},
        {"notify_url": "https://elsewhere.example.org/"},
        {"campaign": "Other"},
    ],
)
def test_calls_that_differ_outside_the_destination_share_no_request(changes: dict[str, Any]) -> None:
    messages = [message(CALL), message(CALL, number=1, **changes)]
    assert len(list(imiconnect().split(messages))) == 2


def test_item_for_each_destination_is_read_one_by_one() -> None:
    items = [item("1001", transid="a"), item("7102", description="Bad number"), item("1001", transid="c")]
    results, _ = post(imiconnect(), calls(3), {"status": 200, "json": {"response": items}})
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.ACCEPTED]
    assert [result.provider_id for result in results] == ["a", "", "c"]
    assert results[1].error
    assert results[1].error.sentence == "IMIconnect: Bad number"


def test_items_that_fit_no_destination_leave_all_unknown() -> None:
    items = [item("1001"), item("7102")]
    results, _ = post(imiconnect(), calls(3), {"status": 200, "json": {"response": items}})
    assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 3


@pytest.mark.parametrize("code", ["7009", "7022"])
def test_request_that_is_too_large_goes_out_in_halves(code: str) -> None:
    results, requests = post(imiconnect(), calls(3), coded(code), QUEUED, QUEUED)
    assert [len(json.loads(request.body)["destination"]) for request in requests] == [3, 1, 2]
    assert [result.outcome for result in results] == [Outcome.ACCEPTED] * 3


def test_callback_data_is_bounded() -> None:
    _, [request] = post(imiconnect(), [message(CALL, campaign="x" * 9_000)], QUEUED)
    assert len(json.loads(request.body)["callbackData"]) == 500


@pytest.mark.parametrize("call", [VoiceCall(), VoiceCall(flow_id="184", prompt_id="354")], ids=["neither", "both"])
def test_call_needs_exactly_one_thing_to_say(call: VoiceCall) -> None:
    assert [problem.field for problem in imiconnect().validate(message(call))] == ["flow_id"]


@pytest.mark.parametrize("reference", ["x" * 51, "réf", ""])
def test_correlation_id_that_would_not_fit_is_refused(reference: str) -> None:
    outgoing = OutboundMessage(reference, Recipient(PHONE), CALL)
    assert [problem.field for problem in imiconnect().validate(outgoing)] == ["reference"]
