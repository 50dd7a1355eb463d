"""The one clock of all hosts: the database's. The hosts' own may differ by seconds, and a send time must not.

A process that asks itself whether its lease may have run out needs a clock that goes on while the machine sleeps.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

COMPARE_EVERY_S = 30.0


@dataclass(slots=True)
class _Comparison:
    """How far the database's clock is ahead of this host's, and when that was looked up (monotonic seconds)."""

    ahead: timedelta = timedelta()
    made_at: float = float("-inf")


_last = _Comparison()


def now() -> datetime:
    """The time by the database's clock; asks it only every half a minute."""
    if connection.vendor == "sqlite":  # one host, one clock
        return timezone.now()
    if time.monotonic() - _last.made_at > COMPARE_EVERY_S:
        _last.ahead, _last.made_at = _ahead(), time.monotonic()
    return timezone.now() + _last.ahead


def since_boot_s() -> float:
    """Seconds on a clock that nobody sets, and that goes on while the machine is suspended (where it has one)."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _ahead() -> timedelta:
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
    ahead: timedelta = theirs - before - (timezone.now() - before) / 2
    return ahead
