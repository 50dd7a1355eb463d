"""Batches under a lease: claimed by one worker, marked before anything is posted, recorded after, given back.

    ready --claim--> leased --hand_over--> leased --record--> leased ... --release--> ready | done

The mark (`handed_through`) is the promise: a message at or below it may have been posted, one above it was not.
Every step checks that the lease is still ours; a worker that lost it writes nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from broadcaster.models import Batch, Broadcast, Message
from broadcaster.sending import ledger, states
from broadcaster.sending.ledger import Change, Retry

PACE_HORIZON_S = 1.0  # a channel whose next free slot is further away than this does not hold a worker


class LeaseLost(Exception):  # noqa: N818
    """Another worker has the work by now, or a person called it off; nothing of it may be written any more."""


def claimable(now: datetime) -> QuerySet[Batch]:
    """Batches that may be sent now, the most urgent first and then the least recently served broadcast's."""
    prepared = Q(broadcast__state__in=[Broadcast.State.SENDING, Broadcast.State.PREPARING]) & Q(
        broadcast__prepared_at__isnull=False
    )
    open_channel = Q(broadcast__channel__enabled=True) & (
        Q(broadcast__channel__hold_reason="") | Q(broadcast__channel__hold_until__lte=now)
    )
    in_pace = Q(broadcast__channel__next_slot_at__lte=now.timestamp() + PACE_HORIZON_S)
    return (
        Batch.objects.filter(prepared, open_channel, in_pace, state=Batch.State.READY, not_before__lte=now)
        .select_related("broadcast__channel")
        .order_by("-broadcast__priority", F("broadcast__served_at").asc(nulls_first=True), "broadcast_id", "number")
    )


def due_within(seconds: float) -> bool:
    """Whether there will be something to claim within so many seconds."""
    return claimable(timezone.now() + timedelta(seconds=seconds)).exists()


def claim(worker: str) -> Batch | None:
    """Lease the next batch to this worker, or None where there is nothing to do."""
    for _ in range(5):  # another worker may win the race for a candidate
        now = timezone.now()
        with transaction.atomic():
            batch = _candidate(now)
            if batch is None:
                return None
            if _serve(batch.broadcast_id, now) and _lease(batch, worker, now):
                return batch
    return None


def hand_over(batch: Batch, *, through: int, attempted: Sequence[int]) -> None:
    """Move the write-ahead mark, before the messages up to it are posted. Raises LeaseLost."""
    with transaction.atomic():
        moved = _ours(batch).update(handed_through=through, lease_until=lease_end())
        if moved != 1:
            raise LeaseLost
        Message.objects.filter(pk__in=attempted).update(attempts=F("attempts") + 1)
    batch.handed_through = through


def record(batch: Batch, changes: Sequence[Change], retries: Sequence[Retry]) -> None:
    """Write one window's results, the counts and the retries in one transaction. Raises LeaseLost."""
    now = timezone.now()
    with transaction.atomic():
        if _ours(batch).update(lease_until=lease_end(now)) != 1:
            raise LeaseLost
        ledger.write(changes, now=now)
        requeue(batch, retries, now=now)


def requeue(batch: Batch, retries: Sequence[Retry], *, now: datetime) -> None:
    """Put messages into a later batch of their own, since this batch's mark has passed them."""
    if not retries:
        return
    later = Batch.objects.create(
        broadcast_id=batch.broadcast_id,
        number=states.next_batch_number(batch.broadcast_id),
        size=len(retries),
        not_before=now + timedelta(seconds=max(retry.after_s for retry in retries)),
        pending=len(retries),
    )
    ledger.postpone(retries, batch_id=later.pk, now=now)
    Batch.objects.filter(pk=batch.pk).update(pending=F("pending") - len(retries))


def release(batch: Batch) -> None:
    """Give the batch back: done where nothing of it is pending, else ready for another worker."""
    with transaction.atomic():
        if _ours(batch).update(state=Batch.State.READY, lease_worker="", lease_until=None) == 1:
            finish([batch.pk])
    complete(batch.broadcast_id)


def finish(batch_ids: Iterable[int]) -> None:
    """Mark those of the batches as done that have nothing left to send."""
    Batch.objects.filter(pk__in=list(batch_ids), state=Batch.State.READY, pending=0).update(state=Batch.State.DONE)


def complete(broadcast_id: int) -> bool:
    """Complete the broadcast if all of its batches are done; whether it is."""
    unfinished = Batch.objects.filter(broadcast=broadcast_id).exclude(state=Batch.State.DONE)
    if unfinished.exists():
        return False
    sending = Broadcast.objects.filter(pk=broadcast_id, state=Broadcast.State.SENDING, prepared_at__isnull=False)
    return sending.update(state=Broadcast.State.COMPLETED, finished_at=timezone.now()) == 1


def lease_end(now: datetime | None = None) -> datetime:
    """When a lease taken now runs out."""
    return (now or timezone.now()) + timedelta(seconds=settings.LEASE_S)


def _ours(batch: Batch) -> QuerySet[Batch]:
    return Batch.objects.filter(pk=batch.pk, state=Batch.State.LEASED, lease_worker=batch.lease_worker)


def _candidate(now: datetime) -> Batch | None:
    batches = claimable(now)
    if connection.features.has_select_for_update_skip_locked:
        batches = batches.select_for_update(skip_locked=True, of=("self",))
    return batches.first()


def _serve(broadcast_id: int, now: datetime) -> bool:
    """Note that the broadcast gets a worker, and that it sends from its first one on; whether it still may send."""
    broadcast = Broadcast.objects.filter(pk=broadcast_id)
    if broadcast.filter(state=Broadcast.State.SENDING).update(served_at=now):
        return True
    prepared = broadcast.filter(state=Broadcast.State.PREPARING, prepared_at__isnull=False)
    return prepared.update(state=Broadcast.State.SENDING, started_at=now, served_at=now) == 1


def _lease(batch: Batch, worker: str, now: datetime) -> bool:
    batch.state, batch.lease_worker, batch.lease_until = Batch.State.LEASED, worker, lease_end(now)
    ready = Batch.objects.filter(pk=batch.pk, state=Batch.State.READY)
    return ready.update(state=batch.state, lease_worker=worker, lease_until=batch.lease_until) == 1
