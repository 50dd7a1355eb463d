"""Khoros Flow (flow.ai): broadcasts to phone numbers over WhatsApp, RCS, SMS and Messenger.

    POST https://api.flow.ai/rest/v1/broadcast/instant
    Authorization: MY_MESSAGING_API_KEY            (the bare key, no scheme word)
    {"audience": [{"name": "John Doe", "phoneNumber": "+12345678901", "profile": {}}],
     "channel": {"channelName": "whatsapp", "externalId": "+12345678902"},
     "payload": {"type": "event", "eventName": "Send template"}}
    200 {"status": "ok"}

    payload of a text: {"type": "text", "speech": "I'm searching for the address of your store in New York"}

Sources: the "Broadcast to MSISDN" page for the request, Khoros' REST reference for the answer, `metadata` and the words
of its webhook. `speech` is described there as the text to classify: the bot may hear it as the user's words and answer
in its own. So an event that sends a template is the sure way, and outside WhatsApp's 24 hours the only one.

Nobody documents: any error, the largest audience, delivery receipts, the fields of an inbound event. An answer names
no recipient, so one recipient a request is the default: then it is at least known whose message was accepted.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from providers import client, limits, parsing, writing
from providers.capabilities import Capabilities
from providers.config import ConfigField, batch_size_field
from providers.errors import AnswerUnreadable, MessageRejected, ProviderError, TryLater
from providers.http import Answer, Request
from providers.messages import Content, Event, OutboundMessage, Recipient, Text
from providers.outcomes import FieldError, ReceiptEvent, SendResult
from providers.statuses import error_for_status

# "Mapping of channel and channel name", and what `externalId` is for each, on the broadcast page.
CHANNEL_NAMES = (
    ("whatsapp", "WhatsApp (external ID: production phone number)"),
    ("rbm", "Google RBM (external ID: project ID)"),
    ("messagemedia", "MessageMedia (external ID: phone number)"),
    ("telekom", "Telekom RBM (external ID: bot ID)"),
    ("twilio", "Twilio (external ID: phone number)"),
    ("khoros", "Khoros (external ID: phone number)"),
    ("messenger", "Messenger (external ID: page ID)"),
)
# The words of an answer's `status`: Khoros' REST reference shows this one only.
STATUSES = {"ok": "accepted"}
# No error is documented but "uses HTTP response codes": a 500 is taken at its word, that the request was not fulfilled.
ERRORS: dict[int, type[ProviderError]] = {500: TryLater}

SPEECH_CHARACTERS = 255  # of the ordinary message endpoint in Khoros' REST reference; none is given for broadcasts
ANONYMOUS = "Anonymous"  # `name` is mandatory, and this is the reference's own example for one that is not known


class Client(client.Client):
    """One Khoros Flow integration."""

    label = "Khoros Flow"
    capabilities = Capabilities(
        content_kinds=frozenset({"text", "event"}),
        channels=("WhatsApp", "RCS", "SMS", "Messenger"),
        max_batch=100,  # the true limit is UNKNOWN
        default_batch=1,
        recipient_key="phone_or_identifier",
        inbound=True,
    )
    config_fields = (
        ConfigField("base_url", "Base URL", "url", default="https://api.flow.ai"),
        ConfigField("channel_name", "Channel", "choice", default="whatsapp", choices=CHANNEL_NAMES),
        ConfigField("external_id", "External ID", help="Of the channel, as the Khoros Flow dashboard shows it."),
        batch_size_field(
            default=1,
            maximum=100,
            explanation="The answer names no recipient: with more than one, none is known alone.",
        ),
        ConfigField("api_key", "Messaging API key", secret=True),
    )

    @cached_property
    def headers(self) -> dict[str, str]:
        """The key itself, without a scheme."""
        return {"Authorization": self.secrets["api_key"]}

    def content_problems(self, content: Content) -> list[FieldError]:
        """A text needs words, an event its name."""
        match content:
            case Text(base=base):
                return [
                    *limits.filled("text", "The text", base.text),
                    *limits.within("text", "The text", base.text, SPEECH_CHARACTERS),
                    *_without_attachments(content),
                ]
            case Event(name=name):
                return [*limits.filled("name", "The event's name", name)]
            case _:
                return []

    def build(self, messages: Sequence[OutboundMessage]) -> Request:
        """One broadcast of one content to everyone of the group."""
        payload = {
            "audience": [_originator(message.recipient) for message in messages],
            "channel": {"channelName": self.config["channel_name"], "externalId": self.config["external_id"]},
            "payload": _payload(messages[0]),
        }
        return Request.json(self.url("/rest/v1/broadcast/instant"), payload, headers=self.headers)

    def read(self, answer: Answer, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        """Accepted as a whole, without an id."""
        if not answer.ok:
            raise _error(answer)
        if parsing.identifier(parsing.dig(answer.value, "status")) not in STATUSES:
            raise AnswerUnreadable("Khoros Flow said yes in words that are not in its documents.")
        return [SendResult.accepted() for _ in messages]

    def parse_receipts(
        self, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> list[ReceiptEvent]:
        """What people wrote. There are no delivery receipts, and the other events are not about messages."""
        events = parsing.items(parsing.payload(query, body))
        return [_inbound(event) for event in events if parsing.dig(event, "type") == "inbound"]


def _without_attachments(content: Text) -> Iterator[FieldError]:
    if content.base.attachments:
        yield FieldError("attachments", "Khoros Flow takes no attachments; let an event send them.")


def _originator(recipient: Recipient) -> dict[str, Any]:
    key = "phoneNumber" if recipient.phone else "identifier"
    return {"name": recipient.name or ANONYMOUS, key: recipient.address, "profile": {}}


def _payload(message: OutboundMessage) -> dict[str, Any]:
    match message.content:
        case Text(base=base):
            return {"type": "text", "speech": base.text}
        case Event() as event:
            return {"type": "event", "eventName": event.name, **writing.given(metadata=_metadata(event))}
        case content:
            raise MessageRejected(f"Khoros Flow cannot send content of the kind {content.kind}.")


def _metadata(event: Event) -> dict[str, Any]:
    params: dict[str, list[dict[str, str]]] = {}
    for name, value in event.params:  # a name may have several values, so each is a list of objects
        params.setdefault(name, []).append({"value": value})
    return writing.given(language=event.language, params=params)


def _error(answer: Answer) -> ProviderError:
    detail = " ".join(parsing.texts(answer.value))
    if answer.status in ERRORS:
        return ERRORS[answer.status](f"Khoros Flow failed. {detail}".strip(), code=f"HTTP {answer.status}")
    return error_for_status(answer, detail)


def _inbound(event: Any) -> ReceiptEvent:
    # The fields of this event are UNKNOWN; these are the ones of its documented sibling, the action webhook.
    originator = parsing.dig(event, "originator")
    address = parsing.phone(parsing.dig(originator, "phoneNumber"))
    text = parsing.dig(event, "query") or parsing.dig(event, "payload", "speech")
    return ReceiptEvent(
        None,
        address=address or parsing.identifier(parsing.dig(originator, "identifier")),
        inbound=parsing.phrase(text, parsing.INBOUND_CHARACTERS),
    )
