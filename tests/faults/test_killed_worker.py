"""SIGKILL to the workers in the middle: nothing twice, nobody lost, the rest goes out."""

from collections import Counter

import pytest

from broadcaster import tasks
from broadcaster.models import Batch, Broadcast, Message
from broadcaster.sending import progress
from tests.audiences import demo_channel, draft, imported, messy_csv, send_now
from tests.running import Site, wait_for

MESSAGES = 5_000
CONCURRENCY = 8
PUMPS = 2


@pytest.mark.slow
def test_a_killed_worker_sends_nothing_twice_and_loses_nobody(site: Site) -> None:
    site.simulator.configure(latency_ms=20)  # slow enough to be killed in the middle
    channel, template = demo_channel("kaleyra", site.simulator.url, concurrency=CONCURRENCY)
    broadcast = draft(imported(messy_csv(MESSAGES)), channel, template)
    send_now(broadcast)
    wait_for(lambda: site.simulator.totals()["kaleyra"]["accepted"] > MESSAGES // 10)

    site.kill_workers()
    assert Message.objects.filter(broadcast=broadcast, state="pending").exists()
    let_leases_run_out(broadcast)
    site.workers = site.start_workers()
    tasks.tick()

    wait_for(lambda: Broadcast.objects.filter(pk=broadcast.pk, state="completed").exists(), seconds=120)
    site.simulator.configure(latency_ms=0)
    broadcast.refresh_from_db()
    arrived = Counter(message["address"] for message in site.simulator.accepted("kaleyra"))
    rows = dict(Message.objects.filter(broadcast=broadcast).values_list("address", "state"))
    assert max(arrived.values()) == 1
    assert len(rows) == Message.objects.filter(broadcast=broadcast).count() == MESSAGES
    unknown = {address for address, state in rows.items() if state == "unknown"}
    assert len(unknown) <= 2 * CONCURRENCY * PUMPS
    assert set(rows) - set(arrived) <= unknown
    wait_for(lambda: progress.progress(broadcast).counts == progress.recount(broadcast))  # receipts still come in


def let_leases_run_out(broadcast: Broadcast) -> None:
    """What a minute would do."""
    Batch.objects.filter(broadcast=broadcast, state="leased").update(lease_until="2020-01-01T00:00Z")
