"""Kaleyra: every kind of message as its pages show it, and every failure that they list."""

import json
from typing import Any

import pytest

from providers import Button, Client, Content, Flow, Media, OutboundMessage, Outcome, TemplateMessage, Text
from tests.providers.samples import PHONE, SECRET, client, message, post

SID, SENDER = "HXAP16XXXXXX97IN", "+919812345678"
PATH = f"/v2/{SID}/whatsapp/{SENDER}/messages"
ACCEPTED = {
    "status": 202,
    "json": {"code": "WA202", "message": "Request Accepted", "data": {"message_id": "AXX"}, "error": {}},
}
FLOW = Flow(
    header="Flow message header",
    body="Flow message body",
    footer="Flow message footer",
    cta="Open",
    flow_id="123",
    token="token-1",
    screen="START",
    data={"city": "Bandung"},
)


def kaleyra(**config: Any) -> Client:
    settings = {"base_url": "", "sid": SID, "sender": SENDER, **config}
    return client("kaleyra", **settings)


def failure(status: int, code: str, sentence: str, field: str, data: object = None) -> dict[str, Any]:
    """A "Sample Failure Response" of the page."""
    body = {"code": code, "message": sentence, "data": data or {}, "error": {field: sentence}}
    return {"status": status, "json": body}


CONTENTS: dict[str, tuple[Content, dict[str, Any]]] = {
    "flow with everything": (
        FLOW,
        {
            "type": "interactive",
            "interactive": {
                "type": "flow",
                "header": {"type": "text", "text": "Flow message header"},
                "body": {"text": "Flow message body"},
                "footer": {"text": "Flow message footer"},
                "action": {
                    "name": "flow",
                    "parameters": {
                        "flow_message_version": "3",
                        "flow_token": "token-1",
                        "flow_id": "123",
                        "flow_cta": "Open",
                        "mode": "published",
                        "flow_action": "navigate",
                        "flow_action_payload": {"screen": "START", "data": {"city": "Bandung"}},
                    },
                },
            },
        },
    ),
    "flow with the least": (
        Flow(body="Body", cta="Open", flow_name="survey", action="data_exchange", mode="draft"),
        {
            "type": "interactive",
            "interactive": {
                "type": "flow",
                "body": {"text": "Body"},
                "action": {
                    "name": "flow",
                    "parameters": {
                        "flow_message_version": "3",
                        "flow_token": "ref-0",
                        "flow_name": "survey",
                        "flow_cta": "Open",
                        "mode": "draft",
                        "flow_action": "data_exchange",
                    },
                },
            },
        },
    ),
    "text": (
        Text.of("Hello"),
        {"type": "text", "text": {"preview_url": "false", "body": "Hello"}},
    ),
    "template with the least": (
        TemplateMessage("welcome", "en"),
        {"type": "template", "template": {"name": "welcome", "language": {"code": "en"}}},
    ),
    "template with everything": (
        TemplateMessage(
            "order_ready",
            "en_US",
            ("Nur", "12"),
            header=Media("image", "https://example.org/a.png"),
            buttons=(Button("url", "track/12"), Button("quick_reply", "STOP", 1), Button("flow", "token-1", 2)),
        ),
        {
            "type": "template",
            "template": {
                "name": "order_ready",
                "language": {"code": "en_US"},
                "components": [
                    {
                        "type": "header",
                        "parameters": [{"type": "image", "image": {"link": "https://example.org/a.png"}}],
                    },
                    {"type": "body", "parameters": [{"type": "text", "text": "Nur"}, {"type": "text", "text": "12"}]},
                    {
                        "type": "button",
                        "sub_type": "url",
                        "index": "0",
                        "parameters": [{"type": "text", "text": "track/12"}],
                    },
                    {
                        "type": "button",
                        "sub_type": "quick_reply",
                        "index": "1",
                        "parameters": [{"type": "payload", "payload": "STOP"}],
                    },
                    {
                        "type": "button",
                        "sub_type": "flow",
                        "index": "2",
                        "parameters": [{"type": "action", "action": {"flow_token": "token-1"}}],
                    },
                ],
            },
        },
    ),
    "template with a text header": (
        TemplateMessage("welcome", "en", header=Media("text", "Nur")),
        {
            "type": "template",
            "template": {
                "name": "welcome",
                "language": {"code": "en"},
                "components": [{"type": "header", "parameters": [{"type": "text", "text": "Nur"}]}],
            },
        },
    ),
}

# "Sample Failure Response", in the page's order; then the two that only the list of error codes or nothing shows.
ANSWERS: dict[str, tuple[dict[str, Any], Outcome, str]] = {
    "accepted": (ACCEPTED, Outcome.ACCEPTED, ""),
    "accepted in V2's other words": (
        {"status": 200, "json": {"code": "WA200", "data": {"message_id": "AXX"}}},
        *(Outcome.ACCEPTED, ""),
    ),
    "incorrect SID or key": (
        failure(401, "RBC001", "Incorrect SID or API key.", "error", []),
        *(Outcome.CHANNEL_REJECTED, "RBC001"),
    ),
    "not our number": (
        failure(401, "WA401", "Phone number is not present or does not belong to the account.", "phone_number"),
        *(Outcome.CHANNEL_REJECTED, "WA401"),
    ),
    "incorrect payload": (
        failure(400, "WA400", "Refer to correct payload format", "payload"),
        *(Outcome.REJECTED, "WA400"),
    ),
    "internal error": (failure(500, "WA500", "Please try again later", "error"), Outcome.RETRY, "WA500"),
    "low balance": (
        failure(400, "E110", "Please check your balance, You have a low balance!", "balance"),
        *(Outcome.CHANNEL_HELD, "E110"),
    ),
    "unauthorised account type": (
        failure(401, "WA-401", "API is not available for given customer.", "account"),
        *(Outcome.CHANNEL_REJECTED, "WA-401"),
    ),
    "number of another version": (
        failure(401, "WA-401", "The phone number you're using is associated with different Version", "phone_number"),
        *(Outcome.CHANNEL_REJECTED, "WA-401"),
    ),
    "stopped for good, whatever the status": (
        failure(400, "WA-401", "The phone number you're using is associated with different Version", "phone_number"),
        *(Outcome.CHANNEL_REJECTED, "WA-401"),
    ),
    "daily limit, whatever its status": (
        failure(403, "WAV2101", "Account daily limit reached", "error"),
        *(Outcome.CHANNEL_HELD, "WAV2101"),
    ),
    "daily limit as a yes": (
        failure(200, "WAV2101", "Account daily limit reached", "error"),
        *(Outcome.CHANNEL_HELD, "WAV2101"),
    ),
    "too fast": ({"status": 429, "json": {}}, Outcome.RETRY, "HTTP 429"),
    "unknown code": (failure(400, "WA999", "New", "error"), Outcome.REJECTED, "WA999"),
    "500 without their word for it": ({"status": 500, "body": "oops"}, Outcome.UNKNOWN, "HTTP 500"),
    "yes without an id": ({"status": 202, "json": {"code": "WA202", "data": []}}, Outcome.UNKNOWN, "WA202"),
    "yes with an id that is none": ({"status": 202, "json": {"data": {"message_id": {}}}}, Outcome.UNKNOWN, ""),
    "yes with an endless id": ({"status": 202, "json": {"data": {"message_id": "A" * 129}}}, Outcome.UNKNOWN, ""),
}

LIMITS: dict[str, tuple[Content, list[str]]] = {
    "flow without a body": (Flow(body="", cta="Open", flow_id="1", screen="S"), ["body"]),
    "button without a text": (Flow(body="b", cta="", flow_id="1", screen="S"), ["cta"]),
    "button of 21 characters": (Flow(body="b", cta="x" * 21, flow_id="1", screen="S"), ["cta"]),
    "header of 61 characters": (Flow(body="b", cta="x", flow_id="1", screen="S", header="x" * 61), ["header"]),
    "footer of 61 characters": (Flow(body="b", cta="x", flow_id="1", screen="S", footer="x" * 61), ["footer"]),
    "body of 1,025 characters": (Flow(body="x" * 1025, cta="x", flow_id="1", screen="S"), ["body"]),
    "flow by id and name": (Flow(body="b", cta="x", flow_id="1", flow_name="f", screen="S"), ["flow_id"]),
    "flow by neither": (Flow(body="b", cta="x", screen="S"), ["flow_id"]),
    "navigation to nowhere": (Flow(body="b", cta="x", flow_id="1"), ["screen"]),
    "unknown mode and action": (Flow(body="b", cta="x", flow_id="1", mode="m", action="a"), ["mode", "action"]),
    "template without name and language": (TemplateMessage("", ""), ["name", "language"]),
    "unknown header": (TemplateMessage("n", "en", header=Media("sticker", "")), ["header", "header"]),
    "unknown button": (TemplateMessage("n", "en", buttons=(Button("call", "1"),)), ["buttons"]),
    "empty text": (Text.of(""), ["text"]),
    "text of 4,097 characters": (Text.of("x" * 4097), ["text"]),
    "text with a file": (Text.of("x", attachments=("a",)), ["attachments"]),
    "longest of everything": (Flow(body="x" * 1024, cta="x" * 20, flow_id="1", screen="S", header="x" * 60), []),
}


@pytest.mark.parametrize(("content", "expected"), CONTENTS.values(), ids=CONTENTS)
def test_request(content: Content, expected: dict[str, Any]) -> None:
    _, [request] = post(kaleyra(), [message(content)], ACCEPTED)
    assert json.loads(request.body) == {
        "messaging_object": {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": PHONE,
            **expected,
        },
        "extra_info": {"ref": "ref-0", "wa_source": "api"},
    }


def test_campaign_and_source_come_back_in_receipts() -> None:
    outgoing = message(Text.of("Hello"), campaign="Harvest " + "x" * 300)
    _, [request] = post(kaleyra(wa_source="shopify"), [outgoing], ACCEPTED)
    extra = json.loads(request.body)["extra_info"]
    assert extra == {"ref": "ref-0", "ref1": ("Harvest " + "x" * 300)[:255], "wa_source": "shopify"}


def test_headers_carry_the_key() -> None:
    _, [request] = post(kaleyra(), [message(Text.of("Hello"))], ACCEPTED)
    assert dict(request.headers) == {
        "User-Agent": "broadcaster",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/json",
        "api-key": SECRET,
        "Content-Length": str(len(request.body)),
    }


@pytest.mark.parametrize(
    ("config", "host"),
    [
        ({}, "https://api.in.kaleyra.io"),
        ({"pod": "IN"}, "https://api.in.kaleyra.io"),
        ({"pod": "SG"}, "https://api.ap.kaleyra.io"),
        ({"pod": "EU"}, "https://api.eu.kaleyra.io"),
        ({"pod": "EU", "base_url": "http://127.0.0.1:9000/kaleyra/"}, "http://127.0.0.1:9000/kaleyra"),
    ],
)
def test_pod_decides_the_address_unless_there_is_another(config: dict[str, str], host: str) -> None:
    _, [request] = post(kaleyra(**config), [message(Text.of("Hello"))], ACCEPTED)
    assert request.url == f"{host}{PATH}"


@pytest.mark.parametrize(("answer", "outcome", "code"), ANSWERS.values(), ids=ANSWERS)
def test_answer(answer: dict[str, Any], outcome: Outcome, code: str) -> None:
    [result], _ = post(kaleyra(), [message(Text.of("Hello"))], answer)
    assert (result.outcome, result.error.code if result.error else "") == (outcome, code)
    assert result.provider_id == ("AXX" if outcome is Outcome.ACCEPTED else "")


def test_refusal_is_told_in_kaleyras_words() -> None:
    answer, _, _ = ANSWERS["low balance"]
    [result], _ = post(kaleyra(), [message(Text.of("Hello"))], answer)
    assert result.error
    assert result.error.sentence == "Kaleyra: Please check your balance, You have a low balance!"


@pytest.mark.parametrize(("content", "fields"), LIMITS.values(), ids=LIMITS)
def test_limit(content: Content, fields: list[str]) -> None:
    assert [problem.field for problem in kaleyra().validate(message(content))] == fields


def test_each_recipient_has_a_request_of_its_own() -> None:
    messages: list[OutboundMessage] = [message(Text.of("Hello"), number=number) for number in range(2)]
    results, requests = post(kaleyra(), messages, ACCEPTED, ANSWERS["low balance"][0])
    assert len(requests) == 2
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.CHANNEL_HELD]
