"""What a lease is for: the mark, the results of a window, and the end of a batch and of its broadcast."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from broadcaster.models import Batch, Broadcast, Channel, Message
from broadcaster.sending import batches, results, schedule
from broadcaster.sending.ledger import Retry
from broadcaster.sending.results import Results
from tests.sending.broadcasts import (
    claimed,
    let_leases_run_out,
    prepared,
    preparing,
    reload,
    rows,
    states_of,
)

pytestmark = pytest.mark.django_db


def test_the_mark_moves_before_anything_is_posted() -> None:
    prepared()
    batch = claimed()
    batches.hand_over(batch, through=2)
    batches.hand_over(batch, through=2)  # as where the connection broke at its end
    assert Batch.objects.get().handed_through == batch.handed_through == 2
    assert Batch.objects.get().started_at


def test_results_are_recorded_with_the_counts() -> None:
    broadcast = prepared()
    batch = claimed()
    record(batch, accepted=[accepted(message) for message in rows(broadcast)[:2]])
    assert states_of(broadcast) == {"accepted": 2, "pending": 1}


def test_a_window_whose_write_is_repeated_is_written_once() -> None:
    broadcast = prepared()
    batch = claimed()
    first = [accepted(rows(broadcast)[0])]
    record(batch, accepted=first)
    batch.windows -= 1  # the answer to the write was lost with the connection
    record(batch, accepted=first)
    record(batch, accepted=[accepted(rows(broadcast)[1])])
    assert states_of(broadcast) == {"accepted": 2, "pending": 1}


CALLED_OFF: dict[str, Callable[[Broadcast], object]] = {
    "paused": schedule.pause,
    "cancelled": schedule.cancel,
    "disabled": lambda _: Channel.objects.update(enabled=False),
    "held": lambda _: Channel.objects.update(hold_reason="No credit."),
}


@pytest.mark.parametrize("call_off", CALLED_OFF.values(), ids=CALLED_OFF)
def test_nothing_more_is_handed_over_of_what_was_called_off(call_off: Callable[[Broadcast], object]) -> None:
    broadcast = prepared()
    batch = claimed()
    call_off(broadcast)
    with pytest.raises(batches.NotWanted):
        batches.hand_over(batch, through=1)
    assert Batch.objects.get().handed_through == 0


def test_a_hold_that_ran_out_keeps_nothing_back() -> None:
    prepared()
    Channel.objects.update(hold_reason="No credit.", hold_until=timezone.now() - timedelta(seconds=1))
    batches.hand_over(claimed(), through=1)


def test_a_retry_waits_in_a_batch_of_its_own() -> None:
    broadcast = prepared()
    batch, messages = claimed(), rows(broadcast)
    record(batch, retries=[retry(message, after_s=30) for message in messages[:2]])
    later = Batch.objects.latest("number")
    assert (later.number, later.size, later.pending, later.state) == (2, 2, 2, "ready")
    assert later.not_before > timezone.now() + timedelta(seconds=25)
    assert [(row.batch_id, row.seq) for row in rows(broadcast)][1:] == [(later.pk, 1), (later.pk, 2)]
    assert states_of(broadcast) == {"pending": 3}


def test_a_retry_costs_an_attempt_or_nothing() -> None:
    broadcast = prepared(2)
    batch, (free, dear) = claimed(), rows(broadcast)
    batches.hand_over(batch, through=2)
    record(batch, retries=[retry(free, costs_attempt=False), retry(dear, costs_attempt=True)])
    assert Message.objects.get(pk=free.pk).attempts == 0
    assert Message.objects.get(pk=dear.pk).attempts == 1
    assert Message.objects.get(pk=dear.pk).error_code == "busy"


def test_a_batch_with_something_left_goes_back_to_the_others() -> None:
    broadcast = prepared()
    batches.release(claimed("one"))
    assert reload(broadcast).state == "sending"
    assert claimed("two").lease_worker.startswith("two/")


def test_the_last_batch_completes_the_broadcast() -> None:
    broadcast = prepared()
    batch = claimed()
    record(batch, accepted=[accepted(message) for message in rows(broadcast)])
    batches.release(batch)
    assert Batch.objects.get().state == "done"
    assert (reload(broadcast).state, reload(broadcast).finished_at is None) == ("completed", False)


def test_a_broadcast_with_a_retry_is_not_complete() -> None:
    broadcast = prepared(1)
    batch = claimed()
    record(batch, retries=[retry(rows(broadcast)[0])])
    batches.release(batch)
    assert reload(broadcast).state == "sending"


def test_a_broadcast_that_is_still_being_prepared_is_not_complete() -> None:
    broadcast = preparing()
    assert not batches.complete(broadcast.pk)
    assert reload(broadcast).state == "preparing"


STEPS: dict[str, Callable[[Batch, Message], None]] = {
    "hand over": lambda batch, _: batches.hand_over(batch, through=1),
    "record a result": lambda batch, message: record(batch, accepted=[accepted(message)]),
    "record a retry": lambda batch, message: record(batch, retries=[retry(message)]),
}
THIEVES: dict[str, dict[str, object]] = {
    "recovered": {"state": "ready", "lease_worker": ""},
    "claimed by another worker": {"lease_worker": "thief"},
}


@pytest.mark.parametrize("taken", THIEVES.values(), ids=THIEVES)
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_worker_that_lost_its_lease_writes_nothing(
    step: Callable[[Batch, Message], None], taken: dict[str, object]
) -> None:
    broadcast = prepared()
    batch, message = claimed(), rows(broadcast)[0]
    Batch.objects.update(**taken)
    before = everything(broadcast)
    with pytest.raises(batches.LeaseLost):
        step(batch, message)
    assert everything(broadcast) == before


def test_a_worker_that_lost_its_lease_does_not_give_the_batch_back() -> None:
    prepared()
    batch = claimed()
    Batch.objects.update(lease_worker="thief")
    batches.release(batch)
    assert (Batch.objects.get().state, Batch.objects.get().lease_worker) == ("leased", "thief")


def test_a_worker_keeps_its_own_leases_alive() -> None:
    prepared([100])
    prepared([101], kind="qiscus")
    mine, theirs = claimed("one"), claimed("other")
    let_leases_run_out()
    assert batches.extend([mine.lease_worker]) == {mine.lease_worker}
    assert [batch.pk for batch in Batch.objects.filter(lease_until__gt=timezone.now())] == [mine.pk]
    assert batches.keep(theirs)
    Batch.objects.update(lease_worker="thief")
    assert not batches.keep(theirs)
    assert batches.extend([mine.lease_worker, theirs.lease_worker]) == set()


def record(batch: Batch, **ends: list[Any]) -> None:
    results.record(batch, Results(**ends))


def accepted(message: Message) -> tuple[int, str]:
    return message.pk, "p"


def retry(message: Message, *, after_s: float = 5, costs_attempt: bool = True) -> Retry:
    return Retry(message.pk, after_s, costs_attempt, "busy", "The provider is busy.")


def everything(broadcast: Broadcast) -> tuple[list[object], ...]:
    return list(broadcast.batches.values()), list(broadcast.messages.values())
