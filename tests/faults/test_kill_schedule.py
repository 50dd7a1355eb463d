"""A long broadcast whose workers are killed again and again: nothing twice, nobody lost, unknown only what was out."""

import os
from random import SystemRandom

import pytest
from django.db import connection

from broadcaster.models import Broadcast
from tests.audiences import demo_channel, draft, imported, messy_csv, send_now
from tests.faults.killing import Killing, Plan, most_unknown, problems
from tests.running import Site
from tests.simulating import Simulator

LEASE_S = 5  # far longer than the simulator's longest answer
LATENCY_MS = 5


def plan() -> Plan:
    """As much as fits into a few minutes; SQLite has one writer. FAULTS_SEED plays a failure again."""
    seed = int(os.environ.get("FAULTS_SEED") or SystemRandom().randrange(1_000_000))
    if connection.vendor == "postgresql":
        return Plan(messages=50_000, kills=100, seed=seed)
    return Plan(messages=5_000, kills=15, seed=seed)


@pytest.mark.slow
@pytest.mark.usefixtures("transactional_db")
def test_no_kill_breaks_the_promise(simulator: Simulator) -> None:
    chosen = plan()
    simulator.configure(latency_ms=LATENCY_MS)
    channel, template = demo_channel("kaleyra", simulator.url, concurrency=chosen.concurrency, rate_per_second=10_000)
    broadcast = draft(imported(messy_csv(chosen.messages)), channel, template)
    with Site(simulator, workers=chosen.workers, environment={"LEASE_S": str(LEASE_S)}) as site:
        send_now(broadcast)
        course = Killing(chosen, site, broadcast).run()
    found = problems(broadcast, simulator, unknown_at_most=most_unknown(chosen, course))
    assert not found, f"seed {chosen.seed}, {course.kills}: {'; '.join(found)}"
    assert Broadcast.objects.get(pk=broadcast.pk).total == chosen.messages
