"""People who say stop: by a provider's code for opted-out, or by a word in a reply."""

from collections.abc import Sequence

from broadcaster.audience import consent
from broadcaster.models import Channel
from broadcaster.receipts.matching import Target
from providers import DeliveryStatus, ReceiptEvent

# The words that CTIA and the GSMA's guidelines name, and their plain translations; compared whole, without case.
STOP_WORDS = frozenset(
    {
        "stop",
        "stopall",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "optout",
        "opt-out",
        "berhenti",
        "arrêt",
        "baja",
        "parar",
    }
)


def honour(channel: Channel, events: Sequence[ReceiptEvent], found: Sequence[Target | None]) -> None:
    """Suppress those who opted out, on this channel."""
    told = {
        message.address
        for event, message in zip(events, found, strict=True)
        if message and event.status == DeliveryStatus.OPTED_OUT
    }
    consent.suppress(told, channel=channel, reason="The provider says that this person opted out.", source="receipt")
    replied = {_phone(event.address) for event in events if _says_stop(event.inbound) and event.address}
    consent.suppress(replied, channel=channel, reason="This person replied with a stop word.", source="reply")


def _says_stop(text: str | None) -> bool:
    return text is not None and text.strip().casefold().rstrip(".!") in STOP_WORDS


def _phone(address: str) -> str:
    return f"+{address}" if address.isdigit() else address
