"""Kaleyra: WhatsApp flows, templates and texts through its V2 API, one recipient a request.

    POST https://api.in.kaleyra.io/v2/HXAP16XXXXXX97IN/whatsapp/+91XXXXXXXXXX/messages
    api-key: Axxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx3
    {"messaging_object": {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+91XXXXXXXXX",
       "type": "interactive", "interactive": {"type": "flow", "header": {"type": "text", "text": "..."},
         "body": {"text": "..."}, "footer": {"text": "..."}, "action": {"name": "flow", "parameters": {...}}}},
     "extra_info": {"ref": "customer1", "ref1": "marketing", "ref2": "dictionary", "wa_source": "api"}}
    202 {"code": "WA202", "message": "Request Accepted", "data": {"message_id": "AXXXXXXXXXXXXXXXXXXX"}, "error": {}}
    401 {"code": "WA401", "message": "Phone number is not ...", "data": {}, "error": {"phone_number": "..."}}

    a receipt, posted to the callback of the WhatsApp number:
    {"meta_object": {"value": {"statuses": [{"id": "wamid.X", "status": "sent", "timestamp": "1722834665",
       "recipient_id": "9194XXXXXXXX"}]}, "field": "messages"},
     "extra_info": {"message_id": "wamid.X", "ref": "customer1", "ref1": "", "ref2": ""}, "status": "sent"}

Sources: the "Send Flow Messages" page for the endpoint, its pods, errors and flows; Kaleyra's pages on text, template
and status webhooks; Meta's samples for what stands inside a flow, a header or a button.

The page says that the path's number is the customer's, but its error WA401 ("does not belong to the account") shows
that it is the sender. It allows several recipients with commas, which give one id for all: so never more than one here.
Nobody documents whether a receipt's id is the answer's, so receipts are matched by our `ref`; nor what the callbacks
for failed and not-sent messages hold beside their status.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from providers import client, limits, parsing, whatsapp, writing
from providers.capabilities import Capabilities
from providers.config import ConfigField
from providers.errors import (
    AnswerUnreadable,
    ChannelHeld,
    ChannelRejected,
    MessageRejected,
    ProviderError,
    TryLater,
)
from providers.http import Answer, Request
from providers.messages import Content, Flow, OutboundMessage, TemplateMessage, Text
from providers.outcomes import DeliveryStatus, FieldError, ReceiptEvent, SendResult
from providers.statuses import error_for_status

# "API Domain and Value".
PODS = {
    "IN": "https://api.in.kaleyra.io",
    "SG": "https://api.ap.kaleyra.io",
    "EU": "https://api.eu.kaleyra.io",
}
# "Supported values for wa_source"; any other is overridden with api.
SOURCES = (
    *("api", "clevertap", "zoho", "webengage", "shopify", "leadsquared", "responsys", "braze"),
    *("hubspot", "salesforce", "zapier", "eloqua", "moengage"),
)
# `code` of a failure, with its dash left out, for WA-401 and WA401 both stop the channel. All but the last from
# "Sample Failure Response"; the last from Kaleyra's list of error codes, which gives no HTTP status for it.
ERRORS: dict[str, type[ProviderError]] = {
    "RBC001": ChannelRejected,  # 401 incorrect SID or API key
    "WA401": ChannelRejected,  # 401 number, account type or version of the API
    "WA400": MessageRejected,  # 400 incorrect payload
    "E110": ChannelHeld,  # 400 low balance
    "WA500": TryLater,  # 500 "please try again later"
    "WAV2101": ChannelHeld,  # account daily limit reached
}
# `status` of a callback, in lower case: Meta's words from Kaleyra's page on status webhooks, not-sent from the titles
# of its pages, submit-success from V1's documentation; 0 is V1's failure, as a public client of V1 reads it.
STATUSES = {
    **whatsapp.STATUSES,
    "submit-success": DeliveryStatus.QUEUED,
    "submit-failure": DeliveryStatus.FAILED,
    "not-sent": DeliveryStatus.FAILED,
    "0": DeliveryStatus.FAILED,
}
REFERENCE_CHARACTERS = 255  # longer ones are truncated without a word
CTA_CHARACTERS = 20  # Meta, "Flow message"
HEADER_CHARACTERS, FOOTER_CHARACTERS = 60, 60  # Meta, "Interactive object"
BODY_CHARACTERS = 1024
TEXT_CHARACTERS = 4096


class Client(client.Client):
    """One WhatsApp number of a Kaleyra account."""

    label = "Kaleyra"
    capabilities = Capabilities(
        content_kinds=frozenset({"flow", "template", "text"}),
        channels=("WhatsApp",),
        correlation_bytes=REFERENCE_CHARACTERS,
        receipts="webhook",
        inbound=True,
    )
    config_fields = (
        ConfigField("pod", "Pod", "choice", default="IN", choices=tuple((pod, f"{pod} pod") for pod in PODS)),
        ConfigField("base_url", "Base URL", "url", "Only where it is not the pod's.", required=False),
        ConfigField("sid", "Account SID"),
        ConfigField("sender", "WhatsApp number", help="The business number that sends, such as +919812345678."),
        ConfigField("wa_source", "Source", "choice", default="api", choices=tuple((name, name) for name in SOURCES)),
        ConfigField("api_key", "API key", secret=True),
    )

    @property
    def base_url(self) -> str:
        """The pod's, or the operator's own."""
        return str(self.config["base_url"] or PODS[self.config["pod"]])

    @cached_property
    def messages_url(self) -> str:
        """Where this number's messages are posted."""
        return self.url(f"/v2/{self.config['sid']}/whatsapp/{self.config['sender']}/messages")

    def content_problems(self, content: Content) -> list[FieldError]:
        """Meta's limits, and Kaleyra's for the words that come back in receipts."""
        match content:
            case Flow() as flow:
                return list(_flow_problems(flow))
            case TemplateMessage() as template:
                return list(_template_problems(template))
            case Text() as text:
                return list(_text_problems(text))
            case _:
                return []

    def build(self, messages: Sequence[OutboundMessage]) -> Request:
        """One message to one recipient."""
        [message] = messages
        payload = {
            "messaging_object": {
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                "to": message.recipient.phone,
                **_content(message),
            },
            "extra_info": self._extra_info(message),
        }
        return Request.json(self.messages_url, payload, headers={"api-key": self.secrets["api_key"]})

    def read(self, answer: Answer, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        """An id, or an error by its code before its HTTP status."""
        message_id = parsing.identifier(parsing.dig(answer.value, "data", "message_id"))
        if answer.ok and message_id:
            return [SendResult.accepted(message_id)]
        raise _error(answer)

    def parse_receipts(
        self, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> list[ReceiptEvent]:
        """Statuses and replies, by any method and in any form: a user of Kaleyra's console chooses both."""
        events: list[ReceiptEvent] = []
        for callback in parsing.items(parsing.payload(query, body)):
            value = parsing.dig(callback, "meta_object", "value")
            events += whatsapp.inbound_events(value)
            statuses = parsing.items(parsing.dig(value, "statuses"))
            if statuses or parsing.dig(callback, "status") is not None:
                events += [_event(callback, status) for status in statuses or [{}]]
        return events

    def _extra_info(self, message: OutboundMessage) -> dict[str, str]:
        return {
            "ref": message.reference,
            **writing.given(ref1=message.campaign[:REFERENCE_CHARACTERS]),
            "wa_source": self.config["wa_source"],
        }


def _content(message: OutboundMessage) -> dict[str, Any]:
    match message.content:
        case Flow() as flow:
            return {"type": "interactive", "interactive": _interactive(flow, message.reference)}
        case TemplateMessage() as template:
            return {"type": "template", "template": _template(template)}
        case Text(base=base):
            return {"type": "text", "text": {"preview_url": "false", "body": base.text}}
        case content:
            raise MessageRejected(f"Kaleyra cannot send content of the kind {content.kind}.")


def _interactive(flow: Flow, reference: str) -> dict[str, Any]:
    return {
        "type": "flow",
        **writing.given(header=flow.header and {"type": "text", "text": flow.header}),
        "body": {"text": flow.body},
        **writing.given(footer=flow.footer and {"text": flow.footer}),
        "action": {"name": "flow", "parameters": _parameters(flow, reference)},
    }


def _parameters(flow: Flow, reference: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "flow_message_version": "3",
        "flow_token": flow.token or reference,  # it comes back with the person's answers
        **writing.given(flow_id=flow.flow_id, flow_name=flow.flow_name),
        "flow_cta": flow.cta,
        "mode": flow.mode,
        "flow_action": flow.action,
    }
    if flow.action == "navigate":
        # Meta refuses an empty `data`.
        parameters["flow_action_payload"] = {"screen": flow.screen, **writing.given(data=dict(flow.data))}
    return parameters


def _template(template: TemplateMessage) -> dict[str, Any]:
    return {
        "name": template.name,
        "language": {"code": template.language},
        **writing.given(components=whatsapp.template_components(template)),
    }


def _flow_problems(flow: Flow) -> Iterator[FieldError]:
    yield from limits.filled("body", "The body", flow.body)
    yield from limits.filled("cta", "The button's text", flow.cta)
    yield from limits.within("cta", "The button's text", flow.cta, CTA_CHARACTERS)
    yield from limits.within("header", "The header", flow.header, HEADER_CHARACTERS)
    yield from limits.within("body", "The body", flow.body, BODY_CHARACTERS)
    yield from limits.within("footer", "The footer", flow.footer, FOOTER_CHARACTERS)
    yield from limits.exactly_one("flow_id", "flow ID and flow name", flow.flow_id, flow.flow_name)
    yield from limits.one_of("mode", "The mode", flow.mode, frozenset({"draft", "published"}))
    yield from limits.one_of("action", "The action", flow.action, frozenset({"navigate", "data_exchange"}))
    if flow.action == "navigate":
        yield from limits.filled("screen", "The first screen", flow.screen)


def _template_problems(template: TemplateMessage) -> Iterator[FieldError]:
    yield from limits.filled("name", "The template's name", template.name)
    yield from limits.filled("language", "The template's language", template.language)
    if template.header:
        yield from limits.one_of("header", "The header's kind", template.header.kind, whatsapp.HEADERS)
        yield from limits.filled("header", "The header's value", template.header.value)
    for button in template.buttons:
        yield from limits.one_of("buttons", "A button's kind", button.kind, whatsapp.BUTTONS)


def _text_problems(text: Text) -> Iterator[FieldError]:
    yield from limits.filled("text", "The text", text.base.text)
    yield from limits.within("text", "The text", text.base.text, TEXT_CHARACTERS)
    if text.base.attachments:
        yield FieldError("attachments", "Kaleyra takes files in a template's header only.")


def _error(answer: Answer) -> ProviderError:
    code = parsing.identifier(parsing.dig(answer.value, "code"))
    sentence = parsing.phrase(parsing.dig(answer.value, "message"))
    kind = ERRORS.get(code.replace("-", ""))
    if kind:
        return kind(f"Kaleyra: {sentence or 'refused'}", code=code, retry_after_s=answer.retry_after_s)
    if answer.ok:
        return AnswerUnreadable("Kaleyra said yes, but gave no message id.", code=code)
    return error_for_status(answer, sentence, code=code)


def _event(callback: Any, status: Any) -> ReceiptEvent:
    extra = parsing.dig(callback, "extra_info")
    # Both places hold the status in the published sample; a callback of the user's own making may have only one.
    merged = {**(callback if isinstance(callback, dict) else {}), **(status if isinstance(status, dict) else {})}
    word = parsing.identifier(merged.get("status")).lower().replace("_", "-").replace(" ", "-")
    fault = parsing.dig(merged, "errors", 0)
    reason = parsing.phrase(parsing.dig(fault, "title") or merged.get("reason") or merged.get("description"))
    code = parsing.identifier(parsing.dig(fault, "code") or merged.get("code"))
    return ReceiptEvent(
        whatsapp.failure_or_opt_out(parsing.status(word, STATUSES, "Kaleyra"), code=code, reason=reason),
        provider_id=parsing.identifier(merged.get("message_id") or merged.get("id")),
        reference=parsing.identifier(parsing.dig(extra, "ref") or merged.get("ref")),
        address=parsing.phone(merged.get("recipient_id") or merged.get("to") or merged.get("mobile")),
        code=code,
        reason=reason,
        at=parsing.moment(merged.get("timestamp")),
    )
