"""A receipt for the first post of a message that a person sends again: proof enough to take it out of the queue.

    pending, "sent again", not handed over yet -> unknown -> what the receipt says

This is a transaction of its own, after the one in which the receipt found no message. The batch is locked before its
messages, as workers do, and only if nobody holds it: one that a worker has claimed is the worker's to send.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from broadcaster import gateway
from broadcaster.models import Batch, Channel, Message
from broadcaster.sending import batches, ledger, unknowns
from broadcaster.sending.ledger import Change
from providers import DeliveryStatus, ReceiptEvent

PROVES = frozenset({DeliveryStatus.QUEUED, DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ})
TAKEN_BACK = "A receipt for its first post came before it was sent again."


def take_back(channel: Channel, events: Sequence[ReceiptEvent]) -> int:
    """Take back the messages that these events, by our own references, prove to have been sent; how many."""
    named = [gateway.split_reference(event.reference) for event in events if event.status in PROVES]
    prefixes = {message_id: prefix for prefix, message_id in filter(None, named)}
    again = Message.objects.filter(
        pk__in=prefixes, broadcast__channel=channel, state=Message.State.PENDING, error_code=unknowns.SENT_AGAIN
    )
    rows = again.select_related("broadcast") if prefixes else []
    ours = {row.pk: row for row in rows if row.broadcast.reference_prefix == prefixes[row.pk]}
    if not ours:
        return 0
    with transaction.atomic():
        ready = Batch.objects.filter(pk__in={row.batch_id for row in ours.values()}, state=Batch.State.READY)
        held = list(ready.select_for_update(skip_locked=True).values_list("pk", flat=True))
        waiting = again.filter(pk__in=ours, batch__in=held, seq__gt=F("batch__handed_through"))
        locked = waiting.select_for_update(of=("self",), skip_locked=True).values_list("pk", "batch")
        changes = [
            Change(pk, batch, "pending", "unknown", error_code="taken_back", error_text=TAKEN_BACK)
            for pk, batch in locked
        ]
        ledger.write(changes, now=timezone.now())
        batches.finish(held)
    for broadcast_id in {row.broadcast_id for row in ours.values()}:
        batches.complete(broadcast_id)
    return len(changes)
