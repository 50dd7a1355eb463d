"""Receipts -> message states, in bulk: matched by our reference, else the provider's id, else the address.

A receipt only moves a message up in rank, so duplicates and wrong orders are harmless. One that comes before its
message's result is written waits for it.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

import providers
from broadcaster import gateway
from broadcaster.models import Channel, Message, Receipt
from broadcaster.receipts import matching, opt_outs
from broadcaster.sending import ledger
from broadcaster.sending.ledger import Change
from broadcaster.sending.states import RECEIPT_MOVES
from providers import DeliveryStatus, ReceiptEvent

log = logging.getLogger(__name__)

BULK = 1_000
PATIENCE = 20  # times that a receipt without a message is looked at again, at growing distances
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=30)

STATES = {
    DeliveryStatus.SENT: "sent",
    DeliveryStatus.DELIVERED: "delivered",
    DeliveryStatus.READ: "read",
    DeliveryStatus.FAILED: "failed",
    DeliveryStatus.OPTED_OUT: "failed",
    DeliveryStatus.EXPIRED: "expired",
    DeliveryStatus.QUEUED: "accepted",  # resolves an unknown; an accepted message stays as it is
}


def apply_waiting() -> int:
    """Apply the receipts that are due; how many were looked at."""
    with transaction.atomic():
        now = timezone.now()
        due = Receipt.objects.filter(applied_at=None, apply_after__lte=now).select_related("channel").order_by("id")
        receipts = list(due.select_for_update(skip_locked=True, of=("self",))[:BULK])
        by_channel: dict[int, list[Receipt]] = {}
        for receipt in receipts:
            by_channel.setdefault(receipt.channel_id, []).append(receipt)
        for of_channel in by_channel.values():
            _apply_receipts(of_channel[0].channel, of_channel, now)
    return len(receipts)


def apply_events(channel: Channel, events: Sequence[ReceiptEvent]) -> list[bool]:
    """Move the events' messages and honour opt-outs; for each event whether its message was found. In a transaction."""
    found = matching.messages_of(channel, events)
    changes: dict[int, Change] = {}
    for event, message in zip(events, found, strict=True):
        if message and (change := _change(message, event, changes.get(message.pk))):
            changes[message.pk] = change
    ledger.write(list(changes.values()), now=timezone.now())
    opt_outs.honour(channel, events, found)
    return [message is not None or event.inbound is not None for event, message in zip(events, found, strict=True)]


def _change(message: Message, event: ReceiptEvent, earlier: Change | None) -> Change | None:
    """The message's move after an earlier event of the same turn, or None where the event says nothing new."""
    state = STATES.get(event.status) if event.status else None
    current = earlier.new if earlier else message.state
    if state is None or state not in RECEIPT_MOVES.get(current, ()):
        return None
    learnt = (earlier.provider_id if earlier else "") or event.provider_id
    ended = state in ("failed", "expired")
    return Change(
        message.pk,
        message.batch_id,
        message.state,
        state,
        provider_id="" if message.provider_id else learnt,
        error_code=event.code if ended else "",
        error_text=event.reason if ended else "",
    )


def _apply_receipts(channel: Channel, receipts: Sequence[Receipt], now: datetime) -> None:
    readable = {receipt.pk: events for receipt in receipts if (events := _events(channel, receipt)) is not None}
    found = iter(apply_events(channel, [event for events in readable.values() for event in events]))
    for receipt in receipts:
        receipt.attempts += 1
        if receipt.pk in readable:
            _settle(receipt, [next(found) for _ in readable[receipt.pk]], now)
        else:
            _wait(receipt, now, "cannot be read with the channel's settings")
    _save(receipts)


def _events(channel: Channel, receipt: Receipt) -> list[ReceiptEvent] | None:
    """What the receipt says, or None where the channel's settings do not allow to read it."""
    try:
        client = gateway.connect(channel)
        return client.parse_receipts(receipt.method, receipt.headers, receipt.query, bytes(receipt.body))
    except (providers.InvalidSignature, providers.ConfigurationError) as error:
        log.warning("receipt %s of channel %s cannot be read: %s", receipt.pk, channel, error)
        return None


def _settle(receipt: Receipt, matched: Sequence[bool], now: datetime) -> None:
    outcome = f"{sum(matched)} of {len(matched)} events applied" if matched else "nothing in it for us"
    if all(matched):
        receipt.applied_at, receipt.outcome = now, outcome
    else:  # the message's own result may not have been written yet
        _wait(receipt, now, outcome)


def _wait(receipt: Receipt, now: datetime, outcome: str) -> None:
    """Look again later, at growing distances, but not for ever."""
    receipt.outcome = outcome
    if receipt.attempts >= PATIENCE:
        receipt.applied_at = now
    else:
        receipt.apply_after = now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(receipt.attempts, 12))


def _save(receipts: Sequence[Receipt]) -> None:
    """Write what came of the receipts, with one statement for all that ended alike; most of a bulk did."""
    alike: dict[tuple[datetime | None, datetime | None, str, int], list[int]] = {}
    for receipt in receipts:
        look_again = None if receipt.applied_at else receipt.apply_after
        alike.setdefault((receipt.applied_at, look_again, receipt.outcome, receipt.attempts), []).append(receipt.pk)
    for (applied_at, look_again, outcome, attempts), keys in alike.items():
        ended = {"applied_at": applied_at} if applied_at else {"apply_after": look_again}
        Receipt.objects.filter(pk__in=keys).update(outcome=outcome, attempts=attempts, **ended)
