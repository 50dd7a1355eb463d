"""What is kept only for a while: gone after its time, in deletes that hold nobody up."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcaster.models import Batch, Broadcast, ProviderCall
from broadcaster.reports import retention

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)


@pytest.fixture
def batch() -> Batch:
    broadcast = Broadcast.objects.create(name="June")
    return Batch.objects.create(broadcast=broadcast, number=1, size=1, not_before=timezone.now())


def make_calls(batch: Batch, count: int, *, days_ago: float) -> None:
    calls = [ProviderCall(batch=batch, method="POST", url="https://api.example", duration_ms=9) for _ in range(count)]
    made = ProviderCall.objects.bulk_create(calls)
    when = timezone.now() - timedelta(days=days_ago)
    ProviderCall.objects.filter(pk__in=[call.pk for call in made]).update(created_at=when)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_calls_past_their_time_are_gone_and_the_others_stay(batch: Batch, count: int) -> None:
    make_calls(batch, count, days_ago=7.1)
    make_calls(batch, 3, days_ago=6.9)
    assert retention.discard_old_calls() == count
    assert ProviderCall.objects.count() == 3


def test_the_time_is_a_setting(batch: Batch, settings: LazySettings) -> None:
    settings.PROVIDER_CALL_DAYS = 3
    make_calls(batch, 2, days_ago=4)
    assert retention.discard_old_calls() == 2


def test_no_delete_takes_more_than_a_chunk(batch: Batch) -> None:
    make_calls(batch, 5, days_ago=8)
    with CaptureQueriesContext(connection) as queries:
        retention.discard_old_calls()
    deletes = [query["sql"] for query in queries if query["sql"].startswith("DELETE")]
    assert [sql.partition(" IN ")[2].count(",") + 1 for sql in deletes] == [2, 2, 1]


def test_a_turn_ends_and_the_next_one_goes_on(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CALLS_TURN_S", 0.0)
    make_calls(batch, 5, days_ago=8)
    assert [retention.discard_old_calls() for _ in range(4)] == [2, 2, 1, 0]


def test_the_oldest_go_first(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CALLS_TURN_S", 0.0)
    make_calls(batch, 2, days_ago=8)
    make_calls(batch, 2, days_ago=30)
    retention.discard_old_calls()
    oldest = ProviderCall.objects.order_by("created_at")[0].created_at
    assert oldest > timezone.now() - timedelta(days=9)
