"""A host whose clock is wrong: what a process sees of the time of day, shifted by some seconds."""

import time
from datetime import UTC, datetime, timedelta

from django.utils import timezone


def shift_clock(seconds: float) -> None:
    """Shift this process's time of day; durations stay what they are, as on a host with a wrong clock."""
    right_time, right_time_ns = time.time, time.time_ns
    time.time = lambda: right_time() + seconds
    time.time_ns = lambda: right_time_ns() + round(seconds * 1e9)
    timezone.now = lambda: datetime.now(tz=UTC) + timedelta(seconds=seconds)
