"""Leases: who gets which batch, and that a worker without its lease writes nothing."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from broadcaster.models import Batch, Broadcast, Channel
from broadcaster.sending import batches, schedule
from tests.running import wait_for
from tests.sending.broadcasts import (
    channel_and_template,
    claimed,
    in_threads,
    prepared,
    reload,
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
    assert (batch.broadcast_id, batch.state, batch.lease_worker[:4]) == (broadcast.pk, "leased", "one/")
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
