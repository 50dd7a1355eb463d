"""IMIconnect: voice calls as the Messaging API page shows them, each request compared whole."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

import providers
from providers import ConfigurationError, OutboundMessage, Outcome, Recipient, VoiceCall, connect
from providers.adapters.imiconnect import Client
from tests.providers.samples import PHONE, SECRET, client, message, post

PATH = "/resources/v1/messaging"
CALL = VoiceCall(flow_id="184")


def imiconnect(**config: Any) -> providers.Client:
    return client("imiconnect", **{"base_url": "", **config})


QUEUED = {"status": 200, "json": {"response": [{"code": "1001", "transid": "48ceebcb", "description": "Queued"}]}}

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


@pytest.mark.parametrize(("config", "outgoing", "expected"), REQUESTS.values(), ids=REQUESTS)
def test_request(config: dict[str, Any], outgoing: OutboundMessage, expected: dict[str, Any]) -> None:
    [result], [request] = post(imiconnect(**config), [outgoing], QUEUED)
    assert (request.method, request.url) == ("POST", f"https://api.imiconnect.io{PATH}")
    assert dict(request.headers) == {
        "User-Agent": "broadcaster",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/json",
        "key": SECRET,
        "Content-Length": str(len(request.body)),
    }
    assert json.loads(request.body) == {
        "deliverychannel": "voice",
        "destination": [{"msisdn": [PHONE], "correlationid": "ref-0"}],
        "correlationid": "ref-0",
        "priority": "2",
        **expected,
    }
    assert (result.outcome, result.provider_id) == (Outcome.ACCEPTED, "48ceebcb")


HOSTS: dict[str, tuple[dict[str, Any], str]] = {
    "nothing chosen": ({}, "https://api.imiconnect.io"),
    "older host": ({"region": "api-us.imiconnect.io"}, "https://api-us.imiconnect.io"),
    "region": ({"region": "api.au.webexconnect.io"}, "https://api.au.webexconnect.io"),
    "a base URL that was saved before": ({"base_url": "https://api.imiconnect.in/"}, "https://api.imiconnect.in"),
    "base URL above all": (
        {"region": "api.us1.webexconnect.io", "base_url": "http://127.0.0.1:9000/imiconnect"},
        "http://127.0.0.1:9000/imiconnect",
    ),
}


@pytest.mark.parametrize(("config", "host"), HOSTS.values(), ids=HOSTS)
def test_region_decides_the_address_unless_there_is_another(config: dict[str, Any], host: str) -> None:
    _, [request] = post(imiconnect(**config), [message(CALL)], QUEUED)
    assert request.url == host + PATH


def test_every_documented_host_can_be_chosen() -> None:
    regions = {f"api.{place}.webexconnect.io" for place in ("ca", "eu", "uk", "us", "us1", "in", "au")}
    older = {f"api.imiconnect.{place}" for place in ("ca", "io", "eu", "us", "in", "com")}
    [region] = [field for field in Client.config_fields if field.name == "region"]
    assert {host for host, _ in region.choices} == regions | older | {"api-us.imiconnect.io"}
    with pytest.raises(ConfigurationError, match="Region must be one of"):
        imiconnect(region="api.example.org")


def calls(count: int) -> list[OutboundMessage]:
    return [message(CALL, number=number) for number in range(count)]


def test_thousand_destinations_share_a_request() -> None:
    results, requests = post(imiconnect(), calls(1001), QUEUED, QUEUED)
    destinations = [json.loads(request.body)["destination"] for request in requests]
    assert [len(each) for each in destinations] == [1000, 1]
    assert destinations[0][999]["correlationid"] == "ref-999"
    assert {result.provider_id for result in results} == {"48ceebcb"}


@pytest.mark.parametrize(
    ("batch_size", "rate", "limit"),
    [(1000, None, 1000), (1000, 10, 10), (1000, 1, 1), (1000, 5_000, 1000), (4, 10, 4), ("", 50, 50)],
)
def test_request_holds_no_more_calls_than_the_channel_makes_in_a_second(
    batch_size: object, rate: int | None, limit: int
) -> None:
    config = {"batch_size": batch_size}
    account = connect("imiconnect", config=config, secrets={"service_key": SECRET}, rate_per_second=rate)
    assert account.batch_limit() == limit
    assert [len(group) for group in account.split(calls(limit + 1))] == [limit, 1]


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


@pytest.mark.parametrize("letter", ["x", "é", "ह", "\U0001f389"])
def test_callback_data_stays_under_two_kilobytes(letter: str) -> None:
    _, [request] = post(imiconnect(), [message(CALL, campaign=letter * 9_000)], QUEUED)
    assert 500 <= len(json.loads(request.body)["callbackData"].encode()) <= 2_048


@pytest.mark.parametrize("call", [VoiceCall(), VoiceCall(flow_id="184", prompt_id="354")], ids=["neither", "both"])
def test_call_needs_exactly_one_thing_to_say(call: VoiceCall) -> None:
    assert [problem.field for problem in imiconnect().validate(message(call))] == ["flow_id"]


@pytest.mark.parametrize(("expires_in_s", "problems"), [(-1, ["expires_at"]), (60, [])])
def test_expiry_must_be_to_come(expires_in_s: int, problems: list[str]) -> None:
    outgoing = message(CALL, expires_at=datetime.now(UTC) + timedelta(seconds=expires_in_s))
    assert [problem.field for problem in imiconnect().validate(outgoing)] == problems


@pytest.mark.parametrize("reference", ["x" * 51, "réf", ""])
def test_correlation_id_that_would_not_fit_is_refused(reference: str) -> None:
    outgoing = OutboundMessage(reference, Recipient(PHONE), CALL)
    assert [problem.field for problem in imiconnect().validate(outgoing)] == ["reference"]
