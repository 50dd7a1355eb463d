"""IMIconnect (Webex Connect): voice calls that run a call flow or play a prompt, to up to 1,000 destinations a request.

    POST https://api.imiconnect.io/resources/v1/messaging
    key: <service key>
    {"deliverychannel": "voice", "channels": {"voice": {"callflowid": "184", "cli": "0453745878"}},
     "destination": [{"msisdn": ["+919703553010"], "correlationid": "<at most 50 bytes>"}],
     "correlationid": "<for the request>", "notifyurl": "https://...", "callbackData": "<for the request>",
     "expiry": "2030-01-01T00:00:00.000Z", "priority": "2"}
    {"response": [{"code": "1001", "transid": "48ceebcb-...", "description": "Queued"}]}

    a receipt, posted to notifyurl:
    {"deliveryInfoNotification": {"deliveryInfo": {"timeStamp": "2020-02-05T07:34:23.596Z", "code": "7407",
       "Description": "Call offered", "deliveryChannel": "voice", "destination": "+919703553010",
       "destinationType": "msisdn", "deliveryStatus": "OFFERED"},
       "subtid": "", "transid": "62cfd7cf-...", "correlationid": ""}}

Sources: the Messaging API page for the request and its codes (tagged S), Webex Connect's pages for the address, further
codes, the shape of the answer and receipts (tagged O).

Nobody documents the HTTP status of an error, so an answer is judged by its code first; nor whether a transid belongs
to the request or to a destination, so receipts carry our correlation id too; nor whether calls to notifyurl are signed.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from providers import client, limits, parsing, webhooks, writing
from providers.capabilities import Capabilities
from providers.config import ConfigField, batch_size_field
from providers.errors import (
    AnswerUnreadable,
    ChannelRejected,
    MessageRejected,
    ProviderError,
    Throttled,
    TooLarge,
    TryLater,
)
from providers.http import Answer, Request
from providers.messages import Content, OutboundMessage, Recipient, VoiceCall
from providers.outcomes import DeliveryStatus, FieldError, ReceiptEvent, SendResult
from providers.statuses import error_for_status

QUEUED = "1001"  # S

ERRORS: dict[str, type[ProviderError]] = {
    "7000": MessageRejected,  # S invalid JSON
    "7001": ChannelRejected,  # S authentication failed
    "7002": ChannelRejected,  # S service key missing
    "7003": MessageRejected,  # S mandatory parameters missing
    "7004": MessageRejected,  # S invalid parameters
    "7005": MessageRejected,  # O request expired
    "7006": TryLater,  # S internal error
    "7007": ChannelRejected,  # S service inactive
    "7009": TooLarge,  # S over 1,000 destinations
    "7010": ChannelRejected,  # O source address not allowed
    "7016": TryLater,  # O unknown exception
    "7020": Throttled,  # O over the account's transactions per second
    "7022": TooLarge,  # O JSON too large
    "7101": ChannelRejected,  # O invalid sender
    "7102": MessageRejected,  # O invalid destination
    "7104": ChannelRejected,  # O invalid application id
    "7127": ChannelRejected,  # O source address not allowed
    "8009": MessageRejected,  # O the customer's profile does not exist
}
# `code`, else `deliveryStatus`, of a voice receipt; all O. A call that was answered is a message delivered; that it
# ends afterwards changes nothing, for a receipt only moves up in rank.
STATUSES = {
    "7407": DeliveryStatus.QUEUED,  # offered
    "7408": DeliveryStatus.SENT,  # accepted
    "7519": DeliveryStatus.DELIVERED,  # answered
    "7401": DeliveryStatus.FAILED,  # no answer
    "7402": DeliveryStatus.FAILED,  # busy
    "7404": DeliveryStatus.FAILED,  # others
    "7406": DeliveryStatus.FAILED,  # rejected
    "7409": DeliveryStatus.FAILED,  # dropped
    "7410": DeliveryStatus.FAILED,  # disconnected
    "7208": DeliveryStatus.EXPIRED,  # message expired
    "OFFERED": DeliveryStatus.QUEUED,
    "ACCEPTED": DeliveryStatus.SENT,
    "ANSWERED": DeliveryStatus.DELIVERED,
    "REJECTED": DeliveryStatus.FAILED,
    "DROPPED": DeliveryStatus.FAILED,
    "DISCONNECTED": DeliveryStatus.FAILED,
    "RELEASED": DeliveryStatus.FAILED,
    "FAILED": DeliveryStatus.FAILED,
}
IGNORED = frozenset({"7411", "7412"})  # O: trombone, a transfer inside the network

LARGEST_BATCH = 1_000
CALLBACK_CHARACTERS = 500  # under 2 KB in any script; O, the limit of the Call User node


class Client(client.Client):
    """One service of an IMIconnect account."""

    label = "IMIconnect"
    capabilities = Capabilities(
        content_kinds=frozenset({"voice"}),
        channels=("Voice",),
        max_batch=LARGEST_BATCH,
        default_batch=10,
        recipient_key="phone_or_identifier",
        expiry=True,
        priority=True,
        correlation_bytes=50,
        receipts="webhook",
    )
    config_fields = (
        ConfigField("base_url", "Base URL", "url", "Of your region.", default="https://api.imiconnect.io"),
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
            default=10, maximum=LARGEST_BATCH, explanation="Not above the account's transactions per second."
        ),
        ConfigField("service_key", "Service key", secret=True),
        ConfigField("webhook_secret", "Webhook secret", help="Where receipts are signed.", required=False, secret=True),
    )

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
        """One item for all, or one for each; anything between says nothing about any of them."""
        found = _items(answer)
        if not found and not answer.ok:
            raise error_for_status(answer, " ".join(parsing.texts(answer.value)))
        if len(found) == len(messages):
            return [_result(item, answer) for item in found]
        if len(found) == 1 or len({_code(item) for item in found}) == 1:
            return [_result(found[0], answer)] * len(messages)
        raise AnswerUnreadable("IMIconnect's answer does not say which destinations were accepted.")

    def authenticate(self, headers: Mapping[str, str], body: bytes) -> None:
        """Nobody documents whether calls to notifyurl are signed, so a signature is checked where there is one."""
        super().authenticate(headers, body)
        if self.secrets["webhook_secret"] and parsing.header(headers, webhooks.SIGNATURE_HEADER):
            webhooks.verify_hmac(self.secrets["webhook_secret"], headers, body)

    def parse_receipts(
        self, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> list[ReceiptEvent]:
        """Voice notifications."""
        notices = [
            parsing.dig(item, "deliveryInfoNotification") for item in parsing.items(parsing.payload(query, body))
        ]
        return [event for notice in notices if isinstance(notice, dict) for event in _events(notice)]

    def _voice(self, call: VoiceCall) -> dict[str, str]:
        what = {"callflowid": call.flow_id} if call.flow_id else {self.config["prompt_field"]: call.prompt_id}
        return {**what, **writing.given(cli=call.caller_id or self.config["caller_id"])}


def _destination(message: OutboundMessage) -> dict[str, Any]:
    return {**_whom(message.recipient), "correlationid": message.reference}


def _whom(recipient: Recipient) -> dict[str, list[str]]:
    return {"msisdn": [recipient.phone]} if recipient.phone else {"customerid": [recipient.identifier]}


def _items(answer: Answer) -> list[Any]:
    # Public clients read `response` as an object or as a list; a bare item is read too, for nothing forbids it.
    inner = parsing.dig(answer.value, "response")
    found = parsing.items(inner if inner is not None else answer.value)
    return [item for item in found if _code(item)]


def _code(item: Any) -> str:
    return parsing.identifier(parsing.dig(item, "code"))


def _result(item: Any, answer: Answer) -> SendResult:
    code = _code(item)
    if code == QUEUED:
        return SendResult.accepted(parsing.identifier(parsing.dig(item, "transid")))
    sentence = parsing.phrase(parsing.dig(item, "description") or parsing.dig(item, "message"))
    kind = ERRORS.get(code, AnswerUnreadable)
    return SendResult.failed(
        kind(f"IMIconnect: {sentence or 'refused'}", code=code, retry_after_s=answer.retry_after_s)
    )


def _events(notice: dict[str, Any]) -> Iterator[ReceiptEvent]:
    for info in parsing.items(notice.get("deliveryInfo")):
        code = parsing.identifier(parsing.dig(info, "code"))
        word = parsing.identifier(parsing.dig(info, "deliveryStatus")).upper()
        if code in IGNORED:
            continue
        destination = parsing.identifier(parsing.dig(info, "destination"))
        is_customer = parsing.dig(info, "destinationType") == "customerid"
        yield ReceiptEvent(
            parsing.status(code if code in STATUSES else word, STATUSES, "IMIconnect"),
            provider_id=parsing.identifier(notice.get("transid")),
            reference=parsing.identifier(notice.get("correlationid")),
            address=destination if is_customer else parsing.phone(destination),
            code=code,
            reason=parsing.phrase(parsing.dig(info, "Description")),
            at=parsing.moment(parsing.dig(info, "timeStamp")),
        )
