"""Brings back what a dead worker held, and wakes what a lost task should have done.

A lease that ran out: rows at or below the mark without a result become unknown, since they may have been posted; rows
above it stay pending. So a killed worker leaves at most about one window unknown, and nothing is lost or sent twice.
"""

import logging

from django.db import transaction
from django.utils import timezone

from broadcaster.models import Batch, Broadcast, Message
from broadcaster.sending import batches, ledger, schedule
from broadcaster.sending.ledger import Change

log = logging.getLogger(__name__)

NO_RESULT = "The worker died while this was on its way; nobody can tell whether it was sent."


def recover_leases() -> int:
    """Recover every batch whose lease ran out; how many."""
    dead = Batch.objects.filter(state=Batch.State.LEASED, lease_until__lt=timezone.now())
    recovered = [batch_id for batch_id in dead.values_list("pk", flat=True) if _recover(batch_id)]
    if recovered:
        log.warning("recovered %d batches of dead workers", len(recovered))
    return len(recovered)


def settle() -> None:
    """Finish broadcasts whose last worker died between its last batch and the end, or that were cancelled meanwhile."""
    for broadcast_id in Broadcast.objects.filter(state=Broadcast.State.SENDING).values_list("pk", flat=True):
        batches.complete(broadcast_id)
    leftover = Batch.objects.filter(
        broadcast__state=Broadcast.State.CANCELLED, state=Batch.State.READY, pending__gt=0
    ).values_list("broadcast", flat=True)
    for broadcast in Broadcast.objects.filter(pk__in=set(leftover)):
        schedule.skip_pending(broadcast)


def stalled_preparations() -> list[int]:
    """Broadcasts that should be prepared and that nobody is preparing."""
    waiting = Broadcast.objects.filter(state=Broadcast.State.PREPARING, prepared_at=None)
    return list(waiting.exclude(prepare_until__gt=timezone.now()).values_list("pk", flat=True))


def _recover(batch_id: int) -> bool:
    now = timezone.now()
    with transaction.atomic():
        dead = Batch.objects.select_for_update().filter(pk=batch_id, state=Batch.State.LEASED, lease_until__lt=now)
        batch = dead.first()
        if batch is None:  # it was only slow, and has just extended its lease
            return False
        handed_out = Message.objects.filter(batch=batch, state=Message.State.PENDING, seq__lte=batch.handed_through)
        changes = [
            Change(pk, batch_id, "pending", "unknown", error_code="no_result", error_text=NO_RESULT)
            for pk in handed_out.values_list("pk", flat=True)
        ]
        ledger.write(changes, now=now)
        Batch.objects.filter(pk=batch_id).update(state=Batch.State.READY, lease_worker="", lease_until=None)
        batches.finish([batch_id])
    batches.complete(batch.broadcast_id)
    return True
