"""A pump beside the test, or disturbed at a chosen step, on a channel of a few requests at the same time."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from broadcaster.models import Batch, Broadcast, Channel
from broadcaster.sending import lanes, pump
from broadcaster.sending.stopping import Stopping
from tests.sending.broadcasts import channel_and_template, rows, with_own_connection
from tests.simulating import Simulator

WIDTH = 4  # requests at the same time, and so messages in a window
LIMIT_S = 30


def narrow_channel(simulator: Simulator) -> Channel:
    """The channel that a test's broadcasts go out on."""
    channel, _ = channel_and_template("kaleyra", simulator.url)
    Channel.objects.update(concurrency=WIDTH)
    channel.refresh_from_db()
    return channel


@contextmanager
def worker() -> Iterator[None]:
    """One pump beside the test."""
    stopping = Stopping()
    thread = threading.Thread(target=with_own_connection, args=[lambda: pump.run(life_s=120, stopping=stopping)])
    thread.start()
    try:
        yield
    finally:
        stopping.asked = True
        thread.join()


def arrived(simulator: Simulator) -> Counter[str]:
    """How often each address has the message."""
    return Counter(simulator.addresses("kaleyra"))


def everyone(broadcast: Broadcast) -> Counter[str]:
    """Each of its recipients once."""
    return Counter(row.address for row in rows(broadcast))


def mark_of_the_batch() -> int:
    """How many messages of the one batch are handed over."""
    return Batch.objects.get().handed_through


def before_each(function: Callable[..., Any], happens: Callable[[], object]) -> Callable[..., Any]:
    """The function, but this happens before each call."""

    def wrapped(*arguments: Any, **options: Any) -> Any:
        happens()
        return function(*arguments, **options)

    return wrapped


def before_call(nth: int, function: Callable[..., Any], happens: Callable[[], object]) -> Callable[..., Any]:
    """The function, but this happens before its nth call."""
    calls = iter(range(1, 1_000_000))
    return before_each(function, lambda: happens() if next(calls) == nth else None)


def miss(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Let so many posts miss their slots."""
    late = iter([-1.0] * times)
    monkeypatch.setattr(lanes, "patience_for", lambda interval_s: next(late, float("inf")))
