"""Whatever dies, each event arrives; whoever works at the same moment, no event is posted by two of them."""

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from django.db import connection, transaction

from broadcaster.hooks import door, outbox, posting, register
from broadcaster.models import Event, Webhook, WebhookDelivery
from tests.hooks.receiving import Receiver, webhook
from tests.hooks.test_posting import happen, let_time_pass, post, reload
from tests.running import ROOT, database_url
from tests.sending.broadcasts import in_threads

STATE = WebhookDelivery.State
EVENTS = 12


@pytest.fixture
def hook(transactional_db: None, receiver: Receiver) -> Webhook:
    return webhook(receiver.url)


STEPS = {
    "before anything is leased": ("broadcaster.hooks.posting:lease", 0),
    "after the lease, before the post": ("broadcaster.hooks.posting:attempt", 0),
    "after the post, before the record": ("broadcaster.hooks.posting:record", 1),
    "in the middle of the record": ("broadcaster.hooks.posting:_note", 1),
}


@pytest.mark.parametrize(("function", "arrived"), STEPS.values(), ids=STEPS)
def test_a_worker_that_dies_leaves_it_to_the_next(
    hook: Webhook, receiver: Receiver, function: str, arrived: int
) -> None:
    delivery = happen()
    die(function)
    assert (len(receiver.posts), reload(delivery).state) == (arrived, STATE.WAITING)
    if reload(delivery).lease:
        post()  # the dead one's lease still holds
        assert len(receiver.posts) == arrived
    let_time_pass()
    post()
    assert [post.delivery for post in receiver.posts] == [str(delivery.uuid)] * (arrived + 1)
    assert reload(delivery).state == STATE.DELIVERED


def die(function: str) -> None:
    """Let a worker of its own process post until it is killed."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "broadcaster.settings",
        "WEBHOOK_PRIVATE_ADDRESSES": "true",
    }
    command = [sys.executable, "-m", "tests.hooks.dying", function]
    assert subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == -signal.SIGKILL


def test_two_workers_post_each_event_once_and_in_order(hook: Webhook, receiver: Receiver) -> None:
    for number in range(EVENTS):
        for event in (Event.BROADCAST_STARTED, Event.BROADCAST_COMPLETED):
            happen(event, f"broadcast {number % 3}", number=number)
    in_threads(2, post)
    assert len({post.delivery for post in receiver.posts}) == len(receiver.posts) == 2 * EVENTS
    for subject in range(3):
        told = [each.json["data"]["number"] for each in receiver.posts if each.json["data"]["number"] % 3 == subject]
        assert told == sorted(told)


def test_who_posts_holds_it_alone(hook: Webhook, receiver: Receiver) -> None:
    happen()
    looked: list[object] = []
    receiver.on_post = lambda _post: looked.extend(in_threads(1, posting.claim))
    post()
    assert looked == [None]


def test_who_was_too_slow_writes_nothing(hook: Webhook, receiver: Receiver) -> None:
    happen()
    slow = posting.claim()
    assert slow
    let_time_pass()
    post()
    assert not posting.record(slow, door.Answer(500, "It answered 500."))
    assert (reload(slow).state, reload(slow).http_status, reload(slow).attempts) == ("delivered", 200, 2)


def test_who_has_lost_the_lease_does_not_write_for_whoever_has_it(hook: Webhook) -> None:
    happen()
    slow = posting.claim()
    let_time_pass()
    other = posting.claim()
    assert slow
    assert other
    assert not posting.record(slow, door.Answer(200, ""))
    assert reload(other).state == STATE.WAITING
    assert posting.record(other, door.Answer(200, ""))


def test_a_ping_is_no_other_worker_s_while_it_is_posted(hook: Webhook, receiver: Receiver) -> None:
    looked: list[object] = []
    receiver.on_post = lambda _post: looked.extend(in_threads(1, posting.claim))
    register.ping(hook)
    assert (looked, receiver.events) == ([None], ["ping"])


def test_no_transaction_is_open_while_something_is_posted(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    original = door.post

    def watched(*args: Any, **options: Any) -> door.Answer:
        seen.append(connection.in_atomic_block)
        return original(*args, **options)

    monkeypatch.setattr(door, "post", watched)
    happen()
    post()
    register.ping(hook)
    assert seen == [False, False]


def test_a_webhook_that_is_deleted_meanwhile_stops_no_move(hook: Webhook) -> None:
    """Between the look at who wants to be told and the end of the move."""

    def delete_meanwhile() -> dict[str, Any]:
        Webhook.objects.all()._raw_delete("default")
        return {"name": "June"}

    with transaction.atomic():
        outbox.put(Event.BROADCAST_PAUSED, subject="broadcast 1", facts=delete_meanwhile)
    assert WebhookDelivery.objects.count() == 1
    post()
    assert WebhookDelivery.objects.get().state == STATE.WAITING
