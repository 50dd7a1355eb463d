"""IMIconnect (Webex Connect): voice calls that run a call flow or play a prompt, to up to 1,000 destinations a request.

    POST https://api.imiconnect.io/resources/v1/messaging
    key: <service key>
    {"deliverychannel": "voice", "channels": {"voice": {"callflowid": "184", "cli": "0453745878"}},
     "destination": [{"msisdn": ["+919703553010"], "correlationid": "<at most 50 bytes>"}],
     "correlationid": "<for the request>", "notifyurl": "https://...", "callbackData": "<for the request>",
     "expiry": "2030-01-01T00:00:00.000Z", "priority": "2"}
    {"response": [{"code": "1001", "transid": "48ceebcb-...", "description": "Queued"}]}

Sources: the Messaging API page for the request and its codes (tagged S), Webex Connect's pages for the hosts, further
codes, the shape of the answer and receipts (tagged O).

Nobody documents the HTTP status of an error, so an answer is judged by its code first; nor whether a transid belongs
to the request or to a destination, so receipts carry our correlation id too; nor whether calls to notifyurl are signed,
so a channel may require it or not.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from providers import client, limits, parsing, webhooks, writing
from providers.adapters import _imiconnect_receipts
from providers.adapters._imiconnect_answers import ERRORS, OF_ONE_DESTINATION, code_of, items, result_of
from providers.adapters._imiconnect_receipts import STATUSES
from providers.capabilities import Capabilities
from providers.config import ConfigField, batch_size_field
from providers.errors import AnswerUnreadable, MessageRejected
from providers.http import Answer, Request
from providers.messages import Content, OutboundMessage, Recipient, VoiceCall
from providers.outcomes import FieldError, ReceiptEvent, SendResult
from providers.statuses import error_for_status

__all__ = ["ERRORS", "STATUSES", "Client"]

# O: the hosts of Webex Connect's regions, and IMIconnect's older ones, which still work.
HOSTS = {
    "api.imiconnect.io": "IMIconnect",
    "api.imiconnect.in": "IMIconnect, India",
    "api.imiconnect.eu": "IMIconnect, Europe",
    "api.imiconnect.us": "IMIconnect, United States",
    "api-us.imiconnect.io": "IMIconnect, United States",
    "api.imiconnect.ca": "IMIconnect, Canada",
    "api.imiconnect.com": "IMIconnect",
    "api.us.webexconnect.io": "Webex Connect, United States",
    "api.us1.webexconnect.io": "Webex Connect, United States 1",
    "api.ca.webexconnect.io": "Webex Connect, Canada",
    "api.eu.webexconnect.io": "Webex Connect, Europe",
    "api.uk.webexconnect.io": "Webex Connect, United Kingdom",
    "api.in.webexconnect.io": "Webex Connect, India",
    "api.au.webexconnect.io": "Webex Connect, Australia",
}
LARGEST_BATCH = 1_000
CALLBACK_CHARACTERS = 500  # under 2 KB in any script; O, the limit of the Call User node


class Client(client.Client):
    """One service of an IMIconnect account."""

    label = "IMIconnect"
    capabilities = Capabilities(
        content_kinds=frozenset({"voice"}),
        channels=("Voice",),
        max_batch=LARGEST_BATCH,
        default_batch=LARGEST_BATCH,
        batch_within_rate=True,  # O: "if TPS is 10 you can send to up to 10 destinations at once"
        recipient_key="phone_or_identifier",
        expiry=True,
        priority=True,
        correlation_bytes=50,
        receipts="webhook",
    )
    config_fields = (
        ConfigField(
            "region",
            "Region",
            "choice",
            "The host that your console shows in its sample of the Messaging API.",
            default="api.imiconnect.io",
            choices=tuple((host, f"{place}: {host}") for host, place in HOSTS.items()),
        ),
        ConfigField("base_url", "Base URL", "url", "Only instead of the region's.", required=False),
        ConfigField("caller_id", "Caller ID", help="The number shown, where the content names none.", required=False),
        ConfigField(
            "prompt_field",
            "Name of the prompt field",
            "choice",
            "Newer installations call it promptid.",
            default="media",
            choices=(("media", "media"), ("promptid", "promptid")),
        ),
        batch_size_field(
            default=LARGEST_BATCH,
            maximum=LARGEST_BATCH,
            explanation="Never more than the channel's messages a second, as IMIconnect asks.",
        ),
        ConfigField("service_key", "Service key", secret=True),
        *webhooks.BASIC_FIELDS,
        *webhooks.HEADER_FIELDS,
        *webhooks.SIGNATURE_FIELDS,
    )

    @property
    def base_url(self) -> str:
        """The region's, or the operator's own."""
        return str(self.config["base_url"] or f"https://{self.config['region']}")

    @cached_property
    def headers(self) -> dict[str, str]:
        """The key of one service."""
        return {"key": self.secrets["service_key"]}

    def share_key(self, message: OutboundMessage) -> object:
        """All that stands outside `destination`."""
        return message.content, message.expires_at, message.priority, message.notify_url, message.campaign

    def content_problems(self, content: Content) -> list[FieldError]:
        """A call needs something to say."""
        if not isinstance(content, VoiceCall):
            return []
        call = content
        return list(limits.exactly_one("flow_id", "call flow ID and prompt ID", call.flow_id, call.prompt_id))

    def build(self, messages: Sequence[OutboundMessage]) -> Request:
        """One request of calls that say the same."""
        first = messages[0]
        if not isinstance(first.content, VoiceCall):
            raise MessageRejected(f"IMIconnect cannot send content of the kind {first.content.kind}.")
        payload = {
            "deliverychannel": "voice",
            "channels": {"voice": self._voice(first.content)},
            "destination": [_destination(message) for message in messages],
            "correlationid": first.reference,
            **writing.given(
                notifyurl=first.notify_url,
                callbackData=first.campaign[:CALLBACK_CHARACTERS],
                expiry=writing.utc(first.expires_at) if first.expires_at else "",
            ),
            "priority": str(first.priority),
        }
        return Request.json(self.url("/resources/v1/messaging"), payload, headers=self.headers)

    def read(self, answer: Answer, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        """One item for each, or one that is about the request; anything else says nothing about any of them."""
        found = items(answer)
        if not found and not answer.ok:
            raise error_for_status(answer, " ".join(parsing.texts(answer.value)))
        if len(found) == len(messages):
            return [result_of(item, answer) for item in found]
        if len(found) == 1 and code_of(found[0]) not in OF_ONE_DESTINATION:
            return [result_of(found[0], answer)] * len(messages)
        raise AnswerUnreadable("IMIconnect's answer does not say which destinations were accepted.")

    def authenticate(self, headers: Mapping[str, str], body: bytes) -> None:
        """As the channel asks; a signature that is wrong is refused even where none is required."""
        super().authenticate(headers, body)
        webhooks.verify_signature(self.config, self.secrets, headers, body)

    def parse_receipts(
        self, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> list[ReceiptEvent]:
        """Voice notifications."""
        return list(_imiconnect_receipts.events(query, body))

    def _voice(self, call: VoiceCall) -> dict[str, str]:
        what = {"callflowid": call.flow_id} if call.flow_id else {self.config["prompt_field"]: call.prompt_id}
        return {**what, **writing.given(cli=call.caller_id or self.config["caller_id"])}


def _destination(message: OutboundMessage) -> dict[str, Any]:
    return {**_whom(message.recipient), "correlationid": message.reference}


def _whom(recipient: Recipient) -> dict[str, list[str]]:
    return {"msisdn": [recipient.phone]} if recipient.phone else {"customerid": [recipient.identifier]}
