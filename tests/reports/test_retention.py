"""What is kept only for a while: gone after its time, in deletes that hold nobody up."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcaster.audience import stored
from broadcaster.models import AudienceUpload, Batch, Broadcast, ProviderCall, Webhook, WebhookDelivery
from broadcaster.reports import retention

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: LazySettings) -> None:
    settings.MEDIA_ROOT = tmp_path


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


def make_file(state: str, *, days_ago: float) -> AudienceUpload:
    when = timezone.now() - timedelta(days=days_ago)
    upload = AudienceUpload.objects.create(
        filename="june.csv", state=state, finished_at=when, file=ContentFile(b"HP\n0812\n", name="june.csv")
    )
    AudienceUpload.objects.update(created_at=when)
    return upload


@pytest.mark.parametrize(
    ("state", "days_ago", "goes"),
    [
        ("imported", 30.1, True),
        ("imported", 29.9, False),
        ("failed", 30.1, True),
        ("cancelled", 30.1, True),
        ("undone", 0, True),
        ("importing", 99, False),
        ("undoing", 99, False),
        ("uploaded", 29.9, False),
    ],
)
def test_a_file_leaves_the_disk_when_nothing_needs_it(state: str, days_ago: float, *, goes: bool) -> None:
    upload = make_file(state, days_ago=days_ago)
    path = Path(upload.file.path)
    assert retention.discard_old_files() == goes
    upload.refresh_from_db()
    assert (path.exists(), bool(upload.file), upload.state) == (not goes, not goes, state)
    assert retention.discard_old_files() == 0


def test_a_file_that_waited_too_long_for_its_columns_has_failed() -> None:
    upload = make_file("uploaded", days_ago=31)
    assert retention.discard_old_files() == 1
    upload.refresh_from_db()
    assert (upload.state, upload.file.name) == ("failed", "")
    assert upload.error == "Nobody chose its columns for 30 days, so the file was deleted. Upload it again."


def test_webhooks_are_told_of_a_file_that_waited_too_long() -> None:
    hook = Webhook.objects.create(url="https://example.com/", events=["upload.failed"])
    upload = make_file("uploaded", days_ago=31)
    retention.discard_old_files()
    retention.discard_old_files()
    (delivery,) = hook.deliveries.all()
    assert (delivery.event, delivery.data["uuid"]) == ("upload.failed", str(upload.uuid))


def test_deliveries_of_webhooks_are_kept_for_a_month() -> None:
    hook = Webhook.objects.create(url="https://example.com/")
    for days in (1, 29.9, 30.1, 99):
        when = timezone.now() - timedelta(days=days)
        WebhookDelivery.objects.create(webhook=hook, event="broadcast.paused", subject="broadcast 1", created_at=when)
    assert retention.discard_old_deliveries() == 2
    assert WebhookDelivery.objects.count() == 2


def test_a_file_that_the_disk_keeps_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, other = (make_file("undone", days_ago=0) for _ in range(2))

    def delete(name: str) -> None:
        if name == stuck.file.name:
            raise PermissionError

    monkeypatch.setattr(other.file.storage, "delete", delete)
    assert retention.discard_old_files() == 1
    assert list(AudienceUpload.objects.exclude(file="")) == [stuck]


def test_an_unconfirmed_file_that_the_disk_keeps_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, gone, other = (default_storage.save(f"{stored.UNCONFIRMED}/{name}", ContentFile(b"x")) for name in "abc")
    delete = default_storage.delete
    errors = {stuck: PermissionError, gone: FileNotFoundError}

    def fail(name: str) -> None:
        if name in errors:
            raise errors[name]
        delete(name)

    monkeypatch.setattr(default_storage, "delete", fail)
    monkeypatch.setattr(stored, "KEPT", -stored.KEPT)
    assert retention.discard_old_files() == 1
    assert [default_storage.exists(name) for name in (stuck, other)] == [True, False]
