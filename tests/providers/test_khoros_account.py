"""Khoros Flow: whether the key works, what its webhook brings, and who may post it."""

import json
from typing import Any

import pytest
import requests
import responses

from providers import Client, InvalidSignature, ReceiptEvent, connect
from tests.providers.samples import SECRET, client


def khoros() -> Client:
    return client("khoros", base_url="https://api.flow.ai")


def receipts(body: object) -> list[ReceiptEvent]:
    return khoros().parse_receipts("POST", {}, {}, json.dumps(body).encode())


def test_inbound_message_is_read() -> None:
    originator = {"name": "John", "phoneNumber": "12345678901"}
    [event] = receipts({"type": "inbound", "originator": originator, "query": "STOP"})
    assert (event.status, event.address, event.inbound) == (None, "+12345678901", "STOP")


def test_what_a_webhook_action_heard_is_read() -> None:
    originator = {"name": "John", "phoneNumber": "+12345678901"}
    [event] = receipts({"type": "action", "threadId": "t", "originator": originator, "query": "STOP", "params": {}})
    assert (event.status, event.address, event.inbound) == (None, "+12345678901", "STOP")


def test_inbound_message_of_an_identifier_is_read() -> None:
    [event] = receipts({"type": "inbound", "originator": {"identifier": "psid-7"}, "payload": {"speech": "Hi"}})
    assert (event.address, event.inbound) == ("psid-7", "Hi")


@pytest.mark.parametrize("kind", ["outbound", "threads", "paused", "takeover", "an event of next year", None, {}])
def test_other_events_say_nothing_about_messages(kind: object) -> None:
    assert receipts({"type": kind, "originator": {"phoneNumber": "12345678901"}}) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"type": "action"}', b'{"verifyToken": null}', b'{"verifyToken": "another"}', b'{"verifyToken": ["'],
)
def test_verify_token_is_asked_for_where_the_channel_has_one(body: bytes) -> None:
    client = khoros()  # which has every secret
    client.authenticate({}, json.dumps({"type": "action", "verifyToken": SECRET}).encode())
    with pytest.raises(InvalidSignature):
        client.authenticate({}, body)


def test_verify_token_is_not_kept_and_all_else_is() -> None:
    said = {"type": "action", "query": f"not {SECRET} but", "originator": {}}
    body = json.dumps({"verifyToken": SECRET, **said}).encode()
    assert json.loads(khoros().kept(body)) == {"verifyToken": "[redacted]", **said}
    assert connect("khoros", config={"external_id": "1"}, secrets={"api_key": SECRET}).kept(body) == body


def test_without_a_verify_token_every_event_is_heard() -> None:
    client = connect("khoros", config={"external_id": "1"}, secrets={"api_key": SECRET})
    client.authenticate({}, b'{"type": "inbound"}')


CHECKS: dict[str, tuple[dict[str, Any], bool, str]] = {
    "right key": ({"json": {"status": "ok", "segments": []}}, True, "Khoros Flow takes the key."),
    "wrong key": ({"status": 401}, False, "Khoros Flow does not know the key."),
    "key without the right": ({"status": 403, "json": {"error": "no"}}, False, "The key may not send."),
    "wrong address": ({"status": 404}, False, "There is no such service at the channel's address;"),
    "its own trouble": ({"status": 500}, False, "Khoros Flow has trouble of its own (HTTP 500)."),
    "busy": ({"status": 503}, False, "Khoros Flow has trouble of its own (HTTP 503)."),
    "somebody else": ({"body": "<html>"}, False, "Somebody answers at api.flow.ai, but not as Khoros Flow does;"),
    "yes in other words": ({"json": {"status": ["ok"]}}, False, "Somebody answers at api.flow.ai,"),
    "no connection": ({"body": requests.ConnectTimeout()}, False, "Khoros Flow cannot be reached at api.flow.ai."),
    "no answer": ({"body": requests.ReadTimeout()}, False, "Khoros Flow takes connections at api.flow.ai,"),
}


@pytest.mark.parametrize(("answer", "ok", "words"), CHECKS.values(), ids=CHECKS)
def test_connection_is_tested_by_listing_segments(answer: dict[str, Any], ok: bool, words: str) -> None:  # noqa: FBT001
    with responses.RequestsMock() as server:
        server.add("GET", "https://api.flow.ai/rest/v1/broadcast/segments?sync=true", **answer)
        health = khoros().check()
        assert server.calls[0].request.headers["Authorization"] == SECRET
    assert (health.ok, health.sentence[: len(words)]) == (ok, words)
