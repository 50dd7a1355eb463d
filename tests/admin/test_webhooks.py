"""The pages of webhooks: their secret is shown once, they are tried, enabled again, and told again."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from broadcaster.hooks import outbox, posting, register
from broadcaster.models import Event, Webhook, WebhookDelivery
from broadcaster.roles import ROLES
from tests.admin.exported import csv_rows
from tests.admin.people import logged_in, messages_of, text_of
from tests.admin.reading import visible
from tests.hooks.receiving import Receiver

pytestmark = pytest.mark.django_db
URL = "https://example.com/events"
GIVEN = {"url": URL, "description": "CRM", "events": ["broadcast.completed", "broadcast.failed"]}


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOK_PRIVATE_ADDRESSES = True
    with Receiver() as running:
        yield running


@pytest.fixture
def admin() -> Client:
    return logged_in(*(f"{action}_webhook" for action in ("add", "change", "delete", "view")), "view_webhookdelivery")


def place(name: str, *args: int) -> str:
    return reverse(f"admin:broadcaster_{name}", args=args)


def made(url: str = URL, **fields: Any) -> Webhook:
    webhook = register.create(url=url, events=list(Event))
    Webhook.objects.filter(pk=webhook.pk).update(**fields)
    return webhook


def test_a_new_webhook_is_told_of_everything_unless_somebody_says_otherwise(admin: Client) -> None:
    def ticked(page: str) -> int:
        return len(re.findall(r'id="id_events_\d" checked', text_of(admin.get(page))))

    one = register.create(url=URL, events=[Event.BROADCAST_FAILED])
    assert (ticked(place("webhook_add")), ticked(place("webhook_change", one.pk))) == (len(Event), 1)


def test_a_new_webhook_shows_its_secret_once(admin: Client) -> None:
    answer = admin.post(place("webhook_add"), GIVEN)
    webhook = Webhook.objects.get()
    secret = webhook.secrets["secret"]
    assert (webhook.url, webhook.description, webhook.events, webhook.enabled) == (*GIVEN.values(), True)
    assert webhook.author is not None
    assert secret in text_of(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    for page in (place("webhook_changelist"), place("webhook_change", webhook.pk)):
        assert secret not in text_of(admin.get(page))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"url": "http://127.0.0.1/"}, "leads into a private network"),
        ({"url": "example.com"}, register.NO_ADDRESS),
        ({"events": []}, register.NO_EVENT),
        ({"events": ["moon"]}, "not one of the available choices"),
    ],
)
def test_what_is_no_webhook_is_said_beside_its_field(admin: Client, change: dict[str, Any], told: str) -> None:
    assert told in visible(text_of(admin.post(place("webhook_add"), GIVEN | change)))
    assert not Webhook.objects.exists()


STATES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "new": ({}, ("No event yet", "Never")),
    "works": ({"delivered_at": "2026-03-02T10:00Z"}, ("Working",)),
    "fails": ({"failing_since": "2026-03-02T10:00Z"}, ("Failing", "Since", "Mar 2026")),
    "gone": ({"enabled": False, "disabled_reason": posting.ASKED_TO_STOP}, ("Disabled", "nobody listens there")),
}


@pytest.mark.parametrize(("fields", "told"), STATES.values(), ids=STATES)
def test_the_list_and_the_page_say_whether_it_works(
    admin: Client, fields: dict[str, Any], told: tuple[str, ...]
) -> None:
    webhook = made(**fields)
    listed = visible(text_of(admin.get(place("webhook_changelist"))))
    assert [word for word in (*told, "Everything") if word not in listed] == []
    assert told[0] in visible(text_of(admin.get(place("webhook_change", webhook.pk))))


def test_a_person_enables_it_again(admin: Client) -> None:
    webhook = made(enabled=False, disabled_reason=posting.ASKED_TO_STOP, failing_since="2026-03-02T10:00Z")
    admin.post(place("webhook_change", webhook.pk), GIVEN | {"enabled": "on"})
    webhook.refresh_from_db()
    assert (webhook.enabled, webhook.disabled_reason, webhook.failing_since) == (True, "", None)
    admin.post(place("webhook_change", webhook.pk), GIVEN)
    webhook.refresh_from_db()
    assert not webhook.enabled


@pytest.mark.parametrize(
    ("reply", "told"),
    [(204, "The test arrived. The receiver answered 204."), (500, "The test did not arrive. It answered 500.")],
)
def test_a_test_says_what_came_back(admin: Client, receiver: Receiver, reply: int, told: str) -> None:
    receiver.reply(reply)
    webhook = made(receiver.url)
    assert told in messages_of(admin.post(place("webhook_test", webhook.pk), follow=True))
    assert receiver.events == ["ping"]


def delivered(webhook: Webhook, **fields: Any) -> WebhookDelivery:
    """Something that it was told of, as if that had ended so."""
    outbox.put(Event.BROADCAST_COMPLETED, subject="broadcast 1", facts=lambda: {"name": "June"})
    delivery = webhook.deliveries.latest("pk")
    WebhookDelivery.objects.filter(pk=delivery.pk).update(**{"state": "delivered", "attempts": 1} | fields)
    return delivery


def test_a_delivery_shows_what_was_posted_and_answered_and_runs_nothing_of_it(admin: Client) -> None:
    script = "<script>alert(1)</script>"
    delivery = delivered(made(), state="given_up", http_status=500, error="It answered 500.", answer=script)
    page = text_of(admin.get(place("webhookdelivery_change", delivery.pk)))
    assert script not in page
    shown = visible(page)
    for told in (
        script,
        "It answered 500.",
        "Given up",
        str(delivery.uuid),
        '"name": "June"',
        "Broadcast completed: June",
    ):
        assert told in shown


def send_again(client: Client, *deliveries: WebhookDelivery) -> Any:
    data = {"action": "send_again", "_selected_action": [delivery.pk for delivery in deliveries]}
    return client.post(place("webhookdelivery_changelist"), data, follow=True)


def test_a_person_sends_some_again(admin: Client, receiver: Receiver) -> None:
    webhook = made(receiver.url)
    ended, given_up, waiting = (delivered(webhook, state=state) for state in ("delivered", "given_up", "waiting"))
    WebhookDelivery.objects.filter(pk=waiting.pk).update(next_at="2100-01-01T00:00Z")
    told = messages_of(send_again(admin, ended, given_up, waiting))
    assert told == "2 are on the way again. 1 not sent again. It is on its way already."
    posting.post_due(life_s=10)
    assert {post.delivery for post in receiver.posts} == {str(ended.uuid), str(given_up.uuid)}


def test_who_may_only_look_sends_nothing(receiver: Receiver) -> None:
    webhook = made(receiver.url)
    delivery = delivered(webhook)
    viewer = logged_in("view_webhook", "view_webhookdelivery")
    send_again(viewer, delivery)
    assert WebhookDelivery.objects.get().state == "delivered"
    assert viewer.post(place("webhook_test", webhook.pk)).status_code == 403
    assert "Send a test" not in text_of(viewer.get(place("webhook_change", webhook.pk)))
    assert receiver.posts == []


@pytest.mark.parametrize("role", ROLES)
def test_only_admins_see_webhooks(role: str) -> None:
    assert [name for name in ROLES[role] if "webhook" in name] == []


def test_what_goes_out_as_a_file_holds_no_secret(admin: Client) -> None:
    webhook = made(description="CRM")
    delivered(webhook)
    (row,) = csv_rows(admin, "webhook")
    assert (row["Address"], row["Description"], row["State"]) == (URL, "CRM", "No event yet")
    assert webhook.secrets["secret"] not in str(row)
    (row,) = csv_rows(admin, "webhookdelivery")
    assert (row["Webhook"], row["Event"], row["State"]) == (URL, "broadcast.completed", "Delivered")


def test_a_webhook_goes_with_its_deliveries(admin: Client) -> None:
    webhook = made()
    delivered(webhook)
    admin.post(place("webhook_delete", webhook.pk), {"post": "yes"})
    assert (Webhook.objects.count(), WebhookDelivery.objects.count()) == (0, 0)


def test_a_delivery_that_has_lost_its_webhook_breaks_no_list(admin: Client) -> None:
    delivered(made())
    Webhook.objects.all()._raw_delete("default")
    assert "Nothing was told yet" in visible(text_of(admin.get(place("webhookdelivery_changelist"))))
