"""Pigeon, a small SMS gateway that nobody runs: all that an adapter needs, for the test that adds a sixth provider.

    POST https://api.pigeon.example/messages
    Authorization: Bearer <key>
    {"to": "+6281527975868", "from": "SHOP", "text": "Hello", "ref": "<ours>", "callback": "https://..."}
    200 {"id": "p-1"}
    400 {"error": {"code": "bad_number", "detail": "Nobody has this number."}}

    a receipt, posted to callback, and a reply, with the header X-Pigeon that the account's owner chose:
    {"id": "p-1", "ref": "<ours>", "event": "delivered", "detail": ""}
    {"event": "reply", "from": "+6281527975868", "text": "STOP"}

Source: made up; a real adapter names its provider's page here, and beside each table that it takes from there.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

from providers import client, limits, parsing, webhooks
from providers.capabilities import Capabilities
from providers.config import ConfigField
from providers.errors import AnswerUnreadable, ChannelHeld, ChannelRejected, MessageRejected, ProviderError
from providers.http import Answer, Request
from providers.messages import Content, OutboundMessage, Text
from providers.outcomes import DeliveryStatus, FieldError, ReceiptEvent, SendResult
from providers.statuses import error_for_status

STATUSES = {
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "lost": DeliveryStatus.FAILED,
}
ERRORS: dict[str, type[ProviderError]] = {
    "bad_number": MessageRejected,
    "bad_key": ChannelRejected,
    "no_credit": ChannelHeld,
}
LONGEST_TEXT = 640


class Client(client.Client):
    """One account at Pigeon."""

    label = "Pigeon"
    capabilities = Capabilities(
        content_kinds=frozenset({"text"}),
        channels=("SMS",),
        mobile_only="yes",
        correlation_bytes=50,
        receipts="webhook",
        inbound=True,
    )
    config_fields = (
        ConfigField("base_url", "Base URL", "url", default="https://api.pigeon.example"),
        ConfigField("sender", "Sender", help="The name that the recipient sees."),
        ConfigField("api_key", "API key", secret=True),
        *webhooks.HEADER_FIELDS,
    )

    @cached_property
    def headers(self) -> dict[str, str]:
        """The key, as a bearer's."""
        return {"Authorization": f"Bearer {self.secrets['api_key']}"}

    def content_problems(self, content: Content) -> list[FieldError]:
        """A text needs words, and not too many."""
        if not isinstance(content, Text):
            return []
        text = content.base.text
        return [*limits.filled("text", "The text", text), *limits.within("text", "The text", text, LONGEST_TEXT)]

    def build(self, messages: Sequence[OutboundMessage]) -> Request:
        """One text to one phone."""
        [message] = messages
        if not isinstance(message.content, Text):
            raise MessageRejected(f"Pigeon cannot send content of the kind {message.content.kind}.")
        payload = {
            "to": message.recipient.phone,
            "from": self.config["sender"],
            "text": message.content.base.text,
            "ref": message.reference,
            "callback": message.notify_url,
        }
        return Request.json(self.url("/messages"), payload, headers=self.headers)

    def read(self, answer: Answer, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        """An id, or an error in Pigeon's words."""
        error = parsing.dig(answer.value, "error")
        code = parsing.identifier(parsing.dig(error, "code"))
        if code in ERRORS:
            raise ERRORS[code](f"Pigeon: {parsing.phrase(parsing.dig(error, 'detail'))}", code=code)
        if not answer.ok:
            raise error_for_status(answer, code=code)
        provider_id = parsing.identifier(parsing.dig(answer.value, "id"))
        if not provider_id:
            raise AnswerUnreadable("Pigeon said yes without an id.")
        return [SendResult.accepted(provider_id)]

    def parse_receipts(
        self, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> list[ReceiptEvent]:
        """Receipts and replies."""
        events = [
            each for each in parsing.items(parsing.parsed(body)) if parsing.identifier(parsing.dig(each, "event"))
        ]
        return [_event(each) for each in events]


def _event(said: dict[str, object]) -> ReceiptEvent:
    word = parsing.identifier(said["event"])
    if word == "reply":
        text = parsing.phrase(said.get("text"), parsing.INBOUND_CHARACTERS)
        return ReceiptEvent(None, address=parsing.phone(said.get("from")), inbound=text)
    return ReceiptEvent(
        parsing.status(word, STATUSES, "Pigeon"),
        provider_id=parsing.identifier(said.get("id")),
        reference=parsing.identifier(said.get("ref")),
        reason=parsing.phrase(said.get("detail")),
    )
