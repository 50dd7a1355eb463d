"""What IMIconnect posts to `notifyurl`: the steps of a call.

    {"deliveryTransInfo": "...", "deliveryInfoNotification": {"deliveryInfo": {"timeStamp": "2020-02-05T07:34:23.596Z",
       "Description": "Call offered", "code": "7407", "deliveryChannel": "voice", "additionalInfo": "",
       "destination": "+919703553010", "destinationType": "msisdn", "deliveryStatus": "OFFERED"},
       "subtid": "", "transid": "62cfd7cf-...", "callbackData": "", "correlationid": ""}}

Source: Webex Connect's pages on outbound webhooks and status codes. Two of their samples lack the last brace.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from providers import parsing
from providers.outcomes import DeliveryStatus, ReceiptEvent

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
    "OTHER": DeliveryStatus.FAILED,
    "EXPIRED": DeliveryStatus.EXPIRED,
}
IGNORED = frozenset({"7411", "7412"})  # O: trombone, a transfer inside the network


def events(query: Mapping[str, str], body: bytes) -> Iterator[ReceiptEvent]:
    """The events in one call."""
    completed = parsing.parsed(body.rstrip() + b"}")  # only what lacks its last brace becomes JSON by this
    payload = completed if isinstance(completed, dict) else parsing.payload(query, body)
    for item in parsing.items(payload):
        notice = parsing.dig(item, "deliveryInfoNotification")
        for info in parsing.items(parsing.dig(notice, "deliveryInfo")):
            if parsing.identifier(parsing.dig(info, "code")) not in IGNORED:
                yield _event(notice, info)


def _event(notice: Any, info: Any) -> ReceiptEvent:
    code = parsing.identifier(parsing.dig(info, "code"))
    word = parsing.identifier(parsing.dig(info, "deliveryStatus")).upper()
    destination = parsing.identifier(parsing.dig(info, "destination"))
    is_customer = parsing.dig(info, "destinationType") == "customerid"
    return ReceiptEvent(
        parsing.status(code if code in STATUSES else word, STATUSES, "IMIconnect"),
        provider_id=parsing.identifier(parsing.dig(notice, "transid")),
        reference=parsing.identifier(parsing.dig(notice, "correlationid")),
        address=destination if is_customer else parsing.phone(destination),
        code=code,
        reason=parsing.phrase(parsing.dig(info, "Description")),
        at=parsing.moment(parsing.dig(info, "timeStamp")),
    )
