"""Closes what is not sent any more: after a cancel waiting rows are skipped, after the expiry they expire.

    cancelled | past expires_at -> [ lock some ready batches -> end their rows -> move their counts -> done ] ... -> end

A worker does it, so a cancel of a million messages takes no longer than one of ten. A batch that is leased belongs to
its worker; it is closed after it has come back. The tick finds whatever is left, whoever died on the way.
"""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from broadcaster.models import Batch, Broadcast, Message
from broadcaster.sending import states

ROWS = 10_000  # rows that one transaction closes: a fraction of a second
BATCHES = 500  # at most so many of them, where a slow channel has small ones

B = Broadcast.State
OPEN = (B.PREPARING, B.SENDING, B.PAUSED)


@dataclass(frozen=True, slots=True)
class Ending:
    """What becomes of rows that were never handed out, and why."""

    state: Message.State
    code: str
    text: str


CANCELLED = Ending(Message.State.SKIPPED, "cancelled", "The broadcast was cancelled.")
EXPIRED = Ending(Message.State.EXPIRED, "expired", "It was not sent before the broadcast's expiry.")


def waiting() -> list[int]:
    """Broadcasts that have something to close."""
    ready = Batch.objects.filter(broadcast=OuterRef("pk"), state=Batch.State.READY)
    cancelled = Broadcast.objects.filter(Exists(ready), state=B.CANCELLED)
    return [*cancelled.values_list("pk", flat=True), *_expired(timezone.now()).values_list("pk", flat=True)]


def close(broadcast_id: int, *, life_s: float) -> bool:
    """Close the broadcast's rows for about so long; whether there are more. An expired broadcast ends with its rows."""
    end = time.monotonic() + life_s
    while (ending := _ending(broadcast_id)) and _some(broadcast_id, ending):
        if time.monotonic() >= end:
            return True
    _complete(broadcast_id)
    return False


def drop(broadcast_id: int) -> None:
    """Delete the rows of a broadcast that was missed or has failed; nothing of it was ever handed out.

    The batches are chosen together with the state, in one statement: should somebody else schedule the broadcast anew
    meanwhile, its new batches are not among them.
    """
    unsent = Batch.objects.filter(broadcast=broadcast_id, broadcast__state__in=(B.MISSED, B.FAILED))
    batches = list(unsent.values_list("pk", "size"))
    while batches:
        some = _up_to_rows(batches)
        Batch.objects.filter(pk__in=some).delete()  # and its messages, with one statement
        del batches[: len(some)]


def end_pending(which: Q, ending: Ending, *, now: datetime) -> int:
    """End the pending rows among these with one statement; how many. Locks and counts are the caller's."""
    pending = Message.objects.filter(which, state=Message.State.PENDING)
    return pending.update(state=ending.state, error_code=ending.code, error_text=ending.text, changed_at=now)


def _expired(now: datetime) -> QuerySet[Broadcast]:
    return Broadcast.objects.filter(state__in=OPEN, prepared_at__isnull=False, expires_at__lte=now)


def _ending(broadcast_id: int) -> Ending | None:
    """Why the broadcast's rows are closed, or None where it may still send."""
    if Broadcast.objects.filter(pk=broadcast_id, state=B.CANCELLED).exists():
        return CANCELLED
    return EXPIRED if _expired(timezone.now()).filter(pk=broadcast_id).exists() else None


def _some(broadcast_id: int, ending: Ending) -> bool:
    """Close some batches; whether there were any that nobody else holds."""
    ready = Batch.objects.filter(broadcast=broadcast_id, state=Batch.State.READY)
    first = _up_to_rows(ready.order_by("not_before", "number").values_list("pk", "pending")[:BATCHES])
    with transaction.atomic():
        batch_ids = list(ready.filter(pk__in=first).select_for_update(skip_locked=True).values_list("pk", flat=True))
        end_pending(Q(batch__in=batch_ids), ending, now=timezone.now())
        ended = {ending.state.value: F(ending.state.value) + F("pending")}
        Batch.objects.filter(pk__in=batch_ids).update(pending=0, state=Batch.State.DONE, **ended)
    return bool(batch_ids)


def _up_to_rows(batches: Sequence[tuple[int, int]] | QuerySet[Batch, tuple[int, int]]) -> list[int]:
    """The first of the (batch, rows), as many as have ROWS rows together, and one at least."""
    taken: list[int] = []
    rows = 0
    for batch_id, size in batches:
        rows += size
        if taken and (rows > ROWS or len(taken) >= BATCHES):
            break
        taken.append(batch_id)
    return taken


def _complete(broadcast_id: int) -> None:
    """End an expired broadcast whose batches are all done; one that was cancelled has ended already."""
    now = timezone.now()
    unfinished = Batch.objects.filter(broadcast=OuterRef("pk")).exclude(state=Batch.State.DONE)
    for broadcast in _expired(now).filter(~Exists(unfinished), pk=broadcast_id):
        with contextlib.suppress(states.MoveRefused):  # somebody else has ended it
            states.move(broadcast, B.COMPLETED, only_from=OPEN, finished_at=now)
