"""Leases: who gets which batch, and that a worker without its lease writes nothing."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from broadcaster.models import Batch, Broadcast, Channel, Message
from broadcaster.sending import batches, schedule
from broadcaster.sending.ledger import Change, Retry
from tests.running import wait_for
from tests.sending.broadcasts import (
    channel_and_template,
    claimed,
    in_threads,
    let_leases_run_out,
    prepared,
    preparing,
    reload,
    rows,
    states_of,
    with_own_connection,
)

pytestmark = pytest.mark.django_db


def small_batches(channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(rate_per_second=1)  # batches of five


def claim_all(worker: str = "worker") -> list[Batch]:
    return list(iter(lambda: batches.claim(worker), None))


# -- what is claimed, and in which order -------------------------------------------------------------------------------


def test_a_claim_leases_the_batch_and_starts_the_broadcast() -> None:
    broadcast = prepared()
    batch = claimed("one")
    assert (batch.broadcast_id, batch.state, batch.lease_worker) == (broadcast.pk, "leased", "one")
    assert batch.lease_until
    assert batch.lease_until > timezone.now()
    assert reload(broadcast).state == "sending"
    assert reload(broadcast).started_at


def test_the_start_is_kept_by_later_claims() -> None:
    small_batches(channel_and_template()[0])
    broadcast = prepared(6)
    claimed()
    started_at = reload(broadcast).started_at
    claimed()
    assert reload(broadcast).started_at == started_at


def test_an_urgent_broadcast_goes_first() -> None:
    ids = [prepared([100 + n], priority=priority).pk for n, priority in enumerate((1, 3, 2))]
    assert [batch.broadcast_id for batch in claim_all()] == [ids[1], ids[2], ids[0]]


def test_equals_take_turns() -> None:
    small_batches(channel_and_template()[0])
    one, other = prepared(range(100, 110)), prepared(range(200, 210))
    assert [batch.broadcast_id for batch in claim_all()] == [one.pk, other.pk, one.pk, other.pk]


def test_batches_of_one_broadcast_go_in_order() -> None:
    small_batches(channel_and_template()[0])
    prepared(15)
    assert [batch.number for batch in claim_all()] == [1, 2, 3]


def test_a_batch_is_not_claimed_before_its_time() -> None:
    broadcast = prepared(send_at=timezone.now() + timedelta(seconds=60))
    assert batches.claim("worker") is None
    assert reload(broadcast).state == "preparing"
    assert batches.due_within(90)
    assert not batches.due_within(10)


CLOSED = {
    "disabled": {"enabled": False},
    "held for a person": {"hold_reason": "No money."},
    "held for a while": {"hold_reason": "No money.", "hold_until": timezone.now() + timedelta(hours=1)},
    "paced": {"next_slot_at": time.time() + 3600},
}


@pytest.mark.parametrize("fields", CLOSED.values(), ids=CLOSED)
def test_a_closed_channel_is_passed_over(fields: dict[str, object]) -> None:
    prepared([100], priority=3)
    open_one = prepared([101], kind="qiscus", priority=1)
    Channel.objects.filter(kind="kaleyra").update(**fields)
    assert [batch.broadcast_id for batch in claim_all()] == [open_one.pk]


def test_a_hold_that_ran_out_lets_a_probe_through() -> None:
    prepared()
    Channel.objects.update(hold_reason="No money.", hold_until=timezone.now() - timedelta(seconds=1))
    assert claimed()


@pytest.mark.parametrize("state", ["paused", "cancelled", "completed", "scheduled", "failed"])
def test_a_broadcast_that_does_not_send_is_passed_over(state: str) -> None:
    broadcast = prepared()
    Broadcast.objects.filter(pk=broadcast.pk).update(state=state)
    assert batches.claim("worker") is None


@pytest.mark.parametrize("state", ["preparing", "sending"])
def test_a_broadcast_that_is_not_fully_prepared_is_passed_over(state: str) -> None:
    broadcast = prepared()
    Broadcast.objects.filter(pk=broadcast.pk).update(state=state, prepared_at=None)
    assert batches.claim("worker") is None


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_time_never_get_the_same_batch() -> None:
    small_batches(channel_and_template()[0])
    prepared(100)
    of_each = in_threads(4, lambda: [batch.pk for batch in claim_all()])
    taken = [pk for worker in of_each for pk in worker]
    assert len(taken) == len(set(taken)) == 20


@pytest.mark.django_db(transaction=True)
def test_a_pause_in_the_middle_of_a_claim_leaves_the_batch_free() -> None:
    broadcast = prepared()
    got: list[Batch | None] = []
    claimer = threading.Thread(target=with_own_connection, args=[lambda: got.append(batches.claim("worker"))])
    with transaction.atomic():
        schedule.pause(broadcast)
        claimer.start()
        if connection.vendor == "postgresql":  # it has chosen the batch and waits for the broadcast's row
            wait_for(somebody_waits_for_a_lock)
    claimer.join()
    assert got == [None]
    assert [batch.state for batch in broadcast.batches.all()] == ["ready"]


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


# -- the mark, the results and the end ---------------------------------------------------------------------------------


def test_the_mark_moves_before_anything_is_posted_and_counts_an_attempt() -> None:
    broadcast = prepared()
    batch, messages = claimed(), rows(broadcast)
    batches.hand_over(batch, through=2, attempted=[message.pk for message in messages[:2]])
    assert Batch.objects.get().handed_through == batch.handed_through == 2
    assert [message.attempts for message in rows(broadcast)] == [1, 1, 0]


def test_results_are_recorded_with_the_counts() -> None:
    broadcast = prepared()
    batch = claimed()
    batches.record(batch, [accepted(message) for message in rows(broadcast)[:2]], [])
    assert states_of(broadcast) == {"accepted": 2, "pending": 1}


def test_a_retry_waits_in_a_batch_of_its_own() -> None:
    broadcast = prepared()
    batch, messages = claimed(), rows(broadcast)
    batches.record(batch, [], [retry(message, after_s=30) for message in messages[:2]])
    later = Batch.objects.latest("number")
    assert (later.number, later.size, later.pending, later.state) == (2, 2, 2, "ready")
    assert later.not_before > timezone.now() + timedelta(seconds=25)
    assert [(row.batch_id, row.seq) for row in rows(broadcast)][1:] == [(later.pk, 1), (later.pk, 2)]
    assert states_of(broadcast) == {"pending": 3}


def test_a_retry_that_costs_nothing_gives_its_attempt_back() -> None:
    broadcast = prepared(2)
    batch, (free, dear) = claimed(), rows(broadcast)
    batches.hand_over(batch, through=2, attempted=[free.pk, dear.pk])
    batches.record(batch, [], [retry(free, costs_attempt=False), retry(dear, costs_attempt=True)])
    assert Message.objects.get(pk=free.pk).attempts == 0
    assert Message.objects.get(pk=dear.pk).attempts == 1
    assert Message.objects.get(pk=dear.pk).error_code == "busy"


def test_a_batch_with_something_left_goes_back_to_the_others() -> None:
    broadcast = prepared()
    batches.release(claimed("one"))
    assert reload(broadcast).state == "sending"
    assert claimed("two").lease_worker == "two"


def test_the_last_batch_completes_the_broadcast() -> None:
    broadcast = prepared()
    batch = claimed()
    batches.record(batch, [accepted(message) for message in rows(broadcast)], [])
    batches.release(batch)
    assert Batch.objects.get().state == "done"
    assert (reload(broadcast).state, reload(broadcast).finished_at is None) == ("completed", False)


def test_a_broadcast_with_a_retry_is_not_complete() -> None:
    broadcast = prepared(1)
    batch = claimed()
    batches.record(batch, [], [retry(rows(broadcast)[0])])
    batches.release(batch)
    assert reload(broadcast).state == "sending"


def test_a_broadcast_that_is_still_being_prepared_is_not_complete() -> None:
    broadcast = preparing()
    assert not batches.complete(broadcast.pk)
    assert reload(broadcast).state == "preparing"


STEPS: dict[str, Callable[[Batch, Message], None]] = {
    "hand over": lambda batch, message: batches.hand_over(batch, through=1, attempted=[message.pk]),
    "record a result": lambda batch, message: batches.record(batch, [accepted(message)], []),
    "record a retry": lambda batch, message: batches.record(batch, [], [retry(message)]),
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


def test_recording_keeps_the_lease_alive() -> None:
    prepared()
    batch = claimed()
    let_leases_run_out()
    batches.record(batch, [], [])
    assert Batch.objects.filter(lease_until__gt=timezone.now()).exists()


def accepted(message: Message) -> Change:
    return Change(message.pk, message.batch_id, "pending", "accepted", provider_id="p")


def retry(message: Message, *, after_s: float = 5, costs_attempt: bool = True) -> Retry:
    return Retry(message.pk, after_s, costs_attempt, "busy", "The provider is busy.")


def everything(broadcast: Broadcast) -> tuple[list[object], ...]:
    return list(broadcast.batches.values()), list(broadcast.messages.values())
