"""A worker is killed at each step of the way: nobody twice, nobody lost, unknown only what was handed over."""

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass

import pytest

from broadcaster.models import Broadcast, Channel, Message
from broadcaster.sending import expansion, pump, recovery
from tests.audiences import phone
from tests.running import ROOT, database_url
from tests.sending.broadcasts import (
    channel_and_template,
    let_leases_run_out,
    prepared,
    preparing,
    reload,
    rows,
    states_of,
)
from tests.sending.pumps import arrived
from tests.simulating import Simulator

PEOPLE = 12
WINDOW = 4  # the concurrency of the channel below; two windows are on their way at a time


@dataclass(frozen=True, slots=True)
class Step:
    """Where the worker dies: on entering `function` for the `nth` time; windows surely posted, and unknown, by then."""

    function: str
    nth: int
    posted: int
    unknown: int


STEPS = {
    "before the batch is read": Step("broadcaster.sending.lanes:rows_of", 1, 0, 0),
    "before the mark": Step("broadcaster.sending.batches:hand_over", 1, 0, 0),
    "after the mark, before the post": Step("broadcaster.sending.posting:Crew.add", 1, 0, 1),
    "before the second mark": Step("broadcaster.sending.batches:hand_over", 2, 0, 1),
    "after the post, before the channel is told": Step("broadcaster.sending.outcomes:apply_to_channel", 1, 1, 2),
    "after the post, before the record": Step("broadcaster.sending.outcomes:decide", 1, 1, 2),
    "in the middle of the record": Step("broadcaster.sending.results:accept", 1, 1, 2),
    "at the end of the record": Step("broadcaster.sending.results:requeue", 1, 1, 2),
    "after the record and the next mark, before its post": Step("broadcaster.sending.lanes:Lane._post", 3, 1, 2),
    "between the record and the release": Step("broadcaster.sending.batches:release", 1, 3, 0),
    "in the middle of the release": Step("broadcaster.sending.batches:finish", 1, 3, 0),
    "between the release and the end": Step("broadcaster.sending.batches:complete", 1, 3, 0),
}


def die(function: str, nth: int, *work: str) -> None:
    """Let a worker of its own process do the work until it is killed."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "broadcaster.settings",
        "EXPANSION_CHUNK": "4",
    }
    command = [sys.executable, "-m", "tests.faults.dying", function, str(nth), *work]
    assert subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == -signal.SIGKILL


@pytest.fixture
def channel(transactional_db: None, simulator: Simulator) -> Channel:
    channel, _ = channel_and_template("kaleyra", simulator.url)
    Channel.objects.update(concurrency=WINDOW)
    return channel


def go_on() -> None:
    """What the next minute does: the tick recovers, and another worker sends the rest."""
    let_leases_run_out()
    recovery.recover_leases()
    recovery.settle()
    pump.run()


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_death_while_sending(step: Step, channel: Channel, simulator: Simulator) -> None:
    broadcast = prepared(PEOPLE, goes_on_refused=True)  # full windows from the first one on
    die(step.function, step.nth, "pump")
    assert len(arrived(simulator)) >= step.posted * WINDOW
    go_on()
    unknown = {row.address for row in rows(broadcast) if row.state == "unknown"}
    assert len(unknown) == step.unknown * WINDOW
    assert set(arrived(simulator).values()) == {1}
    assert {row.address for row in rows(broadcast)} - set(arrived(simulator)) <= unknown
    assert set(states_of(broadcast)) <= {"accepted", "unknown"}
    assert reload(broadcast).state == "completed"


@pytest.mark.parametrize("chunk", [1, 2, 3])
@pytest.mark.parametrize("function", ["broadcaster.sending.expansion:_insert", "broadcaster.sending.ledger:counts_of"])
def test_a_death_while_expanding(function: str, chunk: int, channel: Channel, simulator: Simulator) -> None:
    broadcast = preparing(PEOPLE)
    die(function, chunk, "expand", str(broadcast.pk))
    assert Message.objects.count() == 4 * (chunk - 1)
    pump.run()
    assert arrived(simulator) == Counter()
    finish_preparing(broadcast)
    assert arrived(simulator) == Counter(phone(100 + number) for number in range(PEOPLE))
    assert states_of(broadcast) == {"accepted": PEOPLE}


def test_a_death_before_the_audience_is_sealed(channel: Channel, simulator: Simulator) -> None:
    broadcast = preparing(PEOPLE)
    die("broadcaster.sending.expansion:_seal", 1, "expand", str(broadcast.pk))
    finish_preparing(broadcast)
    assert states_of(broadcast) == {"accepted": PEOPLE}
    assert max(arrived(simulator).values()) == 1


def finish_preparing(broadcast: Broadcast) -> None:
    """What the next minutes do."""
    assert recovery.stalled_preparations() == []
    Broadcast.objects.update(prepare_until="2020-01-01T00:00Z")
    assert recovery.stalled_preparations() == [broadcast.pk]
    assert expansion.expand(broadcast.pk, worker="alive")
    pump.run()
