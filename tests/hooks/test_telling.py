"""What webhooks are told of: each move that matters, with the move, and nothing for those who did not ask."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcaster.models import Event, Webhook, WebhookDelivery
from broadcaster.sending import batches, expansion, schedule, states
from tests.audiences import imported, messy_csv
from tests.hooks.receiving import webhook
from tests.sending.broadcasts import accept, claimed, composed, prepared, preparing, reload, rows, scheduled

pytestmark = pytest.mark.django_db
NOWHERE = "https://example.com/events"
STATE = WebhookDelivery.State


@pytest.fixture(autouse=True)
def hook() -> Webhook:
    return webhook(NOWHERE)


def told() -> list[str]:
    """The events that were written down, in their order."""
    return list(WebhookDelivery.objects.order_by("pk").values_list("event", flat=True))


def test_the_way_of_a_broadcast_is_told() -> None:
    broadcast = composed(2)
    schedule.schedule(broadcast, send_at=timezone.now())
    schedule.start_due()
    assert expansion.expand(broadcast.pk, worker="preparer")
    batch = claimed()
    schedule.pause(reload(broadcast))
    schedule.resume(reload(broadcast))
    accept(batch, rows(broadcast))
    batches.release(batch)
    assert told() == ["broadcast.scheduled", "broadcast.started", "broadcast.paused", "broadcast.completed"]
    last = WebhookDelivery.objects.order_by("pk").last()
    assert last is not None
    assert {name: last.data[name] for name in ("id", "uuid", "name", "status", "state")} == {
        "id": broadcast.pk,
        "uuid": str(broadcast.uuid),
        "name": "June",
        "status": "completed",
        "state": "completed",
    }
    assert (last.data["totals"]["recipients"], last.data["totals"]["accepted"]) == (2, 2)


def cancel() -> None:
    schedule.cancel(prepared(1))


def miss() -> None:
    scheduled(hours=9)
    schedule.start_due()


def to_nobody() -> None:
    expansion.expand(preparing(0).pk, worker="preparer")


@pytest.mark.parametrize(
    ("happens", "event"),
    [(cancel, "broadcast.cancelled"), (miss, "broadcast.missed"), (to_nobody, "broadcast.failed")],
)
def test_each_end_is_told(happens: Callable[[], None], event: str) -> None:
    happens()
    assert told()[-1] == event
    assert WebhookDelivery.objects.filter(event=event).count() == 1


def test_a_move_that_is_refused_is_told_to_nobody() -> None:
    with pytest.raises(states.MoveRefused):
        schedule.pause(composed(1))
    assert told() == []


def test_what_does_not_happen_is_told_to_nobody() -> None:
    with transaction.atomic():
        schedule.cancel(prepared(1))
        transaction.set_rollback(True)
    assert told() == []


def test_an_import_is_told_with_its_totals() -> None:
    upload = imported(messy_csv(20))
    (delivery,) = WebhookDelivery.objects.all()
    assert (delivery.event, delivery.data["uuid"]) == ("upload.imported", str(upload.uuid))
    assert delivery.data["totals"]["rows"] == upload.rows == 20
    assert delivery.data["totals"]["new"] == upload.new > 0


def test_an_import_that_cannot_go_on_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_options: Any) -> None:
        raise OSError

    monkeypatch.setattr("broadcaster.audience.importing.chunks.read", fail)
    imported(messy_csv(3))
    (delivery,) = WebhookDelivery.objects.all()
    assert (delivery.event, delivery.data["state"]) == ("upload.failed", "failed")
    assert delivery.data["error"].startswith("The file could not be read")


def test_only_who_asked_and_is_enabled_is_told(hook: Webhook) -> None:
    other = webhook(NOWHERE, Event.BROADCAST_MISSED)
    Webhook.objects.filter(pk=hook.pk).update(enabled=False)
    both = webhook(NOWHERE, Event.BROADCAST_MISSED, Event.BROADCAST_CANCELLED)
    cancel()
    assert list(WebhookDelivery.objects.values_list("webhook", flat=True)) == [both.pk]
    assert other.pk != both.pk


def test_without_a_webhook_a_move_costs_one_question(hook: Webhook) -> None:
    hook.delete()
    broadcast = prepared(1)
    with CaptureQueriesContext(connection) as asked:
        schedule.cancel(broadcast)
    assert len([query for query in asked if "webhook" in query["sql"]]) == 1


def test_a_webhook_that_is_deleted_at_that_moment_keeps_nothing_from_happening(hook: Webhook) -> None:
    WebhookDelivery.objects.create(webhook_id=hook.pk + 1, event="broadcast.paused", subject="broadcast 1")
    connection.check_constraints()


def test_the_worker_is_woken_after_the_move(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    woken: list[object] = []
    monkeypatch.setattr("broadcaster.queue.enqueue", lambda *args: woken.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        cancel()
    assert woken == [("post_webhooks",)]
