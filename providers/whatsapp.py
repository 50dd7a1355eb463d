"""WhatsApp's own words for what became of a message and what people answer, which several providers hand on unchanged.

    statuses[]  {"id": "wamid.X", "status": "delivered", "timestamp": "1722834665", "recipient_id": "9194XXXXXXXX",
                 "errors": [{"code": 131026, "title": "Message undeliverable"}]}
    messages[]  {"from": "9194XXXXXXXX", "id": "wamid.Y", "timestamp": "1722834700", "type": "text",
                 "text": {"body": "STOP"}}

Source of all of it: Meta's Cloud API reference, webhooks.
"""

import re
from collections.abc import Iterator
from typing import Any

from providers import parsing
from providers.outcomes import DeliveryStatus, ReceiptEvent

# Meta's reference, "Status object".
STATUSES = {
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
}
OPTED_OUT_CODE = "131050"  # Meta's reference, error codes: the person stopped marketing messages
# In the providers' own reasons, such as Kaleyra's "Number Opted Out"; but not "not opted out".
OPTED_OUT = re.compile(r"(?<!not )\bopt(?:ed)?[ _-]?out\b", re.IGNORECASE)

# Where the words of a person's message stand, by its type; Meta's reference, "Messages object".
INBOUND_PATHS: tuple[tuple[str, ...], ...] = (
    ("text", "body"),
    ("button", "payload"),
    ("button", "text"),
    ("interactive", "button_reply", "id"),
    ("interactive", "list_reply", "id"),
    ("interactive", "nfm_reply", "response_json"),
    ("image", "caption"),
    ("video", "caption"),
    ("document", "caption"),
)


def status_event(status: Any, *, provider: str) -> ReceiptEvent:
    """One item of `statuses`."""
    word = parsing.identifier(parsing.dig(status, "status")).lower()
    fault = parsing.dig(status, "errors", 0)
    code = parsing.identifier(parsing.dig(fault, "code"))
    reason = parsing.phrase(parsing.dig(fault, "error_data", "details") or parsing.dig(fault, "title"))
    return ReceiptEvent(
        failure_or_opt_out(parsing.status(word, STATUSES, provider), code=code, reason=reason),
        provider_id=parsing.identifier(parsing.dig(status, "id")),
        address=parsing.phone(parsing.dig(status, "recipient_id")),
        code=code,
        reason=reason,
        at=parsing.moment(parsing.dig(status, "timestamp")),
    )


def failure_or_opt_out(status: DeliveryStatus, *, code: str, reason: str) -> DeliveryStatus:
    """The status, but opted out where a failure gives that as its reason: such a person must not be asked again."""
    is_opt_out = code == OPTED_OUT_CODE or OPTED_OUT.search(reason) is not None
    return DeliveryStatus.OPTED_OUT if status is DeliveryStatus.FAILED and is_opt_out else status


def inbound_events(value: Any) -> Iterator[ReceiptEvent]:
    """What people wrote or pressed: the items of `messages`."""
    for message in parsing.items(parsing.dig(value, "messages")):
        found = (parsing.phrase(parsing.dig(message, *path), parsing.INBOUND_CHARACTERS) for path in INBOUND_PATHS)
        yield ReceiptEvent(
            None,
            address=parsing.phone(parsing.dig(message, "from")),
            at=parsing.moment(parsing.dig(message, "timestamp")),
            inbound=next((text for text in found if text), ""),
        )
