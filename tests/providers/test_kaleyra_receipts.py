"""Kaleyra's callbacks: the published ones, and what an operator may make of them in the console."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from providers import DeliveryStatus, ReceiptEvent
from tests.providers.samples import client


def parse(body: object = None, *, form: dict[str, str] | None = None, **query: str) -> list[ReceiptEvent]:
    raw = urlencode(form).encode() if form else json.dumps(body).encode() if body is not None else b""
    return client("kaleyra").parse_receipts("POST" if raw else "GET", {}, query, raw)


def status_callback(status: object = "sent", **item: Any) -> dict[str, Any]:
    """The sample of the page on V2's status webhook."""
    statuses = [{"id": "wamid.X", "status": status, "timestamp": "1722834665", "recipient_id": "919407000000", **item}]
    return {
        "meta_object": {"value": {"messaging_product": "whatsapp", "statuses": statuses}, "field": "messages"},
        "extra_info": {"trace_id": "uuid", "message_id": "wamid.X", "ref": "ref-7", "ref1": "", "ref2": ""},
        "status": status,
        "message_id": "wamid.X",
    }


def reply(**message: Any) -> dict[str, Any]:
    item = {"from": "919407000000", "id": "wamid.Y", "timestamp": "1722834700", **message}
    value = {"contacts": [{"wa_id": "919407000000"}], "messages": [item]}
    return {"meta_object": {"value": value, "field": "messages"}, "extra_info": {"ref": "", "reply_to": "wamid.X"}}


def test_published_callback_is_read_whole() -> None:
    assert parse(status_callback()) == [
        ReceiptEvent(
            DeliveryStatus.SENT,
            provider_id="wamid.X",
            reference="ref-7",
            address="+919407000000",
            at=datetime(2024, 8, 5, 5, 11, 5, tzinfo=UTC),
        )
    ]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("sent", DeliveryStatus.SENT),
        ("SENT", DeliveryStatus.SENT),
        ("delivered", DeliveryStatus.DELIVERED),
        ("read", DeliveryStatus.READ),
        ("failed", DeliveryStatus.FAILED),
        ("Submit-Success", DeliveryStatus.QUEUED),
        ("Submit-Failure", DeliveryStatus.FAILED),
        ("NOT-SENT", DeliveryStatus.FAILED),
        ("not_sent", DeliveryStatus.FAILED),
        ("Not Sent", DeliveryStatus.FAILED),
        ("deleted", DeliveryStatus.UNKNOWN),
        ({"a": 1}, DeliveryStatus.UNKNOWN),
        (7, DeliveryStatus.UNKNOWN),
    ],
)
def test_status(word: object, status: DeliveryStatus) -> None:
    assert [event.status for event in parse(status_callback(word))] == [status]


def test_unknown_word_leaves_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    parse(status_callback("deleted"))
    assert "Kaleyra used an unknown delivery status: 'deleted'" in caplog.text


def test_failure_carries_metas_code_and_title() -> None:
    [event] = parse(status_callback("failed", errors=[{"code": 131026, "title": "Message undeliverable"}]))
    assert (event.code, event.reason) == ("131026", "Message undeliverable")


def test_opted_out_is_told_by_the_reason() -> None:
    [event] = parse({**status_callback("not-sent"), "reason": "Number Opted Out"})
    assert event.status is DeliveryStatus.OPTED_OUT


def test_opted_out_is_told_by_metas_code() -> None:
    [event] = parse(status_callback("failed", errors=[{"code": 131050, "title": "Unable to deliver"}]))
    assert event.status is DeliveryStatus.OPTED_OUT


def test_reason_alone_makes_no_opt_out_of_a_delivery() -> None:
    [event] = parse({**status_callback("delivered"), "reason": "not opted out"})
    assert event.status is DeliveryStatus.DELIVERED


def test_statuses_of_several_people_in_one_callback() -> None:
    callback = status_callback()
    callback["meta_object"]["value"]["statuses"] *= 3
    assert len(parse([callback, callback])) == 6


@pytest.mark.parametrize(
    ("words", "status"),
    [("sent", "sent"), ("delivered", "delivered"), ("read", "read"), ("0", "failed"), ("9", "unknown")],
)
def test_first_versions_callback_by_query(words: str, status: str) -> None:
    [event] = parse(id="AXX", status=words)
    assert (event.provider_id, event.status) == ("AXX", status)


def test_callback_as_a_form() -> None:
    [event] = parse(form={"message_id": "AXX", "status": "DELIVERED", "ref": "ref-7", "mobile": "+91 94070-00000"})
    assert event == ReceiptEvent(DeliveryStatus.DELIVERED, "AXX", "ref-7", "+919407000000")


def test_flat_callback_as_json() -> None:
    [event] = parse({"id": "AXX", "status": "read", "to": "919407000000", "ref": "ref-7"})
    assert event == ReceiptEvent(DeliveryStatus.READ, "AXX", "ref-7", "+919407000000")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"type": "text", "text": {"body": "STOP"}}, "STOP"),
        ({"type": "button", "button": {"payload": "stop", "text": "No more"}}, "stop"),
        ({"type": "button", "button": {"text": "No more"}}, "No more"),
        ({"type": "interactive", "interactive": {"button_reply": {"id": "b1", "title": "Yes"}}}, "b1"),
        ({"type": "interactive", "interactive": {"list_reply": {"id": "l1", "title": "One"}}}, "l1"),
        ({"type": "interactive", "interactive": {"nfm_reply": {"response_json": '{"a":1}'}}}, '{"a":1}'),
        ({"type": "image", "image": {"caption": "Here"}}, "Here"),
        ({"type": "sticker"}, ""),
    ],
)
def test_reply_is_inbound(content: dict[str, Any], text: str) -> None:
    [event] = parse(reply(**content))
    assert (event.status, event.address, event.inbound) == (None, "+919407000000", text)


@pytest.mark.parametrize("body", [{}, [], {"meta_object": None}, {"meta_object": {"value": []}}, "x", 5])
def test_callback_about_nothing_gives_nothing(body: object) -> None:
    assert parse(body) == []
