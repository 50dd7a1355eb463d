"""What is not sent any more: everyone who waits gets an end and a reason, and nobody who was handed out does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcaster.models import Batch, Broadcast, Channel, Message
from broadcaster.sending import batches, closing, schedule
from tests.sending.broadcasts import (
    accept,
    claimed,
    composed,
    in_threads,
    prepared,
    preparing,
    reload,
    rows,
    states_of,
)

pytestmark = pytest.mark.django_db

AN_HOUR_AGO = -timedelta(hours=1)
NEVER_TIRED = 600.0


def close(broadcast: Broadcast) -> None:
    assert not closing.close(broadcast.pk, life_s=NEVER_TIRED)


def cancelled(recipients: int = 3) -> Broadcast:
    broadcast = prepared(recipients)
    schedule.cancel(broadcast)
    return broadcast


def expired(recipients: int = 3, state: str = "preparing") -> Broadcast:
    broadcast = prepared(recipients, send_at=timezone.now() + AN_HOUR_AGO)
    Broadcast.objects.filter(pk=broadcast.pk).update(expires_at=timezone.now(), state=state)
    return reload(broadcast)


def handed_over(number: int) -> Batch:
    """The next batch, leased, of which so many messages are on their way."""
    batch = claimed()
    batches.hand_over(batch, through=number)
    return batch


def accepted(batch: Batch, number: int) -> None:
    """Record the first messages of a leased batch as accepted and give it back."""
    messages = batch.messages.order_by("seq")[:number]
    accept(batch, messages)
    batches.release(batch)


def reasons(broadcast: Broadcast) -> set[tuple[str, str]]:
    return {(row.error_code, row.error_text) for row in rows(broadcast)}


@pytest.fixture
def small_batches() -> None:
    """Five messages a batch, from the next broadcast on."""
    prepared([1])
    Channel.objects.update(rate_per_second=1)
    Broadcast.objects.all().delete()


# -- cancelled ---------------------------------------------------------------------------------------------------------


def test_everyone_who_waits_is_skipped_with_the_reason() -> None:
    broadcast = cancelled()
    close(broadcast)
    assert states_of(broadcast) == {"skipped": 3}
    assert reasons(broadcast) == {("cancelled", "The broadcast was cancelled.")}
    assert {batch.state for batch in broadcast.batches.all()} == {"done"}
    assert reload(broadcast).state == "cancelled"


def test_results_stay_as_they_are() -> None:
    broadcast = prepared(3)
    accepted(handed_over(1), 1)
    schedule.cancel(broadcast)
    close(broadcast)
    assert states_of(broadcast) == {"accepted": 1, "skipped": 2}


def test_a_batch_that_is_out_is_closed_after_its_return() -> None:
    broadcast = prepared(3)
    batch = handed_over(1)
    schedule.cancel(broadcast)
    close(broadcast)
    assert states_of(broadcast) == {"pending": 3}
    assert closing.waiting() == []
    accepted(batch, 1)
    assert closing.waiting() == [broadcast.pk]
    close(broadcast)
    assert states_of(broadcast) == {"accepted": 1, "skipped": 2}


def test_what_was_half_prepared_is_closed_too() -> None:
    broadcast = prepared(3)
    Broadcast.objects.update(prepared_at=None)
    schedule.cancel(broadcast)
    close(broadcast)
    assert states_of(broadcast) == {"skipped": 3}


@pytest.mark.parametrize("stage", [composed, preparing])
def test_without_rows_there_is_nothing_to_close(stage: Callable[[], Broadcast]) -> None:
    broadcast = stage()
    schedule.cancel(broadcast)
    assert closing.waiting() == []
    close(broadcast)


# -- expired -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["preparing", "sending", "paused"])
def test_past_the_expiry_everyone_expires_and_the_broadcast_ends(state: str) -> None:
    broadcast = expired(state=state)
    assert closing.waiting() == [broadcast.pk]
    close(broadcast)
    assert states_of(broadcast) == {"expired": 3}
    assert reasons(broadcast) == {("expired", "It was not sent before the broadcast's expiry.")}
    assert (reload(broadcast).state, reload(broadcast).finished_at is None) == ("completed", False)
    assert closing.waiting() == []


def test_an_expired_broadcast_waits_for_the_batch_that_is_out() -> None:
    broadcast = prepared(3, send_at=timezone.now() + AN_HOUR_AGO)
    batch = handed_over(2)
    schedule.pause(broadcast)
    Broadcast.objects.update(expires_at=timezone.now())
    close(broadcast)
    assert (reload(broadcast).state, states_of(broadcast)) == ("paused", {"pending": 3})
    accepted(batch, 2)
    close(broadcast)
    assert (reload(broadcast).state, states_of(broadcast)) == ("completed", {"accepted": 2, "expired": 1})


def test_an_expired_broadcast_ends_though_its_last_batch_was_closed_by_a_worker_that_died() -> None:
    broadcast = expired(state="paused")
    Message.objects.update(state="expired")
    Batch.objects.update(state="done", pending=0, expired=3)
    assert closing.waiting() == [broadcast.pk]
    close(broadcast)
    assert reload(broadcast).state == "completed"


def test_before_the_expiry_nothing_is_closed() -> None:
    broadcast = prepared()
    Broadcast.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    assert closing.waiting() == []
    close(broadcast)
    assert states_of(broadcast) == {"pending": 3}


@pytest.mark.parametrize("state", ["scheduled", "missed", "completed", "failed"])
def test_in_other_states_an_expiry_closes_nothing(state: str) -> None:
    broadcast = expired(state=state)
    assert closing.waiting() == []
    close(broadcast)
    assert (reload(broadcast).state, states_of(broadcast)) == (state, {"pending": 3})


def test_what_is_not_prepared_yet_is_not_closed() -> None:
    broadcast = expired()
    Broadcast.objects.update(prepared_at=None)
    assert closing.waiting() == []
    close(broadcast)
    assert reload(broadcast).state == "preparing"


# -- many --------------------------------------------------------------------------------------------------------------


def test_a_turn_ends_in_time_and_the_next_goes_on(small_batches: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "ROWS", 5)
    broadcast = cancelled(12)
    assert [closing.close(broadcast.pk, life_s=0) for _ in range(4)] == [True, True, True, False]
    assert states_of(broadcast) == {"skipped": 12}


def test_many_batches_are_closed_with_as_many_statements_as_one(small_batches: None) -> None:
    one, many = (cancelled(recipients) for recipients in (5, 50))
    with CaptureQueriesContext(connection) as few:
        close(one)
    with CaptureQueriesContext(connection) as all_at_once:
        close(many)
    assert len(all_at_once) == len(few)


def test_another_broadcast_is_left_alone() -> None:
    broadcast, other = cancelled(), prepared([900, 901])
    close(broadcast)
    assert states_of(other) == {"pending": 2}


@pytest.mark.django_db(transaction=True)
def test_two_who_close_count_once(small_batches: None) -> None:
    broadcast = cancelled(50)
    in_threads(2, lambda: closing.close(broadcast.pk, life_s=NEVER_TIRED))
    close(broadcast)
    assert states_of(broadcast) == {"skipped": 50}


def test_a_batch_that_is_taken_in_the_last_moment_is_left_to_its_worker(
    small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = cancelled(10)
    chosen = closing._up_to_rows

    def then_another_takes_the_first(found: Any) -> list[int]:
        batch_ids = chosen(found)
        Batch.objects.filter(pk__in=batch_ids[:1]).update(state="leased", lease_until=timezone.now())
        return batch_ids

    monkeypatch.setattr(closing, "_up_to_rows", then_another_takes_the_first)
    close(broadcast)
    assert states_of(broadcast) == {"pending": 5, "skipped": 5}


# -- dropped -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["missed", "failed"])
def test_the_rows_of_what_never_began_are_deleted(state: str, small_batches: None) -> None:
    broadcast, other = prepared(12), prepared([900])
    Broadcast.objects.filter(pk=broadcast.pk).update(state=state)
    closing.drop(broadcast.pk)
    assert (rows(broadcast), broadcast.batches.count()) == ([], 0)
    assert states_of(other) == {"pending": 1}


@pytest.mark.parametrize("state", [state for state in Broadcast.State if state not in ("missed", "failed")])
def test_nothing_else_is_ever_deleted(state: str) -> None:
    broadcast = prepared()
    Broadcast.objects.update(state=state)
    closing.drop(broadcast.pk)
    assert states_of(broadcast) == {"pending": 3}


def test_messages_are_deleted_without_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    broadcast = prepared(3)
    Broadcast.objects.update(state="missed")
    with CaptureQueriesContext(connection) as queries:
        closing.drop(broadcast.pk)
    about_messages = [query["sql"] for query in queries if '"broadcaster_message"' in query["sql"]]
    assert [sql.split()[0] for sql in about_messages] == ["DELETE"]
