"""A channel's pace, exact over all workers and hosts: messages a second, and at most so many in any 24 hours.

    reserve   one atomic UPDATE of the channel's row moves the time of its next free slot on by n / rate, from now or
              from where it stands, whichever is later (the generic cell rate algorithm, GCRA, without a burst)
    learn     a throttle halves the rate, quiet success adds to it step by step: additive increase, multiplicative
              decrease, which comes to rest at what the provider takes (Chiu and Jain 1989; TCP does the same)

Each message starts at a slot of its own, so the pace is smooth inside the second too. Only one clock counts: the
database's on PostgreSQL, since hosts differ by seconds, and on SQLite that of its one host.
A slot that is not used, because its worker died or came late, is lost: it is not given out again and counts as used.
"""

import logging
import sys
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least, Now

from broadcaster.models import Channel, ChannelUsage

log = logging.getLogger(__name__)

# The slots keep a hair below the rate, so that a message which leaves or arrives a little late, beside others that do
# not, still fits into the provider's second: 40 ms of room, whatever the rate is.
SHARE = 0.96
LATE_S = 0.02  # a slot that was missed by more than this is lost; the message takes another one

SPAN_S = 300  # messages are counted in spans of this length; the one that is partly over still counts as a whole
GRACE_S = 60  # a message that leaves so much after its slot is still counted long enough
SPANS_A_DAY = 24 * 3600 // SPAN_S

SMALLEST_FACTOR = 1 / 64
STEP = 1 / 16
SETTLE = timedelta(seconds=5)  # throttles within this are answers to what was on its way already: halve once
QUIET = timedelta(seconds=10)  # without a throttle for so long, the rate rises ...
STEP_EVERY = timedelta(seconds=5)  # ... so often, whoever asks

CLOCK = {
    "postgresql": "extract(epoch from clock_timestamp())",  # read under the row's lock, not when waiting for it began
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
}
GREATEST = {"postgresql": "GREATEST", "sqlite": "MAX"}
# PostgreSQL answers before the slots are on disk, many times as fast. Should it crash just then, the slots that it
# forgets are over when it is up again. What counts for 24 hours waits for the disk.
AT_ONCE = {"postgresql": "set_config('synchronous_commit', 'off', true)", "sqlite": "''"}
PACE = f"(rate_per_second * rate_factor * {SHARE})"


@dataclass(frozen=True, slots=True)
class Slots:
    """A run of slots: the first at `start_in_s` seconds from now, the others `interval_s` apart.

    `count` is less than asked for where the cap for 24 hours ends. Where it is 0, nothing may go out now, and
    `start_in_s` is when the cap frees a slot.
    """

    count: int
    start_in_s: float
    interval_s: float


@dataclass(frozen=True, slots=True)
class _Row:
    """What the channel's row says, under its lock; times are Unix seconds of the database's clock."""

    next_slot_at: float
    now: float
    pace: float  # messages a second
    rate_factor: float
    daily_cap: int | None


def reserve(channel: Channel, count: int) -> Slots:
    """Take `count` slots of the channel's pace, or fewer where its cap for 24 hours leaves fewer.

    Reads rate, factor and cap from the row, and keeps the factor in `channel` as last seen.
    """
    try:
        row = _move_on(channel, count, "daily_cap IS NULL", AT_ONCE[connection.vendor])
        return _run(row, count)  # most channels need no more than this
    except Channel.DoesNotExist:
        return _reserve_capped(channel, count)


def learn(channel: Channel, *, throttles: int, accepted: int) -> None:
    """Adapt the channel's pace to what came of a window; asks nothing of the database where all is well."""
    if throttles:
        _slow_down(channel)
    elif accepted and channel.rate_factor < 1:
        _speed_up(channel)


def _move_on(channel: Channel, count: int, condition: str = "1 = 1", and_also: str = "''") -> _Row:
    """Move the channel's next free slot on by so many. Raises Channel.DoesNotExist where the condition fails."""
    clock, greatest = CLOCK[connection.vendor], GREATEST[connection.vendor]
    statement = (
        f"UPDATE broadcaster_channel SET next_slot_at = {greatest}(next_slot_at, {clock}) + %s / {PACE} "  # noqa: S608
        f"WHERE id = %s AND {condition} RETURNING next_slot_at, {clock}, {PACE}, rate_factor, daily_cap, {and_also}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [float(count), channel.pk])
        found = cursor.fetchone()
    if found is None:
        raise Channel.DoesNotExist
    next_slot_at, now, pace, channel.rate_factor, daily_cap, _ = found
    return _Row(float(next_slot_at), float(now), float(pace), channel.rate_factor, daily_cap)


def _run(row: _Row, count: int) -> Slots:
    """The last `count` slots before the row's next free one."""
    return Slots(count, max(0.0, row.next_slot_at - count / row.pace - row.now), 1 / row.pace)


# -- the cap for 24 hours ----------------------------------------------------------------------------------------------


def _reserve_capped(channel: Channel, count: int) -> Slots:
    with transaction.atomic():
        row = _move_on(channel, 0)  # takes the row's lock: whoever comes next reads what is written here
        free, free_at = _free(channel, row)
        granted = min(count, free)
        if granted <= 0:
            return Slots(0, max(0.0, free_at - row.now), 1 / row.pace)
        row = _move_on(channel, granted)
        _count(channel, row, granted)
    return _run(row, granted)


def _free(channel: Channel, row: _Row) -> tuple[int, float]:
    """How many more messages may go out from the row's next slot on; where none, when (Unix seconds) one may again."""
    if row.daily_cap is None:  # it was taken away a moment ago
        return sys.maxsize, row.now
    oldest = int(row.next_slot_at) // SPAN_S - SPANS_A_DAY
    usage = channel.usage.order_by("span")
    usage.filter(span__lt=oldest).delete()
    spans = list(usage.values_list("span", "messages"))
    used = sum(messages for _, messages in spans)
    free, free_at = row.daily_cap - used, row.now
    for span, messages in spans:
        if used < row.daily_cap:
            break
        used, free_at = used - messages, float((span + SPANS_A_DAY + 1) * SPAN_S)
    return free, free_at


def _count(channel: Channel, row: _Row, count: int) -> None:
    """Count the slots in the span in which the last one is surely over: rather forgotten too late than too early."""
    if row.daily_cap is None:
        return
    span = int(row.next_slot_at + GRACE_S) // SPAN_S
    if not channel.usage.filter(span=span).update(messages=F("messages") + count):
        ChannelUsage.objects.create(channel=channel, span=span, messages=count)


# -- a provider that asks to slow down ---------------------------------------------------------------------------------


def _slow_down(channel: Channel) -> None:
    due = Channel.objects.filter(_before("throttled_at", SETTLE), pk=channel.pk)
    slower = Greatest(F("rate_factor") / 2, SMALLEST_FACTOR)
    if due.update(rate_factor=slower, throttled_at=Now()):
        log.warning("channel %s: the provider asked to slow down, its rate is halved", channel)


def _speed_up(channel: Channel) -> None:
    due = Channel.objects.filter(
        _before("throttled_at", QUIET), _before("raised_at", STEP_EVERY), pk=channel.pk, rate_factor__lt=1
    )
    due.update(rate_factor=Least(F("rate_factor") + STEP, 1.0), raised_at=Now())


def _before(field: str, length: timedelta) -> Q:
    """That the time in the field lies further back than this, by the database's clock."""
    return Q(**{field: None}) | Q(**{f"{field}__lt": Now() - length})
