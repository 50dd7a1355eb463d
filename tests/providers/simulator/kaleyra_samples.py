"""Requests to Kaleyra's door as its document (seed 002) shows them."""

from typing import Any

import requests

from tests.simulating import Simulator

SENDER = "+911234567890"
RECIPIENT = "+919812345678"
FLOW_PARAMETERS = {
    "flow_message_version": "3",
    "flow_token": "token",
    "flow_id": "1234",
    "flow_cta": "Open",
    "mode": "published",
    "flow_action": "navigate",
    "flow_action_payload": {"screen": "START", "data": {"k": "v"}},
}
TEMPLATE = {
    "name": "promo",
    "language": {"code": "en"},
    "components": [
        {"type": "body", "parameters": [{"type": "text", "text": "Ann"}]},
        {
            "type": "button",
            "sub_type": "url",
            "index": "0",
            "parameters": [{"type": "text", "text": "x"}],
        },
    ],
}


def flow_request(to: str = RECIPIENT) -> dict[str, Any]:
    """The seed's sample request, with Meta's parameters in the place of its comment."""
    return {
        "messaging_object": {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": to,
            "type": "interactive",
            "interactive": {
                "type": "flow",
                "header": {"type": "text", "text": "Flow message header"},
                "body": {"text": "Flow message body"},
                "footer": {"text": "Flow message footer"},
                "action": {"name": "flow", "parameters": dict(FLOW_PARAMETERS)},
            },
        },
        "extra_info": {
            "ref": "customer1",
            "ref1": "marketing",
            "ref2": "dictionary",
            "wa_source": "api",
        },
    }


def text_request(to: str = RECIPIENT, **extra: str) -> dict[str, Any]:
    message = {
        "messaging_product": "whatsapp",
        "to": to,
        "type": "text",
        "text": {"preview_url": "false", "body": "Hi"},
    }
    return {"messaging_object": message, "extra_info": extra}


def post(
    simulator: Simulator,
    body: object,
    *,
    sid: str = "HXAP16XXXXXX97IN",
    sender: str = SENDER,
    headers: dict[str, str] | None = None,
) -> requests.Response:
    url = f"{simulator.url}/kaleyra/v2/{sid}/whatsapp/{sender}/messages"
    return requests.post(url, json=body, headers={"api-key": "key"} if headers is None else headers, timeout=10)
