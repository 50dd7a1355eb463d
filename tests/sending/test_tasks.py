"""The tasks: each names the next one, and the tick finds again whatever the queue has lost."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType

import pytest
from django.utils import timezone

from broadcaster import accounts, queue, tasks
from broadcaster.audience import importing
from broadcaster.models import Batch, Broadcast, Channel
from broadcaster.receipts import polling
from broadcaster.reports import retention
from broadcaster.sending import approvals, asking, batches, expansion, recovery, schedule
from tests.audiences import messy_csv, uploaded
from tests.queued import clear, names, queued
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

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_queue")]


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
    importing.start(upload)
    clear()
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
    assert ("close_broadcast", (broadcast.pk,)) in queued()
    tasks.close_broadcast(broadcast.pk)
    assert states_of(broadcast) == {"skipped": 3}
    assert "run_pump" not in names()


def test_the_tick_closes_what_expired_on_a_channel_that_sends_nothing() -> None:
    broadcast = prepared(send_at=timezone.now() - timedelta(minutes=5))
    Broadcast.objects.update(expires_at=timezone.now())
    Channel.objects.update(enabled=False)
    tasks.tick()
    assert ("close_broadcast", (broadcast.pk,)) in queued()
    tasks.close_broadcast(broadcast.pk)
    assert (reload(broadcast).state, states_of(broadcast)) == ("completed", {"expired": 3})


def test_the_tick_leaves_to_a_person_what_is_found_too_late() -> None:
    broadcast = preparing(send_at=timezone.now() - timedelta(hours=3))
    tasks.tick()
    assert reload(broadcast).state == "missed"
    assert not names() & Counter(["prepare_broadcast", "run_pump"])


def test_the_tick_revives_the_most_urgent_preparation_first() -> None:
    low, high = preparing([100], priority=1), preparing([101], priority=3)
    tasks.tick()
    assert [arguments for name, arguments in queued() if name == "prepare_broadcast"] == [(high.pk,), (low.pk,)]


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


def broken() -> list[int]:
    raise LookupError("broken")


STEPS = [
    (recovery, "recover_leases"), (recovery, "settle"), (importing, "stalled"), (schedule, "miss_late"),
    (recovery, "stalled_preparations"), (polling, "channels"), (asking, "channels"),
    (retention, "discard_old_receipts"), (retention, "discard_old_answers"), (accounts, "due"), (approvals, "waiting"),
]  # fmt: skip


@pytest.mark.parametrize(("module", "step"), STEPS, ids=[f"{module.__name__}.{step}" for module, step in STEPS])
def test_a_step_that_fails_keeps_no_other_from_its_turn_and_the_tick_fails_at_its_end(
    module: ModuleType, step: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    starting, sending, cancelled = due(), prepared(), prepared()
    schedule.cancel(cancelled)
    monkeypatch.setattr(module, step, broken)
    with pytest.raises(LookupError, match="broken"):
        tasks.tick()
    assert (reload(starting).state, reload(sending).state) == ("preparing", "preparing")
    assert {"close_broadcast", "run_pump", "apply_receipts"} <= set(names())
    assert [record.levelname for record in caplog.records if "the tick could not" in record.message] == ["ERROR"]


def test_a_tick_goes_on_after_a_batch_whose_counts_are_wrong() -> None:
    broadcast = prepared()
    batches.hand_over(claimed("dead"), through=3)
    Batch.objects.update(pending=1)
    let_leases_run_out()
    starting = due()
    tasks.tick()
    assert (reload(starting).state, states_of(broadcast)) == ("preparing", {"unknown": 3})


def test_a_tick_beside_another_one_does_no_harm() -> None:
    broadcast = due()
    tasks.tick()
    tasks.tick()
    assert reload(broadcast).state == "preparing"


# -- each task names the next ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("life_s", "linger_s", "queued"), [(0.05, 10, 1), (10, 0.05, 0)])
def test_receipts_go_on_after_a_turn_that_found_no_quiet(
    monkeypatch: pytest.MonkeyPatch, life_s: float, linger_s: float, queued: int
) -> None:
    monkeypatch.setattr(tasks, "TASK_LIFE_S", life_s)
    monkeypatch.setattr(tasks, "LINGER_S", linger_s)
    tasks.apply_receipts()
    assert names()["apply_receipts"] == queued


def test_a_preparation_wakes_the_pumps() -> None:
    tasks.prepare_broadcast(preparing().pk)
    assert set(names()) == {"run_pump"}


def test_a_long_preparation_makes_room_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "CHUNK", 2)
    monkeypatch.setattr(tasks, "TASK_LIFE_S", 0)
    broadcast = preparing()
    tasks.prepare_broadcast(broadcast.pk)
    assert queued() == [("prepare_broadcast", (broadcast.pk,))]
    tasks.prepare_broadcast(broadcast.pk)
    clear()
    tasks.prepare_broadcast(broadcast.pk)
    assert set(names()) == {"run_pump"}
    assert states_of(broadcast) == {"pending": 3}


def test_a_long_closing_makes_room_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "TASK_LIFE_S", 0)
    broadcast = prepared()
    schedule.cancel(broadcast)
    tasks.close_broadcast(broadcast.pk)
    assert queued() == [("close_broadcast", (broadcast.pk,))]
    tasks.close_broadcast(broadcast.pk)
    assert len(queued()) == 1
    assert states_of(broadcast) == {"skipped": 3}


def test_a_preparation_of_nobody_wakes_no_pump() -> None:
    tasks.prepare_broadcast(preparing(0).pk)
    assert not names()


def test_a_pump_wakes_others_and_sends(simulator: Simulator) -> None:
    channel_and_template("kaleyra", simulator.url)
    broadcast = prepared()
    tasks.run_pump()
    assert reload(broadcast).state == "completed"
    assert names()["run_pump"] == queue.pumps_a_cluster()


def test_a_pump_with_nothing_to_send_wakes_nobody() -> None:
    tasks.run_pump()
    assert "run_pump" not in names()


def test_a_pump_without_a_seat_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    broadcast = prepared()
    monkeypatch.setattr(queue, "pumps_a_cluster", lambda: 0)
    tasks.run_pump()
    assert states_of(broadcast) == {"pending": 3}


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


def cancelled() -> Broadcast:
    broadcast = prepared()
    schedule.cancel(broadcast)
    return broadcast


WOKEN: dict[str, tuple[Callable[[], Broadcast], str]] = {
    "scheduled for now": (due, "prepare_broadcast"),
    "resumed while preparing": (preparing, "prepare_broadcast"),
    "sending": (started, "run_pump"),
    "cancelled": (cancelled, "close_broadcast"),
}


@pytest.mark.parametrize(("stage", "task"), WOKEN.values(), ids=WOKEN)
def test_work_begins_without_waiting_for_the_tick(stage: Callable[[], Broadcast], task: str) -> None:
    tasks.wake(stage())
    assert set(names()) == {task}


@pytest.mark.parametrize("state", ["draft", "paused", "missed"])
def test_nothing_is_woken_for_what_rests(state: str) -> None:
    tasks.wake(composed(state=state, send_at=timezone.now()))
    assert not names()
