"""One clock for all hosts, the database's; where there is no server, the one host's own."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from broadcaster.models import Broadcast
from broadcaster.sending import batches, clock
from tests.sending.broadcasts import prepared

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("skew_s", [-120, -2, 2, 120])]

A_LITTLE = timedelta(seconds=1)  # how far the comparison may be off on a busy machine


@pytest.fixture(autouse=True)
def skew(monkeypatch: pytest.MonkeyPatch, skew_s: float) -> timedelta:
    """How far this host's clock is ahead; its worker has just started, and has compared it with nothing."""
    skew = timedelta(seconds=skew_s)
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + skew)
    monkeypatch.setattr(clock, "_last", clock._Comparison())
    return skew


def the_one_time() -> datetime:
    """The time that counts."""
    if connection.vendor == "sqlite":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    assert isinstance(now, datetime)
    return now


def prepared_for(send_at: datetime) -> Broadcast:
    """A broadcast that is due at this time."""
    broadcast = prepared()
    Broadcast.objects.update(send_at=send_at)
    broadcast.batches.update(not_before=send_at)
    return broadcast


def test_the_databases_time_counts_whatever_the_hosts_clock_says() -> None:
    before = the_one_time()
    now = clock.now()
    assert before - A_LITTLE < now < the_one_time() + A_LITTLE


def test_what_is_due_can_be_claimed() -> None:
    broadcast = prepared_for(the_one_time() - A_LITTLE)
    batch = batches.claim("worker")
    assert batch
    assert batch.broadcast == broadcast


def test_what_is_not_due_waits() -> None:
    prepared_for(the_one_time() + timedelta(seconds=60))
    assert batches.claim("worker") is None
    assert not batches.due_within(30)
    assert batches.due_within(90)


def test_a_broadcast_begins_by_the_one_clock() -> None:
    broadcast = prepared_for(the_one_time() - A_LITTLE)
    batches.claim("worker")
    broadcast.refresh_from_db()
    assert broadcast.started_at
    assert abs(broadcast.started_at - the_one_time()) < timedelta(seconds=60)


def test_the_server_is_asked_only_now_and_then(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0 if connection.vendor == "sqlite" else 1):
        first = clock.now()
        second = clock.now()
    assert second > first


def test_a_host_whose_clock_was_set_meanwhile_is_compared_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock.now()
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + timedelta(hours=1))
    clock._last.made_at -= clock.COMPARE_EVERY_S
    assert abs(clock.now() - the_one_time()) < A_LITTLE
