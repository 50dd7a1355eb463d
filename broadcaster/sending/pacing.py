"""A channel's rate per second, exact over all workers and hosts: one atomic UPDATE reserves slots (GCRA).

The channel's row holds the time of its next free slot. Reserving n slots moves that time on by n / rate, from now or
from where it stands, whichever is later. Each message then starts at its own slot, so the pace is smooth too.
"""

import time
from dataclasses import dataclass

from django.db import connection

from broadcaster.models import Channel

RESERVE = {
    "postgresql": "GREATEST(next_slot_at, extract(epoch from clock_timestamp()))",  # one clock for all hosts
    "sqlite": "MAX(next_slot_at, %s)",
}


@dataclass(frozen=True, slots=True)
class Slots:
    """A run of slots: the first at `start_in_s` seconds from now, the others `interval_s` apart."""

    start_in_s: float
    interval_s: float


def reserve(channel: Channel, count: int) -> Slots:
    """Take `count` slots of the channel's pace."""
    now = time.time()
    start = RESERVE[connection.vendor]
    clock = "extract(epoch from clock_timestamp())" if connection.vendor == "postgresql" else "%s"
    statement = (
        f"UPDATE broadcaster_channel SET next_slot_at = {start} + %s / rate_per_second WHERE id = %s "  # noqa: S608
        f"RETURNING next_slot_at, rate_per_second, {clock}"
    )
    stamps = [now] if "%s" in start else []
    with connection.cursor() as cursor:
        cursor.execute(statement, [*stamps, float(count), channel.pk, *stamps])
        next_slot_at, rate, read_at = cursor.fetchone()
    return Slots(max(0.0, float(next_slot_at) - count / rate - float(read_at)), 1 / rate)
