"""Khoros Flow (flow.ai): broadcasts to phone numbers over WhatsApp, RCS, SMS and Messenger.

    POST https://api.flow.ai/rest/v1/broadcast/instant
    Authorization: MY_MESSAGING_API_KEY            (the bare key, no scheme word)
    {"audience": [{"name": "John Doe", "phoneNumber": "+12345678901", "profile": {}}],
     "channel": {"channelName": "whatsapp", "externalId": "+12345678902"},
     "payload": {"type": "event", "eventName": "Send template"}}
    200 {"status": "ok"}

    payload of a text: {"type": "text", "speech": "I'm searching for the address of your store in New York"}

    whether the key works:
    GET https://api.flow.ai/rest/v1/broadcast/segments?sync=true
    200 {"status": "ok", "segments": [{"audienceId": "befce22b-...", "title": "All contacts", "type": "segment"}]}

    what the bot's webhook action posts:
    {"type": "action", "verifyToken": "...", "threadId": "6ecfd199-...", "channelName": "whatsapp", "query": "STOP",
     "originator": {"name": "John Doe", "phoneNumber": "+12345678901"}, "params": {}, "action": "..."}

Sources: the "Broadcast to MSISDN" page for the request; Khoros' REST reference for the answer, `metadata`, profiles,
the segments and the words of its webhook; its webhook actions page for the action. `speech` is described there as the
text to classify: the bot may hear it as the user's words and answer in its own. So an event that sends a template is
the sure way, and outside WhatsApp's 24 hours the only one.

Nobody documents: any error, the largest audience, delivery receipts, the fields of an inbound event, or what shows that
it is Khoros who posts one. An answer names no recipient, so one recipient a request is the default: then it is at
least known whose message was accepted.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from providers import client, languages, limits, parsing, webhooks, writing
from providers.capabilities import Capabilities
from providers.config import ConfigField, batch_size_field
from providers.errors import AnswerUnreadable, ChannelRejected, MessageRejected, ProviderError
from providers.http import Answer, Request
from providers.messages import Content, Event, OutboundMessage, Recipient, Text
from providers.outcomes import FieldError, Health, ReceiptEvent, SendResult
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
# RCS Business Messaging, which its providers call RBM, and an SMS provider. Of Twilio and Khoros' own channel no page
# says what goes out through a number: SMS, or WhatsApp, which landlines can be registered for.
MOBILE_ONLY = frozenset({"rbm", "telekom", "messagemedia"})
# The words of an answer's `status`: Khoros' REST reference shows this one only.
STATUSES = {"ok": "accepted"}
# No error is documented but "uses HTTP response codes". A 500 says nowhere that the message was not taken: it is
# unknown, as everywhere.
ERRORS: dict[int, type[ProviderError]] = {401: ChannelRejected, 403: ChannelRejected}
# By the REST reference a key is made in the organisation's settings, and then selected in the integration's Outbound
# section; which status tells that one was never selected, nobody documents.
SENTENCES = {
    401: "Khoros Flow does not know the key. Copy the messaging API key again, from the organisation's settings.",
    403: "The key may not send. Select it in the Outbound section of the REST integration in Khoros Flow.",
}
# The events that bring what a person wrote: the reference's, and the webhook action's, whose fields are documented.
HEARD = frozenset({"inbound", "action"})

UTTERANCE = (
    "Khoros Flow may take a text for the recipient's own words and let the bot answer them. "
    "To send the words as they stand, use a template with a bot event that sends them."
)
SPEECH_CHARACTERS = 255  # of the ordinary message endpoint in Khoros' REST reference; none is given for broadcasts
HOURS = re.compile(r"[+-]?(?:0?[0-9]|1[0-2])\Z|\+?1[34]\Z")  # of the time zones that there are
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
        mobile_only="by setting",
        inbound=True,
        cautions={"text": UTTERANCE},
    )
    config_fields = (
        ConfigField("base_url", "Base URL", "url", default="https://api.flow.ai"),
        ConfigField("channel_name", "Channel", "choice", default="whatsapp", choices=CHANNEL_NAMES),
        ConfigField("external_id", "External ID", help="Of the channel, as the Khoros Flow dashboard shows it."),
        batch_size_field(
            default=1,
            maximum=100,
            explanation="1 is safest: Khoros Flow answers for a whole request, not for each of its recipients.",
        ),
        ConfigField(
            "send_profile",
            "Send profiles",
            "boolean",
            "Tell the bot each recipient's full name, language and phone. Off: no more than the name and the address.",
            default=False,
        ),
        ConfigField("api_key", "Messaging API key", secret=True),
        ConfigField(
            "verify_token",
            "Verify token",
            help="Of the bot's webhook action. Calls without it are refused: leave it empty where other events come.",
            required=False,
            secret=True,
            group="receipts",
        ),
    )

    @cached_property
    def headers(self) -> dict[str, str]:
        """The key itself, without a scheme."""
        return {"Authorization": self.secrets["api_key"]}

    def reaches_mobile_only(self) -> bool:
        """Its channel is one that sends SMS or RCS."""
        return self.config["channel_name"] in MOBILE_ONLY

    def content_problems(self, content: Content) -> list[FieldError]:
        """A text needs words, an event its name; hours are a number."""
        match content:
            case Text(base=base):
                return [
                    *limits.filled("text", "The text", base.text),
                    *limits.within("text", "The text", base.text, SPEECH_CHARACTERS),
                    *_without_attachments(content),
                ]
            case Event(name=name, timezone=hours):
                return [*limits.filled("name", "The event's name", name), *_hours(hours)]
            case _:
                return []

    def build(self, messages: Sequence[OutboundMessage]) -> Request:
        """One broadcast of one content to everyone of the group."""
        payload = {
            "audience": [self._originator(message.recipient) for message in messages],
            "channel": {"channelName": self.config["channel_name"], "externalId": self.config["external_id"]},
            "payload": _payload(messages[0]),
        }
        return Request.json(self.url("/rest/v1/broadcast/instant"), payload, headers=self.headers)

    def read(self, answer: Answer, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        """Accepted as a whole, without an id."""
        if not answer.ok:
            raise _error(answer)
        if not _is_yes(answer):
            raise AnswerUnreadable("Khoros Flow said yes in words that are not in its documents.")
        return [SendResult.accepted() for _ in messages]

    def check(self) -> Health:
        """List the audience's segments: it reads only, and shows whether the key may use this interface."""
        url = self.url("/rest/v1/broadcast/segments")
        try:
            answer = self.door.call(Request.get(url, headers=self.headers, sync="true"))
        except ProviderError as error:
            return self.unanswered(error)
        if answer.status >= 500:  # noqa: PLR2004  HTTP's words for it speak of a message
            return Health(False, f"Khoros Flow has trouble of its own (HTTP {answer.status}). Test again later.")
        if not answer.ok:
            return Health(False, _error(answer).sentence)
        if not _is_yes(answer):
            return Health(False, f"Somebody answers at {self.host}, but not as Khoros Flow does; check the base URL.")
        return Health(True, "Khoros Flow takes the key. Only a message shows whether the external ID is right.")

    def authenticate(self, headers: Mapping[str, str], body: bytes) -> None:
        """A webhook action says the verify token in its body; the other events show nothing that is documented."""
        super().authenticate(headers, body)
        webhooks.verify_token(self.secrets["verify_token"], parsing.dig(parsing.parsed(body), "verifyToken"))

    def kept(self, body: bytes) -> bytes:
        """Without the verify token, which is the one secret that a body holds."""
        token = self.secrets["verify_token"]
        return body.replace(json.dumps(token).encode(), b'"[redacted]"') if token else body

    def parse_receipts(
        self, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> list[ReceiptEvent]:
        """What people wrote. There are no delivery receipts, and the other events are not about messages."""
        events = parsing.items(parsing.payload(query, body))
        return [_inbound(event) for event in events if parsing.identifier(parsing.dig(event, "type")) in HEARD]

    def _originator(self, recipient: Recipient) -> dict[str, Any]:
        key = "phoneNumber" if recipient.phone else "identifier"
        profile = _profile(recipient) if self.config["send_profile"] else {}
        return {"name": recipient.name or ANONYMOUS, key: recipient.address, "profile": profile}


def _without_attachments(content: Text) -> Iterator[FieldError]:
    if content.base.attachments:
        yield FieldError("attachments", "Khoros Flow takes no attachments; let an event send them.")


def _hours(value: str) -> Iterator[FieldError]:
    if value and not HOURS.match(value):
        yield FieldError("timezone", "The hours from UTC must be a whole number from -12 to 14, such as 7 or -2.")


def _profile(recipient: Recipient) -> dict[str, Any]:
    return writing.given(
        fullName=recipient.name, language=languages.two_letters(recipient.language), phoneNumber=recipient.phone
    )


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
    language = languages.two_letters(event.language) or event.language  # the reference's are ISO 639-1
    return writing.given(language=language, timezone=event.timezone, params=params)


def _is_yes(answer: Answer) -> bool:
    return parsing.identifier(parsing.dig(answer.value, "status")) in STATUSES


def _error(answer: Answer) -> ProviderError:
    detail = " ".join(parsing.texts(answer.value))
    if answer.status in ERRORS:
        return ERRORS[answer.status](f"{SENTENCES[answer.status]} {detail}".strip(), code=f"HTTP {answer.status}")
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
