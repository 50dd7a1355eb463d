"""How far a broadcast is: the sum over its batches, never a hot counter row; a recount of the rows must agree."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from broadcaster.models import COUNTED_STATES, Batch, Broadcast, Message

RATE_WINDOW_S = 10


@dataclass(frozen=True, slots=True)
class Progress:
    """`counts` has every state of a message; `done` are those that are no longer waiting to be sent."""

    total: int
    counts: dict[str, int]
    done: int
    percent: int
    rate_per_second: float
    seconds_left: int | None


def progress(broadcast: Broadcast) -> Progress:
    """The broadcast's progress as its batches tell it."""
    counts = counts_of([broadcast.pk])[broadcast.pk]
    total = broadcast.total or sum(counts.values())
    done = sum(counts.values()) - counts["pending"]
    rate = _rate(broadcast) if broadcast.state == Broadcast.State.SENDING else 0.0
    return Progress(
        total=total,
        counts=counts,
        done=done,
        percent=100 * done // total if total else 0,
        rate_per_second=rate,
        seconds_left=round(counts["pending"] / rate) if rate else None,
    )


def counts_of(broadcast_ids: list[int]) -> dict[int, dict[str, int]]:
    """The counts of several broadcasts in one query, for lists."""
    batches = Batch.objects.filter(broadcast__in=broadcast_ids).order_by()
    rows = batches.values_list("broadcast").annotate(*(Sum(state) for state in COUNTED_STATES))
    counted = {pk: dict(zip(COUNTED_STATES, sums, strict=True)) for pk, *sums in rows}
    return {pk: counted.get(pk, dict.fromkeys(COUNTED_STATES, 0)) for pk in broadcast_ids}


def recount(broadcast: Broadcast) -> dict[str, int]:
    """The same counts from the rows themselves."""
    rows = Message.objects.filter(broadcast=broadcast).order_by().values_list("state").annotate(Count("id"))
    return {**dict.fromkeys(COUNTED_STATES, 0), **dict(rows)}


def _rate(broadcast: Broadcast) -> float:
    """Messages a second over the last seconds."""
    since = timezone.now() - timedelta(seconds=RATE_WINDOW_S)
    started = broadcast.started_at or since
    recent: QuerySet[Message] = Message.objects.filter(broadcast=broadcast, accepted_at__gte=since)
    seconds = min(RATE_WINDOW_S, max(1.0, (timezone.now() - started).total_seconds()))
    return recent.count() / seconds
