"""The rate of a channel holds for all of its workers together, as the provider sees it."""

import os
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import pytest

from broadcaster.models import Broadcast, Channel
from tests.running import wait_for
from tests.sending.broadcasts import ORDINARY, channel_and_template, prepared
from tests.simulating import Simulator
from tests.workers import close_channels, ready_workers

WORKERS = 8
RATE = 100
PEOPLE = 125  # of each of the broadcasts, one for each worker: ten seconds in all ...
BUSY_S = 8  # ... of which nobody runs out of messages for so long
USED = 0.85  # a database that other tests keep busy loses slots; a pace that workers do not share uses far fewer
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What the provider saw: when each message came in, in seconds."""

    times: list[float]

    @property
    def most(self) -> int:
        """The most messages in any one second, wherever it begins."""
        return max(bisect_left(self.times, time + 1) - number for number, time in enumerate(self.times))

    @property
    def used(self) -> float:
        """The share of the rate that was used while all workers had messages left."""
        return bisect_left(self.times, self.times[0] + BUSY_S) / BUSY_S / RATE


@contextmanager
def before_all_others() -> Iterator[None]:
    """Let this process and what it starts run before all else that the machine is busy with, where it may."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except (AttributeError, PermissionError):  # another system, or not the superuser
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """One of its own; it and the workers are not kept waiting by other tests."""
    with before_all_others(), Simulator.start() as simulator:
        yield simulator


@pytest.fixture
def channel(transactional_db: None, simulator: Simulator) -> Channel:
    channel, _ = channel_and_template("kaleyra", simulator.url, rate_per_second=RATE, concurrency=4)
    return channel


def sent_by_all(simulator: Simulator, first: int) -> Arrivals:
    """Let all workers begin together on a broadcast each, to people from this number on."""
    simulator.reset()
    close_channels()
    for start in range(first, first + WORKERS * PEOPLE, PEOPLE):
        prepared(range(start, start + PEOPLE), name=f"From {start}")
    with ready_workers(WORKERS):
        wait_for(lambda: not Broadcast.objects.exclude(state="completed").exists())
    accepted = simulator.accepted("kaleyra")
    assert len(accepted) == WORKERS * PEOPLE
    return Arrivals([datetime.fromisoformat(message["received_at"]).timestamp() for message in accepted])


def test_eight_workers_never_exceed_the_rate_and_use_it(channel: Channel, simulator: Simulator) -> None:
    # A machine that is short of processors hands over late what was sent on time, so a round may be spoilt from
    # outside. A pace that is wrong is wrong in each of them.
    rounds: list[Arrivals] = []
    while len(rounds) < ROUNDS and not any(each.most <= RATE and each.used >= USED for each in rounds):
        rounds.append(sent_by_all(simulator, ORDINARY + len(rounds) * WORKERS * PEOPLE))
    assert rounds[-1].most <= RATE, [each.most for each in rounds]
    assert rounds[-1].used >= USED, [each.used for each in rounds]
