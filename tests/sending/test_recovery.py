"""What is brought back after a death: unknown is only what may have been posted."""

from datetime import timedelta

import pytest
from django.utils import timezone

from broadcaster.models import Batch, Broadcast, Channel
from broadcaster.sending import batches, clock, closing, recovery, schedule
from tests.sending.broadcasts import (
    accept,
    channel_and_template,
    claimed,
    composed,
    let_leases_run_out,
    prepared,
    preparing,
    reload,
    rows,
    states_of,
)

pytestmark = pytest.mark.django_db

LEASE = timedelta(minutes=10)  # longer than any


def died(broadcast: Broadcast, *, marked: int, recorded: int = 0) -> Batch:
    """A worker marked some messages as handed over, recorded some of those, and died."""
    batch = claimed("dead")
    batches.hand_over(batch, through=marked)
    accept(batch, rows(broadcast)[:recorded])
    let_leases_run_out()
    return batch


@pytest.mark.parametrize(
    ("marked", "recorded", "states"),
    [
        (0, 0, {"pending": 5}),
        (2, 0, {"unknown": 2, "pending": 3}),
        (4, 2, {"accepted": 2, "unknown": 2, "pending": 1}),
        (5, 5, {"accepted": 5}),
    ],
)
def test_what_was_marked_is_unknown_and_the_rest_waits(marked: int, recorded: int, states: dict[str, int]) -> None:
    broadcast = prepared(5)
    died(broadcast, marked=marked, recorded=recorded)
    assert recovery.recover_leases() == 1
    assert states_of(broadcast) == states


def test_unknown_says_why() -> None:
    broadcast = prepared(1)
    died(broadcast, marked=1)
    recovery.recover_leases()
    row = rows(broadcast)[0]
    assert (row.error_code, row.error_text) == ("no_result", recovery.NO_RESULT.text)


def test_another_worker_sends_only_what_is_above_the_mark() -> None:
    broadcast = prepared(5)
    died(broadcast, marked=2)
    recovery.recover_leases()
    batch = claimed("alive")
    waiting = batch.messages.filter(state="pending").order_by("seq").values_list("seq", flat=True)
    assert (batch.handed_through, list(waiting)) == (2, [3, 4, 5])


def test_a_batch_with_nothing_left_is_done_and_completes_the_broadcast() -> None:
    broadcast = prepared(2)
    died(broadcast, marked=2)
    recovery.recover_leases()
    assert Batch.objects.get().state == "done"
    assert reload(broadcast).state == "completed"


def test_the_dead_may_turn_out_to_be_only_slow_and_writes_nothing() -> None:
    broadcast = prepared(2)
    batch = died(broadcast, marked=2)
    recovery.recover_leases()
    with pytest.raises(batches.LeaseLost):
        accept(batch, rows(broadcast)[:1])
    assert states_of(broadcast) == {"unknown": 2}


def test_a_lease_that_still_runs_is_left_alone() -> None:
    broadcast = prepared(2)
    batch = claimed()
    batches.hand_over(batch, through=2)
    assert recovery.recover_leases() == 0
    assert states_of(broadcast) == {"pending": 2}


def test_all_workers_of_a_host_died_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "BATCHES", 2)
    channel_and_template()
    Channel.objects.update(rate_per_second=1)
    broadcast = prepared(25)
    for marked in (5, 0, 2, 3):
        batches.hand_over(claimed("dead"), through=marked)
    let_leases_run_out()
    alive = claimed("alive")
    batches.hand_over(alive, through=4)
    assert recovery.recover_leases() == 4
    of_each = broadcast.batches.order_by("number").values_list("state", "unknown")
    assert list(of_each) == [("done", 5), ("ready", 0), ("ready", 2), ("ready", 3), ("leased", 0)]
    assert states_of(broadcast) == {"unknown": 10, "pending": 15}


@pytest.mark.parametrize("wrong", [0, 1, 4])
def test_a_batch_with_wrong_counts_is_mended_and_keeps_no_other_from_its_recovery(wrong: int) -> None:
    channel_and_template()
    Channel.objects.update(rate_per_second=1)
    broadcast = prepared(15)
    for marked in (2, 5, 3):
        batches.hand_over(claimed("dead"), through=marked)
    Batch.objects.filter(number=2).update(pending=wrong)
    let_leases_run_out()
    assert recovery.recover_leases() == 3
    assert list(broadcast.batches.order_by("number").values_list("state", "unknown")) == [
        ("ready", 2), ("done", 5), ("ready", 3),
    ]  # fmt: skip
    assert states_of(broadcast) == {"unknown": 10, "pending": 5}


def test_a_lease_runs_out_by_the_clock_that_all_hosts_share(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(2)
    claimed("dead")
    preparing([200])
    Broadcast.objects.filter(state="preparing", prepared_at=None).update(prepare_until=timezone.now() + LEASE)
    assert (recovery.recover_leases(), recovery.stalled_preparations()) == (0, [])
    later = timezone.now() + 2 * LEASE
    monkeypatch.setattr(clock, "now", lambda: later)
    assert (recovery.recover_leases(), len(recovery.stalled_preparations())) == (1, 1)


def test_recovering_twice_changes_nothing_more() -> None:
    broadcast = prepared(5)
    died(broadcast, marked=2)
    assert (recovery.recover_leases(), recovery.recover_leases()) == (1, 0)
    assert states_of(broadcast) == {"unknown": 2, "pending": 3}


def test_a_paused_broadcast_stays_paused() -> None:
    broadcast = prepared(2)
    died(broadcast, marked=2)
    schedule.pause(broadcast)
    recovery.recover_leases()
    assert (reload(broadcast).state, states_of(broadcast)) == ("paused", {"unknown": 2})


def test_of_a_cancelled_broadcast_only_what_was_marked_is_unknown() -> None:
    broadcast = prepared(5)
    died(broadcast, marked=2)
    schedule.cancel(broadcast)
    recovery.recover_leases()
    closing.close(broadcast.pk, life_s=60)
    assert states_of(broadcast) == {"unknown": 2, "skipped": 3}


def test_a_broadcast_whose_worker_died_right_before_its_end_is_completed() -> None:
    broadcast = prepared(1)
    batch = claimed()
    accept(batch, rows(broadcast)[:1])
    Batch.objects.update(state="done", lease_worker="", lease_until=None)
    recovery.settle()
    assert reload(broadcast).state == "completed"


def test_a_broadcast_with_work_left_goes_on() -> None:
    broadcast = prepared(2)
    batches.release(claimed())
    recovery.settle()
    assert reload(broadcast).state == "sending"


def test_a_preparation_that_nobody_does_is_found() -> None:
    lost = preparing([100])
    abandoned = preparing([101])
    Broadcast.objects.filter(pk=abandoned.pk).update(prepare_until=timezone.now() - timedelta(seconds=1))
    assert sorted(recovery.stalled_preparations()) == [lost.pk, abandoned.pk]


def test_the_most_urgent_preparation_is_found_first() -> None:
    low, high, normal = (preparing([100 + priority], priority=priority) for priority in (1, 3, 2))
    assert recovery.stalled_preparations() == [high.pk, normal.pk, low.pk]


def test_a_preparation_in_hand_is_left_alone() -> None:
    preparing([100])
    Broadcast.objects.update(prepare_until=timezone.now() + timedelta(seconds=30))
    prepared([101])
    composed([102])
    assert recovery.stalled_preparations() == []
