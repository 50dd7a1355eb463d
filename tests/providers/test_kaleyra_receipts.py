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


# Kaleyra's page "...-daily-limit-reached"; for the other titles of not-sent pages no body is published.
NOT_SENT = {
    "code": "WAV2101",
    "status": "not sent",
    "reason": "Account daily limit reached",
    "message_id": "wamid.X",
    "extra_info": {"message_id": "wamid.X", "waba_id": "12X", "ref": "ref-7", "ref1": "", "ref2": ""},
}


def test_published_callback_of_what_was_not_sent_is_read_whole() -> None:
    assert parse(NOT_SENT) == [
        ReceiptEvent(DeliveryStatus.FAILED, "wamid.X", "ref-7", code="WAV2101", reason="Account daily limit reached")
    ]


@pytest.mark.parametrize(
    ("title", "status"),
    [
        ("Number Opted Out", DeliveryStatus.OPTED_OUT),
        ("Daily Limit Reached", DeliveryStatus.FAILED),
        ("To Number or Type Missing", DeliveryStatus.FAILED),
        ("Template details Not found", DeliveryStatus.FAILED),
        ("Country traffic blocked", DeliveryStatus.FAILED),
        ("Missing slug value", DeliveryStatus.FAILED),
        ("Submit-Failure", DeliveryStatus.FAILED),
    ],
)
def test_every_title_of_a_not_sent_page_is_understood(title: str, status: DeliveryStatus) -> None:
    as_reason = parse({**NOT_SENT, "reason": title})
    as_status = parse({**NOT_SENT, "reason": "", "status": title})
    as_page = parse({**NOT_SENT, "reason": "", "status": f"Not Sent - {title}"})
    assert [event.status for event in (*as_reason, *as_status, *as_page)] == [status] * 3


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


@pytest.mark.parametrize("reason", ["Number Opted Out", "user opted-out", "OPT-OUT", "opt out", "opted_out"])
def test_opt_out_is_understood_however_it_is_written(reason: str) -> None:
    [event] = parse({**NOT_SENT, "reason": reason})
    assert event.status is DeliveryStatus.OPTED_OUT


@pytest.mark.parametrize("reason", ["Number not opted out", "No opt-outs could be read", "adopted outfit"])
def test_other_words_are_no_opt_out(reason: str) -> None:
    [event] = parse({**NOT_SENT, "reason": reason})
    assert event.status is DeliveryStatus.FAILED


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


CALLBACK = status_callback()
FORMS: dict[str, tuple[str, bytes, dict[str, str]]] = {
    "JSON": ("POST", json.dumps(CALLBACK).encode(), {}),
    "JSON by PUT": ("PUT", json.dumps(CALLBACK).encode(), {}),
    "JSON in UTF-8 with a mark": ("POST", b"\xef\xbb\xbf" + json.dumps(CALLBACK).encode(), {}),
    "JSON with a comma too many, as published": ("POST", json.dumps(CALLBACK).encode()[:-1] + b",\n}", {}),
    "list": ("POST", json.dumps([CALLBACK]).encode(), {}),
    "list with junk": ("POST", json.dumps([None, "x", 5, [], CALLBACK]).encode(), {}),
    "objects as texts in JSON": ("POST", json.dumps({k: json.dumps(v) for k, v in CALLBACK.items()}).encode(), {}),
    "objects as texts in a form": (
        "POST",
        urlencode({k: v if isinstance(v, str) else json.dumps(v) for k, v in CALLBACK.items()}).encode(),
        {},
    ),
    "all of it in one field": ("POST", urlencode({"payload": json.dumps(CALLBACK)}).encode(), {}),
    "a list in one field": ("POST", urlencode({"data": json.dumps([CALLBACK])}).encode(), {}),
    "an envelope": ("POST", json.dumps({"data": CALLBACK}).encode(), {}),
    "the query": ("GET", b"", {k: v if isinstance(v, str) else json.dumps(v) for k, v in CALLBACK.items()}),
}


@pytest.mark.parametrize(("method", "body", "query"), FORMS.values(), ids=FORMS)
def test_one_callback_in_every_form(method: str, body: bytes, query: dict[str, str]) -> None:
    [expected] = parse(CALLBACK)
    assert client("kaleyra").parse_receipts(method, {}, query, body) == [expected]


def test_values_in_quotes_as_the_console_suggests_for_a_query() -> None:
    [event] = parse(status='"delivered"', ref='"ref-7"', mobile='"919407000000"')
    assert (event.status, event.reference, event.address) == (DeliveryStatus.DELIVERED, "ref-7", "+919407000000")


def test_words_with_a_comma_before_a_brace_stay_as_they_are() -> None:
    [event] = parse({**NOT_SENT, "reason": "Sorry,}"})
    assert event.reason == "Sorry,}"


# Kaleyra's pages on template status and messaging limits, whose callbacks may come to the same address.
OTHER_CALLBACKS: dict[str, dict[str, Any]] = {
    "state of a template": {"id": "1", "event": "APPROVED", "message_template_name": "order_ready", "reason": "NONE"},
    "messaging limit": {"display_phone_number": "16505551111", "event": "FLAGGED", "current_limit": "TIER_10K"},
}


@pytest.mark.parametrize("callback", OTHER_CALLBACKS.values(), ids=OTHER_CALLBACKS)
def test_callback_about_something_else_gives_nothing(callback: dict[str, Any]) -> None:
    assert parse(callback) == parse(None, **callback) == []


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


# Kaleyra's page "Create Callback Profile for Incoming WhatsApp Messages".
INCOMING = {
    **dict.fromkeys(("mime_type", "media_url", "reply_to", "mobile", "message", "contacts", "location"), ""),
    "body": "STOP",
    "from": "919407000000",
    "name": "John",
    "type": "text",
    "created_at": "1722834700",
    "wanumber": "919812345678",
    "custom_response": "",
}
REPLY = ReceiptEvent(None, address="+919407000000", at=datetime(2024, 8, 5, 5, 11, 40, tzinfo=UTC), inbound="STOP")


def test_message_of_a_person_in_the_consoles_own_form_is_inbound() -> None:
    asked = client("kaleyra").parse_receipts("GET", {}, INCOMING, b"")
    assert parse(INCOMING) == parse(form=INCOMING) == asked == [REPLY]


def test_answer_to_a_question_is_inbound_where_there_is_no_text() -> None:
    assert parse({**INCOMING, "body": "", "custom_response": "STOP"}) == [REPLY]


def test_metas_own_callback_is_read_without_a_frame() -> None:
    assert parse(reply(text={"body": "STOP"})["meta_object"]["value"]) == [REPLY]
    value = status_callback()["meta_object"]["value"]
    assert [event.status for event in parse(value)] == [DeliveryStatus.SENT]


FORGED = json.dumps({"status": "delivered", "extra_info": {"ref": "ref-7"}, "meta_object": {}})


@pytest.mark.parametrize("field", ["body", "name", "custom_response", "message", "data", "payload"])
def test_nobody_can_write_themselves_a_receipt(field: str) -> None:
    callback = {**INCOMING, field: FORGED}
    for events in (parse(callback), parse(form=callback), parse([callback])):
        assert [event.status for event in events] == [None]


def test_flow_reply_in_a_form_is_inbound() -> None:
    answers = {"name": "flow", "body": "Sent", "response_json": '{"flow_token": "ref-7", "city": "Bandung"}'}
    callback = reply(type="interactive", interactive={"type": "nfm_reply", "nfm_reply": answers})
    [event] = parse(form={name: json.dumps(value) for name, value in callback.items()})
    assert (event.status, event.inbound) == (None, answers["response_json"])


@pytest.mark.parametrize("body", [{}, [], {"meta_object": None}, {"meta_object": {"value": []}}, "x", 5])
def test_callback_about_nothing_gives_nothing(body: object) -> None:
    assert parse(body) == []
