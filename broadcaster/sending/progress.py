"""How far a broadcast is: the sum over its batches, never a hot counter row; a recount of the rows must agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Sum
from django.utils import timezone

from broadcaster.models import COUNTED_STATES, Batch, Broadcast, Channel, Message

RATE_WINDOW_S = 10.0
FEWEST_MESSAGES = 3  # a channel that needs longer than the window for so many is looked at for longer
SHORTEST_S = 1.0  # the first results of a broadcast are no rate yet
WITH_A_RESULT = ("accepted", "sent", "delivered", "read", "failed", "unknown")  # by a provider, so they took a slot

Span = tuple[datetime, datetime, int]  # from the first hand-over to the last record, and the messages in between


@dataclass(frozen=True, slots=True)
class Progress:
    """`counts` has every state of a message; `done` are those that are no longer waiting to be sent.

    `seconds_left` is None where nothing can be said: nothing goes out, or the channel is held or disabled.
    """

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
    rate = _rate(broadcast)
    return Progress(
        total=total,
        counts=counts,
        done=done,
        percent=100 * done // total if total else 0,
        rate_per_second=rate,
        seconds_left=_seconds_left(counts["pending"], rate, broadcast.channel),
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
    """Messages a second that got a result over the last seconds; 0 where it does not send or nothing went out.

    The window ends with the last record, not now: else a channel that records every few seconds would seem to slow
    down and to hurry by turns.
    """
    if broadcast.state != Broadcast.State.SENDING or broadcast.started_at is None:
        return 0.0
    now = timezone.now()
    window = timedelta(seconds=_window_s(broadcast.channel))
    spans = _spans(broadcast, since=now - 2 * window)
    last = max((recorded for _, recorded, _ in spans), default=now - 2 * window)
    if last < now - window:
        return 0.0
    first = max(last - window, broadcast.started_at)
    handled = sum(number * _share(started, recorded, first) for started, recorded, number in spans)
    return handled / max(SHORTEST_S, (last - first).total_seconds())


def _window_s(channel: Channel | None) -> float:
    return max(RATE_WINDOW_S, FEWEST_MESSAGES / channel.pace) if channel else RATE_WINDOW_S


def _spans(broadcast: Broadcast, *, since: datetime) -> Sequence[Span]:
    """The batches that recorded anything since then; they are short, so each is taken to have gone on evenly."""
    recent = Batch.objects.filter(broadcast=broadcast, recorded_at__gte=since).order_by()
    handled = sum((F(state) for state in WITH_A_RESULT[1:]), start=F(WITH_A_RESULT[0]))
    rows = recent.annotate(handled=handled).values_list("started_at", "recorded_at", "handled")
    return [(started, recorded, number) for started, recorded, number in rows if started and recorded]


def _share(started: datetime, recorded: datetime, first: datetime) -> float:
    """How much of the span lies after `first`, 0 to 1."""
    if started >= first:
        return 1.0
    return max(0.0, (recorded - first) / (recorded - started)) if recorded > first else 0.0


def _seconds_left(pending: int, rate: float, channel: Channel | None) -> int | None:
    """How long the rest takes at this rate, or at the channel's where that was lowered just now."""
    if not rate or channel is None or not channel.enabled or channel.is_held():
        return None
    return round(pending / min(rate, channel.pace))
