"""Kills workers at random moments while a broadcast goes out, and says what must be true afterwards.

The moments are counts of messages that the simulator has accepted, so that every kill falls into the work; they and
the victims follow from the seed. `tests/faults/test_kill_schedule.py` plays it short, `run.py soak` as long as wanted.
"""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection, connections

from broadcaster import tasks
from broadcaster.models import Batch, Broadcast, Message
from broadcaster.sending import progress
from tests.running import Site
from tests.simulating import Simulator

T = TypeVar("T")
LOOK_S = 0.1
TICK_EVERY_S = 2.0  # the minute's schedule, sooner
AT_ONCE, SOON_S = 0.3, 1.0  # so many kills come so soon after another, while the workers are still starting
ON_THE_WAY = ("accepted", "sent", "delivered", "read")  # what the provider must have
NOT_THERE = ("failed", "expired", "skipped")  # what it must not have
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent and how often it is disturbed; `calm` is the share of the messages at each end without kills."""

    messages: int
    kills: int
    seed: int
    concurrency: int = 16
    workers: int = 3
    calm: float = 0.0
    patience_s: float = 120  # without a single new message or kill

    @property
    def pumps(self) -> int:
        """How many workers send at the same time; one stays free for everything else."""
        return self.workers - 1

    def moments(self, random: Random) -> list[int]:
        """After how many accepted messages each kill comes; the last two of a hundred may be unknown by then."""
        first, last = int(self.messages * self.calm), int(self.messages * (0.98 - self.calm))
        return sorted(random.randrange(first, max(last, first + 1)) for _ in range(self.kills))


@dataclass(slots=True)
class Course:
    """What was seen on the way: kills by kind, when how many messages were there, and the most memory of a process."""

    kills: Counter[str] = field(default_factory=Counter)
    arrivals: list[tuple[float, int]] = field(default_factory=list)
    highest_rss_kb: int = 0
    clusters_started: int = 1

    def ms_per_message(self, start: float, end: float) -> float:
        """Milliseconds a message between two shares of what arrived at last."""
        total = self.arrivals[-1][1]
        (begun, first), (ended, last) = (
            next(arrival for arrival in self.arrivals if arrival[1] >= max(1, total * share)) for share in (start, end)
        )
        return 1000 * (ended - begun) / max(1, last - first)


class Ticking:
    """The minute's schedule, played by the test process and more often: call it as often as you like."""

    def __init__(self) -> None:
        self.done_at = 0.0

    def __call__(self) -> bool:
        """Do what the minute does if it is time; whether it was."""
        if time.monotonic() - self.done_at < TICK_EVERY_S:
            return False
        in_spite_of_outages(tasks.tick)
        self.done_at = time.monotonic()
        return True


class Killing:
    """One plan, carried out on a running site; the test process plays the minute's schedule and the supervisor."""

    def __init__(
        self,
        plan: Plan,
        site: Site,
        broadcast: Broadcast,
        *,
        tell: Callable[[str], None] = print,
        outage: Callable[[], None] | None = None,
    ) -> None:
        """`outage` takes something away for a while; it comes once, in the middle."""
        self.plan, self.site, self.broadcast, self.tell, self.outage = plan, site, broadcast, tell, outage
        self.random = Random(plan.seed)  # noqa: S311  a schedule that can be repeated, no secret
        self.course = Course()
        self.ticking = Ticking()

    def run(self) -> Course:
        """Kill at every moment of the plan, then let the broadcast end. Raises AssertionError where it does not."""
        for moment in self.plan.moments(self.random):
            if self.random.random() < AT_ONCE:
                time.sleep(self.random.uniform(0, SOON_S))  # no wait for a state: the moment is the test's choice
            else:
                self._until_arrived(moment)
            self._strike()
        if self.outage:
            self._until_arrived(self.plan.messages // 2)
            self.outage()
            self.course.kills["outage"] += 1
        self._until(self._completed, "the end of the broadcast")
        self._look()
        return self.course

    def arrived(self) -> int:
        """How many messages the simulator has accepted."""
        kind = self.broadcast.sender.kind
        return self.site.simulator.totals()[kind]["accepted"]

    def _until_arrived(self, number: int) -> None:
        self._until(lambda: self.arrived() >= number, f"{number} messages")

    def _until(self, reached: Callable[[], bool], what: str) -> None:
        since, before = time.monotonic(), -1
        while not reached():
            self._look()
            if self.course.arrivals[-1][1] > before:
                since, before = time.monotonic(), self.course.arrivals[-1][1]
            if time.monotonic() - since > self.plan.patience_s:
                raise AssertionError(f"no message for {self.plan.patience_s:g} s, waiting for {what}: {self.state()}")
            time.sleep(LOOK_S)

    def _look(self) -> None:
        """What goes on beside the workers: the schedule, the supervisor, and the taking of notes."""
        if self.site.tend_workers():
            self.course.clusters_started += 1
        if self.ticking():
            self.course.highest_rss_kb = max([self.course.highest_rss_kb, *(rss for _, rss in processes_of(self.site))])
        self.course.arrivals.append((time.monotonic(), self.arrived()))

    def _completed(self) -> bool:
        completed = Broadcast.objects.filter(pk=self.broadcast.pk, state="completed")
        return in_spite_of_outages(completed.exists) or False

    def _strike(self) -> None:
        kinds = {"one process": 4, "the whole cluster": 2}
        if connection.vendor == "postgresql":
            kinds["connections"] = 4
        kind = self.random.choices([*kinds], [*kinds.values()])[0]
        match kind:
            case "one process":
                kill_one([pid for pid, _ in processes_of(self.site)], self.random)
            case "the whole cluster":
                self.site.kill_workers()
            case "connections":
                cut_connections()
        self.course.kills[kind] += 1
        if sum(self.course.kills.values()) % 10 == 0:
            self.tell(f"{sum(self.course.kills.values())} kills, {self.arrived()} messages accepted")

    def state(self) -> str:
        """Where everything stands, for whoever reads a failure."""
        held = list(Batch.objects.filter(broadcast=self.broadcast, state="leased").values_list("number", flat=True))
        self.broadcast.refresh_from_db()
        counts = {name: number for name, number in progress.progress(self.broadcast).counts.items() if number}
        return f"{self.plan}; {self.course.kills}; {self.broadcast.state}, {counts}, leased batches {held[:SHOWN]}"


def problems(broadcast: Broadcast, simulator: Simulator, *, unknown_at_most: int) -> list[str]:
    """What is wrong between the simulator's record and our rows, a sentence each; empty where the promise was kept."""
    broadcast.refresh_from_db()
    arrived = Counter(e164(address) for address in simulator.addresses(broadcast.sender.kind))
    rows = dict(Message.objects.filter(broadcast=broadcast).values_list("address", "state").iterator())
    counts = progress.progress(broadcast).counts
    found = {
        "accepted twice": [address for address, times in arrived.items() if times > 1],
        "accepted, and nobody of ours": list(arrived.keys() - rows.keys()),
        "ours say they went out, the provider does not": _only(rows, ON_THE_WAY) - arrived.keys(),
        "ours say they did not go out, the provider has them": _only(rows, NOT_THERE) & arrived.keys(),
        "still pending": _only(rows, ("pending",)),
        "unknown, more than a window for each kill": _beyond(_only(rows, ("unknown",)), unknown_at_most),
    }
    sentences = [f"{len(which)} {what}, such as {sorted(which)[:SHOWN]}" for what, which in found.items() if which]
    if broadcast.state != "completed":
        sentences.append(f"the broadcast is {broadcast.state}")
    if counts != progress.recount(broadcast):
        sentences.append(f"counts {counts}, recounted {progress.recount(broadcast)}")
    if sum(counts.values()) != broadcast.total:
        sentences.append(f"{sum(counts.values())} rows of {broadcast.total}")
    return sentences


def e164(address: str) -> str:
    """The simulator's address in our form; providers spell a phone in three ways."""
    return f"+{address.removeprefix('tel:').lstrip('+')}"


def most_unknown(plan: Plan, course: Course) -> int:
    """One window of each pump that a kill can have ended."""
    return 2 * plan.concurrency * plan.pumps * sum(course.kills.values())


def in_spite_of_outages(ask: Callable[[], T]) -> T | None:
    """The answer, or None where the database is away at this moment; the next question gets a new connection."""
    try:
        return ask()
    except (OperationalError, InterfaceError):
        connections.close_all()
        return None


def processes_of(site: Site) -> Iterator[tuple[int, int]]:
    """(process id, resident kilobytes) of every process of the cluster."""
    listed = subprocess.run(["ps", "-eo", "pid=,pgid=,rss=,stat="], capture_output=True, text=True, check=True)  # noqa: S607
    for pid, group, rss, stat in (line.split() for line in listed.stdout.splitlines()):
        if int(group) == site.workers.pid and not stat.startswith("Z"):
            yield int(pid), int(rss)


def kill_one(pids: list[int], random: Random) -> None:
    """SIGKILL to one of the processes, if there is any left: leader, sentinel, worker, monitor or pusher."""
    if pids:
        with suppress(ProcessLookupError):
            os.kill(random.choice(pids), signal.SIGKILL)


def cut_connections() -> None:
    """End every connection to the database but our own, as a failover does."""
    statement = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    """
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _only(rows: dict[str, str], states: tuple[str, ...]) -> set[str]:
    return {address for address, state in rows.items() if state in states}


def _beyond(which: set[str], most: int) -> set[str]:
    return which if len(which) > most else set()
