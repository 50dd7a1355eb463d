"""Deliveries as a receiver sees them: signed, in order, again where they did not arrive, and at last given up."""

import hashlib
import hmac
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from broadcaster import tasks
from broadcaster.hooks import outbox, posting, register
from broadcaster.hooks.register import Refused
from broadcaster.models import Event, Webhook, WebhookDelivery
from tests.hooks.receiving import Receiver, Reply, webhook
from tests.sending.broadcasts import LONG_AGO

pytestmark = pytest.mark.django_db
STATE = WebhookDelivery.State
SOON = timedelta(seconds=20)  # a busy machine's


@pytest.fixture
def hook(receiver: Receiver) -> Webhook:
    return webhook(receiver.url)


def happen(event: Event = Event.BROADCAST_PAUSED, subject: str = "broadcast 1", **data: object) -> WebhookDelivery:
    """Something that webhooks are told of; the last delivery."""
    outbox.put(event, subject=subject, facts=lambda: {"name": "June", **data})
    return WebhookDelivery.objects.latest("pk")


def post() -> None:
    """Post what is due now."""
    posting.post_due(life_s=30)


def let_time_pass() -> None:
    """As if every back-off and every lease were over."""
    WebhookDelivery.objects.update(next_at=LONG_AGO)
    WebhookDelivery.objects.exclude(lease_until=None).update(lease_until=LONG_AGO)


def reload(delivery: WebhookDelivery) -> WebhookDelivery:
    return WebhookDelivery.objects.select_related("webhook").get(pk=delivery.pk)


def waits_for(delivery: WebhookDelivery) -> timedelta:
    """How long it waits for its next attempt."""
    return reload(delivery).next_at - timezone.now()


def test_an_event_arrives_as_json_that_is_signed(hook: Webhook, receiver: Receiver) -> None:
    delivery = happen()
    post()
    (arrived,) = receiver.posts
    created_on = delivery.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert arrived.json == {
        "id": str(delivery.uuid),
        "event": "broadcast.paused",
        "created_on": created_on,
        "data": {"name": "June"},
    }
    assert (arrived.path, arrived.headers["Content-Type"]) == ("/events?from=us", "application/json")
    assert (arrived.headers["X-Broadcaster-Event"], arrived.delivery) == ("broadcast.paused", str(delivery.uuid))
    signed = dict(part.split("=") for part in arrived.headers["X-Broadcaster-Signature"].split(","))
    secret = hook.secrets["secret"].encode()
    message = f"{signed['t']}.".encode() + arrived.body
    assert signed["v1"] == hmac.new(secret, message, hashlib.sha256).hexdigest()
    assert abs(int(signed["t"]) - time.time()) < SOON.total_seconds()


def test_what_arrived_is_on_record(hook: Webhook, receiver: Receiver) -> None:
    receiver.replies = [Reply(204, b"")]
    delivery = reload(happen())
    post()
    delivery = reload(delivery)
    assert (delivery.state, delivery.attempts, delivery.http_status, delivery.error) == ("delivered", 1, 204, "")
    assert delivery.ended_at
    assert delivery.webhook.delivered_at
    post()
    assert len(receiver.posts) == 1


def test_what_did_not_arrive_is_posted_again_later_and_at_last_given_up(hook: Webhook, receiver: Receiver) -> None:
    delivery = happen()
    receiver.reply(*[500] * 9)
    waits = []
    while reload(delivery).state == STATE.WAITING:
        post()
        waits.append(round(waits_for(delivery).total_seconds() / 60))
        let_time_pass()
    assert waits[:-1] == [1, 5, 30, 120, 360, 1440]
    ended = reload(delivery)
    assert (ended.state, ended.attempts, ended.http_status) == ("given_up", 7, 500)
    assert ended.error.startswith("It answered 500.")
    assert {post.delivery for post in receiver.posts} == {str(delivery.uuid)}
    assert len({post.body for post in receiver.posts}) == 1


@pytest.mark.parametrize(
    ("asked", "minutes"), [("600", 10), ("3", 1), ("999999999999999999", 1440), ("-5", 1), ("nonsense", 1), ("²", 1)]
)
def test_a_receiver_may_ask_for_more_time(hook: Webhook, receiver: Receiver, asked: str, minutes: int) -> None:
    receiver.replies = [Reply(503, headers=(("Retry-After", asked.encode().decode("latin-1")),))]
    delivery = happen()
    post()
    assert timedelta(minutes=minutes) - SOON < waits_for(delivery) <= timedelta(minutes=minutes)


def test_a_date_says_when_as_well(hook: Webhook, receiver: Receiver) -> None:
    at = timezone.now() + timedelta(minutes=30)
    receiver.reply(429, Retry_After=at.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    delivery = happen()
    post()
    assert timedelta(minutes=30) - SOON < waits_for(delivery) <= timedelta(minutes=30)


def test_410_disables_at_once(hook: Webhook, receiver: Receiver) -> None:
    receiver.reply(410)
    delivery = happen()
    post()
    hook.refresh_from_db()
    assert (hook.enabled, hook.disabled_reason) == (False, posting.ASKED_TO_STOP)
    assert reload(delivery).state == STATE.GIVEN_UP


@pytest.mark.parametrize(("hours", "enabled"), [(71, True), (73, False)])
def test_who_fails_for_three_days_is_disabled(hook: Webhook, receiver: Receiver, hours: int, *, enabled: bool) -> None:
    Webhook.objects.update(failing_since=timezone.now() - timedelta(hours=hours))
    receiver.reply(500)
    delivery = happen()
    post()
    hook.refresh_from_db()
    assert hook.enabled == enabled
    assert ("three days" in hook.disabled_reason) != enabled
    assert reload(delivery).state == STATE.WAITING


def test_one_that_arrives_ends_the_failing(hook: Webhook, receiver: Receiver) -> None:
    receiver.reply(500)
    happen()
    post()
    hook.refresh_from_db()
    assert hook.failing_since
    let_time_pass()
    post()
    assert Webhook.objects.get().failing_since is None
    assert receiver.events == ["broadcast.paused"] * 2


def test_a_disabled_webhook_keeps_what_waits_until_it_is_enabled(hook: Webhook, receiver: Receiver) -> None:
    receiver.reply(410)
    happen()
    waiting = happen(Event.BROADCAST_COMPLETED, "broadcast 2")
    post()
    let_time_pass()
    post()
    assert len(receiver.posts) == 1
    hook.refresh_from_db()
    register.change(hook, enabled=True)
    assert (hook.disabled_reason, hook.failing_since) == ("", None)
    post()
    assert receiver.posts[-1].delivery == str(waiting.uuid)


def test_what_is_told_of_one_broadcast_keeps_its_order(hook: Webhook, receiver: Receiver) -> None:
    happen(Event.BROADCAST_STARTED)
    happen(Event.BROADCAST_COMPLETED)
    receiver.reply(500)
    post()
    WebhookDelivery.objects.filter(event="broadcast.completed").update(next_at=LONG_AGO)
    post()
    assert receiver.events == ["broadcast.started"]
    let_time_pass()
    post()
    assert receiver.events == ["broadcast.started"] * 2 + ["broadcast.completed"]


def test_another_broadcast_need_not_wait_for_long(hook: Webhook, receiver: Receiver) -> None:
    first, other = happen(subject="broadcast 1"), happen(subject="broadcast 2")
    WebhookDelivery.objects.filter(pk=first.pk).update(attempts=4)
    receiver.reply(500)
    post()
    assert waits_for(first) > timedelta(hours=5)
    assert timedelta() < waits_for(other) <= timedelta(minutes=1)
    assert reload(other).attempts == 0


def test_a_receiver_that_fails_keeps_no_other_waiting(hook: Webhook, receiver: Receiver) -> None:
    with Receiver() as broken:
        broken.reply(*[500] * 20)
        webhook(broken.url)
        for number in range(5):
            happen(subject=f"broadcast {number}")
        post()
        assert (len(broken.posts), len(receiver.posts)) == (1, 5)


def test_secrets_that_no_key_opens_are_said_and_nothing_is_posted(
    hook: Webhook, receiver: Receiver, settings: Any
) -> None:
    delivery = happen()
    settings.CHANNEL_KEYS = ["ZGlmZmVyZW50LWtleS1kaWZmZXJlbnQta2V5LWRpZmY="]
    post()
    assert (reload(delivery).error, receiver.posts) == (posting.UNREADABLE, [])
    assert hook.secrets["secret"] not in str(Webhook.objects.values_list())


def test_a_delivery_without_its_webhook_goes_nowhere(hook: Webhook, receiver: Receiver) -> None:
    delivery = happen()
    Webhook.objects.all()._raw_delete("default")
    post()
    assert receiver.posts == []
    assert WebhookDelivery.objects.filter(pk=delivery.pk).exists()


def test_a_person_has_it_sent_again_under_its_old_id(hook: Webhook, receiver: Receiver) -> None:
    delivery = happen()
    post()
    register.send_again(reload(delivery))
    post()
    assert [post.delivery for post in receiver.posts] == [str(delivery.uuid)] * 2
    assert reload(delivery).attempts == 1


def test_what_waits_or_leads_nowhere_is_not_sent_again(hook: Webhook, receiver: Receiver) -> None:
    delivery = happen()
    with pytest.raises(Refused, match="on its way"):
        register.send_again(delivery)
    Webhook.objects.update(enabled=False)
    with pytest.raises(Refused, match="Enable it first"):
        register.send_again(reload(delivery))


def test_a_ping_is_posted_once_and_told(hook: Webhook, receiver: Receiver) -> None:
    receiver.reply(500)
    failed, fine = register.ping(hook), register.ping(hook)
    assert [(each.state, each.http_status) for each in (failed, fine)] == [("given_up", 500), ("delivered", 200)]
    assert fine.answer == "thanks"
    assert receiver.events == ["ping", "ping"]
    hook.refresh_from_db()
    assert (hook.failing_since, hook.delivered_at) == (None, None)


def test_the_task_posts_and_the_tick_finds_what_was_forgotten(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued: list[str] = []
    monkeypatch.setattr("broadcaster.queue.enqueue", lambda task, *args: queued.append(task))
    happen()
    tasks.tick()
    assert outbox.TASK in queued
    tasks.post_webhooks()
    assert receiver.events == ["broadcast.paused"]
    queued.clear()
    tasks.tick()
    assert outbox.TASK not in queued
