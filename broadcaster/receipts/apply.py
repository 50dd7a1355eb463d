"""Receipts -> message states, in bulk: matched by our reference, else the provider's id, else the address.

A receipt only moves a message up in rank, so duplicates and wrong orders are harmless. One that comes before its
message's result is written waits for it. What becomes of the messages, of their counts and of the receipts is one
transaction, so that a death in the middle leaves all of it to be done.
"""

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from django.db import transaction
from django.utils import timezone

import providers
from broadcaster import gateway
from broadcaster.models import Channel
from broadcaster.receipts import matching, opt_outs, proofs, waiting
from broadcaster.receipts.matching import Target
from broadcaster.receipts.waiting import Look, Waiting
from broadcaster.sending import ledger
from broadcaster.sending.ledger import Change
from broadcaster.sending.states import RECEIPT_MOVES
from providers import DeliveryStatus, ReceiptEvent

log = logging.getLogger(__name__)

STATES = {
    DeliveryStatus.SENT: "sent",
    DeliveryStatus.DELIVERED: "delivered",
    DeliveryStatus.READ: "read",
    DeliveryStatus.FAILED: "failed",
    DeliveryStatus.OPTED_OUT: "failed",
    DeliveryStatus.EXPIRED: "expired",
    DeliveryStatus.QUEUED: "accepted",  # resolves an unknown; an accepted message stays as it is
}
ENDINGS = frozenset({"failed", "expired"})
UNREADABLE = "cannot be read with the channel's settings"


def apply_waiting() -> int:
    """Apply the receipts that are due; how many were looked at."""
    with transaction.atomic():
        now = timezone.now()
        due = waiting.take(now)
        looks = [look for channel, receipts in _by_channel(due) for look in _apply_receipts(channel, receipts)]
        waiting.write(looks, now)
    return len(due)


def apply_events(channel: Channel, events: Sequence[ReceiptEvent]) -> list[bool]:
    """Move the events' messages and honour opt-outs; for each event whether its message was found. In a transaction."""
    targets = matching.messages_of(channel, events)
    changes: dict[int, Change] = {}
    for event, target in zip(events, targets, strict=True):
        if target and (change := _change(target, event, changes.get(target.pk))):
            changes[target.pk] = change
    ledger.write(list(changes.values()), now=timezone.now())
    opt_outs.honour(channel, events, targets)
    lost = [
        event for event, target in zip(events, targets, strict=True) if not target and event.status in proofs.PROVES
    ]
    if lost:
        transaction.on_commit(partial(_take_back, channel, lost), robust=True)
    return [target is not None or event.inbound is not None for event, target in zip(events, targets, strict=True)]


def _take_back(channel: Channel, events: Sequence[ReceiptEvent]) -> None:
    """Apply events of messages that wait to be sent again; who dies here leaves it to the receipts' next look."""
    if proofs.take_back(channel, events):
        with transaction.atomic():
            apply_events(channel, events)


def _change(target: Target, event: ReceiptEvent, earlier: Change | None) -> Change | None:
    """The message's move after an earlier event of the same turn, or None where the event says nothing new."""
    state = _state(event)
    current = earlier.new if earlier else target.state
    if state is None or state not in RECEIPT_MOVES.get(current, ()):
        return None
    learnt = (earlier.provider_id if earlier else "") or event.provider_id
    ended = state in ENDINGS
    return Change(
        target.pk,
        target.batch_id,
        target.state,
        state,
        provider_id="" if target.provider_id else learnt,
        error_code=event.code if ended else "",
        error_text=event.reason if ended else "",
    )


def _state(event: ReceiptEvent) -> str | None:
    """The state that the event tells of, if any."""
    state = STATES.get(event.status) if event.status else None
    if state in ENDINGS and matching.is_nameless(event):
        return None  # it may be another's message that failed, and ours would be sent a second time
    return state


def _by_channel(receipts: Sequence[Waiting]) -> Iterator[tuple[Channel, list[Waiting]]]:
    """The receipts of each channel; in one order everywhere, so that two appliers cannot wait for each other."""
    groups: dict[int, list[Waiting]] = {}
    for receipt in receipts:
        groups.setdefault(receipt.channel_id, []).append(receipt)
    for channel in Channel.objects.filter(pk__in=groups).order_by("pk"):
        yield channel, groups[channel.pk]


def _apply_receipts(channel: Channel, receipts: Sequence[Waiting]) -> Iterator[Look]:
    try:
        client = gateway.connect(channel)
    except providers.ConfigurationError as error:
        log.warning("receipts of channel %s cannot be read: %s", channel, error)
        yield from (Look(receipt, False, UNREADABLE) for receipt in receipts)
        return
    told = [_events(client, receipt) for receipt in receipts]
    found = iter(apply_events(channel, [event for events in told for event in events or ()]))
    for receipt, events in zip(receipts, told, strict=True):
        yield Look(receipt, False, UNREADABLE) if events is None else _look(receipt, list(islice(found, len(events))))


def _events(client: providers.Client, receipt: Waiting) -> list[ReceiptEvent] | None:
    """What the receipt says, or None where it cannot be read; one that breaks the adapter must not stop the others."""
    try:
        return client.parse_receipts(receipt.method, receipt.headers, receipt.query, bytes(receipt.body))
    except providers.InvalidSignature as error:
        log.warning("receipt %s cannot be read: %s", receipt.pk, error)
    except Exception:
        log.exception("receipt %s cannot be read", receipt.pk)
    return None


def _look(receipt: Waiting, matched: Sequence[bool]) -> Look:
    """Done, unless a message was not found: its own result may not have been written yet."""
    outcome = f"{sum(matched)} of {len(matched)} events applied" if matched else "nothing in it for us"
    return Look(receipt, all(matched), outcome)
