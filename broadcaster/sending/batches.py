"""Batches under a lease: claimed by one worker, marked before anything is posted, recorded after, given back.

    ready --claim--> leased --hand_over--> leased --results.record--> leased ... --release--> ready | done

The mark (`handed_through`) is the promise: a message at or below it may have been posted, one above it was not.
Every step checks that the lease is still ours; a worker that lost it writes nothing.
"""

import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from broadcaster.models import Batch, Broadcast
from broadcaster.sending import clock, states, telling

PACE_HORIZON_S = 1.0  # a channel whose next free slot is further away than this does not hold a worker
TURNS = 5  # another worker may win the race for a candidate

# Written out, since they run for every window, where putting them together costs more than running them. They leave the
# lease's end alone, which `extend` moves every few seconds: it is indexed, and each change of it would leave a dead
# entry in every index of the table.
WANTED = """
    EXISTS (SELECT 1 FROM broadcaster_broadcast b JOIN broadcaster_channel c ON c.id = b.channel_id
            WHERE b.id = broadcaster_batch.broadcast_id AND b.state = 'sending'
              AND (b.expires_at IS NULL OR b.expires_at > %s)
              AND c.enabled AND (c.hold_reason = '' OR c.hold_until <= %s))
"""
HAND_OVER = f"""
    UPDATE broadcaster_batch SET handed_through = %s, started_at = COALESCE(started_at, %s)
    WHERE id = %s AND state = 'leased' AND lease_worker = %s AND {WANTED}
"""  # noqa: S608  made of constants


class LeaseLost(Exception):  # noqa: N818
    """Another worker has the work by now, or a person called it off; nothing of it may be written any more."""


class NotWanted(Exception):  # noqa: N818
    """The broadcast was paused or cancelled, or its channel was closed: nothing more of the batch goes out now."""


def claim(worker: str, *, besides: Collection[int] = ()) -> Batch | None:
    """Lease the next batch to this worker, or None where there is nothing to do; `besides` are channels to pass over.

    The most urgent broadcast goes first, then the least recently served one.
    """
    now = clock.now()
    for broadcast_id in _turns(now).exclude(channel__in=besides).values_list("pk", flat=True)[:TURNS]:
        with transaction.atomic():
            batch = _first_ready(broadcast_id, now)
            if batch and _serve(batch.broadcast, now) and _lease(batch, worker):
                return batch
    return None


def due_within(seconds: float) -> bool:
    """Whether there will be something to claim within so many seconds."""
    return _turns(clock.now() + timedelta(seconds=seconds)).exists()


def hand_over(batch: Batch, *, through: int) -> None:
    """Move the write-ahead mark, before the messages up to it are posted. Raises LeaseLost or NotWanted.

    Nothing was posted before it has returned, so it may be called again where the connection broke in it.
    """
    now = connection.ops.adapt_datetimefield_value(clock.now())
    with connection.cursor() as cursor:
        cursor.execute(HAND_OVER, [through, now, batch.pk, batch.lease_worker, now, now])
        moved = cursor.rowcount
    if moved != 1:
        mark = ours(batch).values_list("handed_through", flat=True).first()
        if mark is None:
            raise LeaseLost
        if mark < through:  # else an earlier try has moved it, and only its answer was lost
            raise NotWanted
    batch.handed_through = through


def extend(leases: Collection[str]) -> set[str]:
    """Keep these leases from running out; those that still hold."""
    held = Batch.objects.filter(state=Batch.State.LEASED, lease_worker__in=leases)
    held.update(lease_until=lease_end())
    return set(held.values_list("lease_worker", flat=True))


def keep(batch: Batch) -> bool:
    """Keep one lease from running out; whether it is still ours."""
    return ours(batch).update(lease_until=lease_end()) == 1


def release(batch: Batch) -> None:
    """Give the batch back: done where nothing of it is pending, else ready for another worker."""
    with transaction.atomic():
        if ours(batch).update(state=Batch.State.READY, lease_worker="", lease_until=None) == 1:
            finish([batch.pk])
    complete(batch.broadcast_id)


def finish(batch_ids: Iterable[int]) -> None:
    """Mark those of the batches as done that have nothing left to send."""
    Batch.objects.filter(pk__in=list(batch_ids), state=Batch.State.READY, pending=0).update(state=Batch.State.DONE)


def complete(broadcast_id: int) -> bool:
    """Complete the broadcast if all of its batches are done; whether it is."""
    sending = Broadcast.objects.filter(pk=broadcast_id, state=Broadcast.State.SENDING, prepared_at__isnull=False)
    made = sending.values_list("batch_count", flat=True).first()
    if made is None or Batch.objects.filter(broadcast=broadcast_id).exclude(state=Batch.State.DONE).exists():
        return False
    # Whoever makes a batch after that look has raised the count, and completes it again.
    ended = {"state": Broadcast.State.COMPLETED, "finished_at": timezone.now()}
    with transaction.atomic(savepoint=False):
        is_completed = sending.filter(batch_count=made).update(**ended) == 1
        if is_completed:
            telling.moved(broadcast_id, Broadcast.State.COMPLETED)
    return is_completed


def lease_end() -> datetime:
    """When a lease taken now runs out."""
    return clock.now() + timedelta(seconds=settings.LEASE_S)


def ours(batch: Batch) -> QuerySet[Batch]:
    """The batch's row, as long as this lease on it holds."""
    return Batch.objects.filter(pk=batch.pk, state=Batch.State.LEASED, lease_worker=batch.lease_worker)


def _turns(now: datetime) -> QuerySet[Broadcast]:
    """The broadcasts that may send at that time, in the order of their turns."""
    prepared = Q(state__in=[Broadcast.State.SENDING, Broadcast.State.PREPARING]) & Q(prepared_at__isnull=False)
    # A hold that ran out lets a probe through.
    open_channel = Q(channel__enabled=True) & (Q(channel__hold_reason="") | Q(channel__hold_until__lte=now))
    in_pace = Q(channel__next_slot_at__lte=now.timestamp() + PACE_HORIZON_S)
    waiting = Batch.objects.filter(broadcast=OuterRef("pk"), state=Batch.State.READY, not_before__lte=now)
    return Broadcast.objects.filter(prepared, in_pace, open_channel, Exists(waiting)).order_by(
        "-priority", F("served_at").asc(nulls_first=True), "pk"
    )


def _first_ready(broadcast_id: int, now: datetime) -> Batch | None:
    ready = Batch.objects.filter(broadcast=broadcast_id, state=Batch.State.READY, not_before__lte=now)
    ready = ready.select_related("broadcast__channel").order_by("not_before", "number")
    if connection.features.has_select_for_update_skip_locked:
        ready = ready.select_for_update(skip_locked=True, of=("self",))
    return ready.first()


def _serve(broadcast: Broadcast, now: datetime) -> bool:
    """Note that the broadcast gets a worker, and that it sends from its first one on; whether it still may send."""
    row = Broadcast.objects.filter(pk=broadcast.pk)
    if row.filter(state=Broadcast.State.SENDING).update(served_at=now):
        return True
    if states.is_missed(broadcast, now):  # the tick tells so
        return False
    prepared = row.filter(state=Broadcast.State.PREPARING, prepared_at__isnull=False)
    has_started = prepared.update(state=Broadcast.State.SENDING, started_at=now, served_at=now) == 1
    if has_started:
        telling.started(broadcast.pk)
    return has_started


def _lease(batch: Batch, worker: str) -> bool:
    """Each lease has a name of its own: a worker that lost one and gets the same batch again must not mix them up."""
    batch.lease_worker = f"{worker}/{secrets.token_hex(4)}"
    batch.state, batch.lease_until = Batch.State.LEASED, lease_end()
    ready = Batch.objects.filter(pk=batch.pk, state=Batch.State.READY)
    return ready.update(state=batch.state, lease_worker=batch.lease_worker, lease_until=batch.lease_until) == 1
