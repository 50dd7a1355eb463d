"""What Qiscus tells afterwards: a job's logs when it is asked, WhatsApp's events and people's words when it posts.

    a log          {"id": 25702462, "message_id": "wamid.X", "notes": null, "phone_number": "6281500000000",
                    "sent_at": "2022-03-05T10:15:00Z", "status": "delivered"}
    forwarded      {"app_code": "...", "channel_id": 534, "statuses": [{"id": "wamid.X", "status": "read",
                    "recipient_id": "6281500000000", "timestamp": "1646475300"}], "messages": [...]}
    bot webhook    {"type": "post_comment_mobile", "payload": {"from": {"email": "6281500000000", "name": "Nur"},
                    "room": {...}, "message": {"type": "text", "text": "STOP"}}}

Sources: the gist for a log, a customer's public project for what is forwarded, Qiscus' page on webhooks for the last.
"""

from dataclasses import replace
from typing import Any

from providers import parsing, whatsapp
from providers.outcomes import DeliveryStatus, ReceiptEvent

# A log's status: the first word from the gist, the numbers from the broadcast history that Qiscus' own app reads
# (any other is a failure there), the remaining words inferred [I] from the app's labels and the job's totals.
STATUSES = {
    "scheduled": DeliveryStatus.QUEUED,
    "pending": DeliveryStatus.QUEUED,
    "1": DeliveryStatus.QUEUED,
    "sent": DeliveryStatus.SENT,
    "2": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "received": DeliveryStatus.DELIVERED,
    "3": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "4": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.FAILED,
    "5": DeliveryStatus.FAILED,
}
INBOUND = frozenset({"post_comment_mobile", "post_comment_rest"})  # Qiscus' page on webhooks, "Bot Webhook"


def log_event(log: Any, job_id: str) -> ReceiptEvent:
    """One recipient's log in a job."""
    word = parsing.identifier(parsing.dig(log, "status")).lower()
    notes = parsing.phrase(parsing.dig(log, "notes"))
    return ReceiptEvent(
        whatsapp.failure_or_opt_out(parsing.status(word, STATUSES, "Qiscus"), code="", reason=notes),
        provider_id=job_id,
        address=parsing.phone(parsing.dig(log, "phone_number")),
        code=word,
        reason=notes,
        at=parsing.moment(parsing.dig(log, "sent_at")),
    )


def webhook_events(item: Any) -> list[ReceiptEvent]:
    """The events of one call, of whichever kind."""
    found = [whatsapp.status_event(each, provider="Qiscus") for each in parsing.items(parsing.dig(item, "statuses"))]
    # The id is WhatsApp's, and the answer to the post did not have it: only the address can match.
    events = [replace(event, provider_id="") for event in found]
    events += whatsapp.inbound_events(item)
    if parsing.identifier(parsing.dig(item, "type")) in INBOUND:
        events.append(_inbound(parsing.dig(item, "payload")))
    return events


def _inbound(payload: Any) -> ReceiptEvent:
    # `email` is the person's id in Qiscus; of a WhatsApp user it is the phone in digits.
    person = parsing.identifier(parsing.dig(payload, "from", "email"))
    text = parsing.phrase(parsing.dig(payload, "message", "text"), parsing.INBOUND_CHARACTERS)
    return ReceiptEvent(None, address=parsing.phone(person) if person.isdecimal() else person, inbound=text)
