"""The tasks: each names the next one, and the tick finds again whatever the queue has lost."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import Schedule

from broadcaster import queue, tasks
from broadcaster.audience import uploads
from broadcaster.models import Batch, Broadcast
from broadcaster.sending import schedule
from tests.audiences import messy_csv, uploaded
from tests.queued import queued
from tests.sending.broadcasts import (
    channel_and_template,
    claimed,
    composed,
    let_leases_run_out,
    prepared,
    preparing,
    reload,
    states_of,
)
from tests.simulating import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_queue(db: None) -> None:
    get_broker().purge_queue()


def names() -> Counter[str]:
    return Counter(name for name, _ in queued())


def due() -> Broadcast:
    broadcast = composed()
    schedule.schedule(broadcast, send_at=timezone.now())
    return broadcast


# -- the tick revives what was lost ------------------------------------------------------------------------------------


def test_the_tick_starts_what_is_due() -> None:
    broadcast = due()
    tasks.tick()
    assert reload(broadcast).state == "preparing"
    assert ("prepare_broadcast", (broadcast.pk,)) in queued()


def test_the_tick_leaves_what_is_not_due() -> None:
    broadcast = composed()
    schedule.schedule(broadcast, send_at=timezone.now() + timedelta(hours=1))
    tasks.tick()
    assert reload(broadcast).state == "scheduled"
    assert not names() & Counter(["prepare_broadcast", "run_pump"])


def test_the_tick_revives_a_lost_preparation() -> None:
    broadcast = preparing()
    tasks.tick()
    assert ("prepare_broadcast", (broadcast.pk,)) in queued()


def test_the_tick_revives_a_lost_import() -> None:
    upload = uploaded(messy_csv(3))
    uploads.start_import(upload)
    get_broker().purge_queue()
    type(upload).objects.update(touched_at=timezone.now() - timedelta(hours=1))
    tasks.tick()
    assert "import_upload" in names()


def test_the_tick_revives_lost_pumps() -> None:
    prepared()
    tasks.tick()
    assert names()["run_pump"] >= 1


def test_the_tick_recovers_the_dead_and_lets_others_go_on() -> None:
    broadcast = prepared()
    claimed("dead")
    let_leases_run_out()
    tasks.tick()
    assert [batch.state for batch in broadcast.batches.all()] == ["ready"]
    assert names()["run_pump"] >= 1


def test_the_tick_skips_what_came_back_after_a_cancel() -> None:
    broadcast = prepared()
    claimed("dead")
    schedule.cancel(broadcast)
    let_leases_run_out()
    tasks.tick()
    assert states_of(broadcast) == {"skipped": 3}
    assert "run_pump" not in names()


def test_a_disabled_channel_wakes_no_pump_and_keeps_its_broadcast() -> None:
    broadcast = prepared()
    claimed("dead")
    let_leases_run_out()
    channel = broadcast.sender
    channel.enabled = False
    channel.save()
    tasks.tick()
    assert "run_pump" not in names()
    assert (reload(broadcast).state, states_of(broadcast)) == ("sending", {"pending": 3})


def test_a_tick_beside_another_one_does_no_harm() -> None:
    broadcast = due()
    tasks.tick()
    tasks.tick()
    assert reload(broadcast).state == "preparing"


# -- each task names the next ------------------------------------------------------------------------------------------


def test_a_preparation_wakes_the_pumps() -> None:
    tasks.prepare_broadcast(preparing().pk)
    assert set(names()) == {"run_pump"}


def test_a_preparation_of_nobody_wakes_no_pump() -> None:
    tasks.prepare_broadcast(preparing(0).pk)
    assert not names()


def test_a_pump_sends_and_leaves_nothing_behind(simulator: Simulator) -> None:
    channel_and_template("kaleyra", simulator.url)
    broadcast = prepared()
    tasks.run_pump()
    assert reload(broadcast).state == "completed"
    assert "run_pump" not in names()


def test_a_pump_that_had_to_stop_names_the_next(settings: object) -> None:
    settings.PUMP_LIFE_S = 0  # type: ignore[attr-defined]
    prepared()
    tasks.run_pump()
    assert names()["run_pump"] >= 1


def test_a_task_that_runs_twice_does_its_work_once() -> None:
    broadcast = preparing()
    tasks.prepare_broadcast(broadcast.pk)
    tasks.prepare_broadcast(broadcast.pk)
    assert states_of(broadcast) == {"pending": 3}
    assert Batch.objects.count() == 1


# -- a person's word ---------------------------------------------------------------------------------------------------


def started() -> Broadcast:
    broadcast = prepared()
    claimed()
    return reload(broadcast)


WOKEN: dict[str, tuple[Callable[[], Broadcast], str]] = {
    "scheduled for now": (due, "prepare_broadcast"),
    "resumed while preparing": (preparing, "prepare_broadcast"),
    "sending": (started, "run_pump"),
}


@pytest.mark.parametrize(("stage", "task"), WOKEN.values(), ids=WOKEN)
def test_work_begins_without_waiting_for_the_tick(stage: Callable[[], Broadcast], task: str) -> None:
    tasks.wake(stage())
    assert set(names()) == {task}


@pytest.mark.parametrize("state", ["draft", "paused", "cancelled"])
def test_nothing_is_woken_for_what_rests(state: str) -> None:
    tasks.wake(composed(state=state, send_at=timezone.now()))
    assert not names()


# -- the queue ---------------------------------------------------------------------------------------------------------


def test_pumps_never_fill_the_queue(settings: object) -> None:
    settings.WORKERS = 4  # type: ignore[attr-defined]
    for _ in range(5):
        queue.enqueue_pumps()
    assert names() == Counter(run_pump=3)


def test_the_tick_is_scheduled_once() -> None:
    tasks.ensure_schedule()
    tasks.ensure_schedule()
    tick = Schedule.objects.get(func="broadcaster.tasks.tick")
    assert (tick.minutes, tick.repeats) == (1, -1)
