"""Brings back what a dead worker held, and wakes what a lost task should have done.

A lease that ran out: rows at or below the mark without a result become unknown, since they may have been posted; rows
above it stay pending. So a killed worker leaves at most about one window unknown, and nothing is lost or sent twice.

Leases are written and compared by the database's clock. A worker that was only slow finds its lease lost, and writes
nothing; what it had handed over is unknown by then, so nothing goes out twice.

One batch must keep no other from its recovery: where a group cannot be recovered, each of it is, and wrong counts are
counted anew.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from broadcaster.models import Batch, Broadcast, Message
from broadcaster.sending import batches, clock, closing, recounting
from broadcaster.sending.closing import Ending

log = logging.getLogger(__name__)

BATCHES = 100  # that one transaction recovers
NO_RESULT = Ending(
    Message.State.UNKNOWN,
    "no_result",
    "The worker died while this was on its way; nobody can tell whether it was sent.",
)


def recover_leases() -> int:
    """Recover every batch whose lease ran out; how many."""
    dead = list(_dead(clock.now()).order_by("pk").values_list("pk", flat=True))
    groups = [dead[start : start + BATCHES] for start in range(0, len(dead), BATCHES)]
    recovered = [broadcast_id for group in groups for broadcast_id in _recover_group(group)]
    for broadcast_id in set(recovered):
        batches.complete(broadcast_id)
    if recovered:
        log.warning("recovered %d batches of dead workers", len(recovered))
    return len(recovered)


def settle() -> None:
    """Finish broadcasts whose last worker died between its last batch and the end."""
    for broadcast_id in Broadcast.objects.filter(state=Broadcast.State.SENDING).values_list("pk", flat=True):
        batches.complete(broadcast_id)


def stalled_preparations() -> list[int]:
    """Broadcasts that should be prepared and that nobody is preparing, the most urgent first."""
    waiting = Broadcast.objects.filter(state=Broadcast.State.PREPARING, prepared_at=None)
    unleased = waiting.exclude(prepare_until__gt=clock.now())
    return list(unleased.order_by("-priority", "send_at").values_list("pk", flat=True))


def _dead(now: datetime) -> QuerySet[Batch]:
    return Batch.objects.filter(state=Batch.State.LEASED, lease_until__lt=now)


def _recover_group(batch_ids: Sequence[int]) -> list[int]:
    """Recover them together, or one by one where one of them cannot be; the broadcast of each."""
    try:
        return _recover(batch_ids)
    except DatabaseError:
        log.exception("%d batches could not be recovered together; trying one by one", len(batch_ids))
    return [broadcast_id for batch_id in batch_ids for broadcast_id in _recover_alone(batch_id)]


def _recover_alone(batch_id: int) -> list[int]:
    """Recover one batch. Counts that its rows contradict cannot be subtracted from, so they are counted anew first."""
    try:
        return _recover([batch_id])
    except IntegrityError:
        log.exception("the counts of batch %d are wrong; counting anew", batch_id)
    recounting.mend(batch_id)
    return _recover([batch_id])


def _recover(batch_ids: Sequence[int]) -> list[int]:
    """Recover those of the batches that are still dead; the broadcast of each."""
    now = timezone.now()
    with transaction.atomic():
        # Not among them: whose worker was only slow and has just extended the lease, or what another tick has taken.
        locked = _dead(clock.now()).filter(pk__in=batch_ids).select_for_update(skip_locked=True)
        broadcast_of = dict(locked.values_list("pk", "broadcast"))
        handed_out = Q(batch__in=list(broadcast_of), seq__lte=F("batch__handed_through"))
        for batch_id, lost in _pending(handed_out).items():
            unknown = {"pending": F("pending") - lost, "unknown": F("unknown") + lost}
            Batch.objects.filter(pk=batch_id).update(**unknown)
        closing.end_pending(handed_out, NO_RESULT, now=now)
        ready = {"state": Batch.State.READY, "lease_worker": "", "lease_until": None}
        Batch.objects.filter(pk__in=broadcast_of).update(**ready)
        batches.finish(broadcast_of)
    return list(broadcast_of.values())


def _pending(which: Q) -> dict[int, int]:
    """How many of these messages of each batch are pending."""
    messages = Message.objects.filter(which, state=Message.State.PENDING).order_by()
    return dict(messages.values_list("batch_id").annotate(Count("pk")))
