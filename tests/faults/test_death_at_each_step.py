"""A worker is killed at each step of the way: nobody twice, nobody lost, unknown only what was handed over."""

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass

import pytest

from broadcaster.content import media
from broadcaster.models import Broadcast, Channel, Message
from broadcaster.sending import expansion, pump, recovery
from tests.audiences import phone
from tests.files import PDF, stored
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


UPLOADS = {
    "before the upload": ("broadcaster.sending.media:_upload", 1, 0),
    "between the upload and its record": ("broadcaster.sending.media:_record", 1, 1),
    "before the second upload": ("broadcaster.sending.media:_upload", 2, 1),
    "between the second upload and its record": ("broadcaster.sending.media:_record", 2, 2),
}


@pytest.mark.parametrize(("function", "nth", "uploads"), UPLOADS.values(), ids=UPLOADS)
def test_a_death_while_files_are_uploaded(
    function: str, nth: int, uploads: int, transactional_db: None, simulator: Simulator
) -> None:
    broadcast = with_files(simulator)
    die(function, nth, "expand", str(broadcast.pk))
    assert (requests_of(simulator), len(reload(broadcast).media)) == (uploads, nth - 1)
    assert Message.objects.count() == 0
    finish_preparing(broadcast)
    assert states_of(broadcast) == {"accepted": PEOPLE}
    ids = set(reload(broadcast).media.values())
    (attachments,) = {tuple(each["content"]["attachments"]["eng"]) for each in simulator.accepted("rapidpro")}
    assert (len(attachments), len(ids)) == (2, 2)
    assert {address.rpartition("/")[2] for address in attachments} == ids


def with_files(simulator: Simulator) -> Broadcast:
    """A broadcast whose time has come, with a picture and a letter in its text."""
    _, template = channel_and_template("rapidpro", simulator.url)
    lines = [media.reference(file.uuid) for file in (stored(), stored("letter.pdf", PDF))]
    template.translations.update(content={"text": "Hello", "attachments": lines})
    return preparing(PEOPLE, kind="rapidpro", url=simulator.url)


def requests_of(simulator: Simulator) -> int:
    """How often anything was asked of RapidPro."""
    return simulator.totals().get("rapidpro", {}).get("requests", 0)


def finish_preparing(broadcast: Broadcast) -> None:
    """What the next minutes do."""
    assert recovery.stalled_preparations() == []
    Broadcast.objects.update(prepare_until="2020-01-01T00:00Z")
    assert recovery.stalled_preparations() == [broadcast.pk]
    assert expansion.expand(broadcast.pk, worker="alive")
    pump.run()
