"""Kaleyra: every kind of message as its pages show it, each request compared whole."""

import json
from typing import Any

import pytest

from providers import Button, ConfigurationError, Content, Flow, Media, OutboundMessage, Outcome, TemplateMessage, Text
from tests.providers.kaleyra_account import ACCEPTED, HOST, SENDER, SID, failure, kaleyra
from tests.providers.samples import PHONE, SECRET, message, post

PATH = f"/v2/{SID}/whatsapp/{SENDER}/messages"
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


@pytest.mark.parametrize(("content", "expected"), CONTENTS.values(), ids=CONTENTS)
def test_request(content: Content, expected: dict[str, Any]) -> None:
    [result], [request] = post(kaleyra(), [message(content)], ACCEPTED)
    assert (request.method, request.url) == ("POST", HOST + PATH)
    assert dict(request.headers) == {
        "User-Agent": "broadcaster",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/json",
        "api-key": SECRET,
        "Content-Length": str(len(request.body)),
    }
    assert json.loads(request.body) == {
        "messaging_object": {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": PHONE,
            **expected,
        },
        "extra_info": {"ref": "ref-0", "wa_source": "api"},
    }
    assert (result.outcome, result.provider_id) == (Outcome.ACCEPTED, "AXX")


def test_campaign_and_source_come_back_in_receipts() -> None:
    outgoing = message(Text.of("Hello"), campaign="Harvest " + "x" * 300)
    _, [request] = post(kaleyra(wa_source="shopify"), [outgoing], ACCEPTED)
    extra = json.loads(request.body)["extra_info"]
    assert extra == {"ref": "ref-0", "ref1": ("Harvest " + "x" * 300)[:255], "wa_source": "shopify"}


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


@pytest.mark.parametrize("sender", ["919812345678", "+0919812345678", "+91 98123 45678", "Shop", "+9198123456781234"])
def test_sender_that_is_no_phone_is_refused_before_anything_is_sent(sender: str) -> None:
    with pytest.raises(ConfigurationError, match="international form, such as"):
        kaleyra(sender=sender)


def test_account_id_cannot_change_the_address() -> None:
    _, [request] = post(kaleyra(sid="HX/../v1?a=b#c"), [message(Text.of("Hello"))], ACCEPTED)
    assert request.url == f"{HOST}/v2/HX%2F..%2Fv1%3Fa%3Db%23c/whatsapp/{SENDER}/messages"


def test_each_recipient_has_a_request_of_its_own() -> None:
    messages: list[OutboundMessage] = [message(Text.of("Hello"), number=number) for number in range(2)]
    low_balance = failure(400, "E110", "Please check your balance, You have a low balance!", "balance")
    results, requests = post(kaleyra(), messages, ACCEPTED, low_balance)
    assert [json.loads(request.body)["messaging_object"]["to"] for request in requests] == [PHONE, "+6281500000001"]
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.CHANNEL_HELD]
