"""Webhooks as a program makes, changes and reads them."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from broadcaster.hooks import door, register
from broadcaster.hooks.reach import REFUSED
from broadcaster.models import Webhook, WebhookDelivery
from tests.api.calling import Program
from tests.hooks.receiving import Receiver

NOBODY = "1c3558ee-aeb5-4cdd-8205-6c5d29d29594"
URL = "https://example.com/events"
BODY = {"url": URL, "events": ["broadcast.completed", "broadcast.failed"]}
KEYS = [
    "uuid", "url", "events", "description", "enabled", "disabled_reason", "created_on", "delivered_on", "failing_since",
]  # fmt: skip


@pytest.fixture
def admin(db: None) -> Program:
    return Program(role="Admin", scope="admin")


@pytest.fixture
def receiver(settings: Any) -> Any:
    settings.WEBHOOK_PRIVATE_ADDRESSES = True
    with Receiver() as running:
        yield running


def made(**fields: Any) -> Webhook:
    return register.create(**{"url": URL, "events": ["broadcast.paused"]} | fields)


def test_a_new_webhook_tells_its_secret_once(admin: Program) -> None:
    told = admin.post("webhooks.json", BODY | {"description": "CRM"})
    webhook = Webhook.objects.get()
    assert (admin.status, list(told)) == (201, [*KEYS, "secret"])
    assert told["secret"] == webhook.secrets["secret"]
    assert len(told["secret"]) == 64
    assert {name: told[name] for name in ("url", "events", "description", "enabled")} == {
        "url": URL,
        "events": BODY["events"],
        "description": "CRM",
        "enabled": True,
    }
    assert webhook.author == admin.token.user
    for place in ("webhooks.json", f"webhooks/{webhook.uuid}.json", f"webhooks/{webhook.uuid}"):
        admin.get(place)
        assert (admin.status, told["secret"] in admin.last.content.decode()) == (200, False)


def test_the_list_has_the_newest_first(admin: Program) -> None:
    first, second = made(), made()
    told = admin.get("webhooks")
    assert [each["uuid"] for each in told["results"]] == [str(second.uuid), str(first.uuid)]
    assert [each["uuid"] for each in admin.get(f"webhooks?uuid={first.uuid}")["results"]] == [str(first.uuid)]


REFUSALS: dict[str, tuple[Any, Any]] = {
    "nothing": ({}, {"url": ["This field is required."], "events": ["This field is required."]}),
    "a list": ([], {"non_field_errors": ["Request body should be a single JSON object"]}),
    "no event": (BODY | {"events": []}, {"events": ["This list may not be empty."]}),
    "a strange event": (
        BODY | {"events": ["broadcast.completed", "moon"]},
        {"events": {"1": ['"moon" is not a valid choice.']}},
    ),
    "an event as an object": (BODY | {"events": [{}]}, {"events": {"0": ['"{}" is not a valid choice.']}}),
    "no address": (BODY | {"url": "example.com"}, {"url": [register.NO_ADDRESS]}),
    "another scheme": (BODY | {"url": "file:///etc/passwd"}, {"url": [register.NO_ADDRESS]}),
    "an address inside": (BODY | {"url": "http://169.254.169.254/"}, {"url": [REFUSED]}),
    "a password": (BODY | {"url": "https://a:b@example.com"}, {"url": [register.NO_PASSWORDS]}),
    "a long address": (
        BODY | {"url": "https://example.com/" + "x" * 2000},
        {"url": ["Ensure this field has no more than 2000 characters."]},
    ),
    "a long description": (
        BODY | {"description": "x" * 201},
        {"description": ["Ensure this field has no more than 200 characters."]},
    ),
}


@pytest.mark.parametrize(("body", "refusal"), REFUSALS.values(), ids=REFUSALS.keys())
def test_what_is_no_webhook_is_refused(admin: Program, body: Any, refusal: Any) -> None:
    assert admin.told("POST", "webhooks", body) == (400, refusal)
    assert not Webhook.objects.exists()


def test_one_webhook_too_many_is_refused(admin: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "MOST", 1)
    made()
    assert admin.told("POST", "webhooks", BODY) == (409, {"detail": register.FULL.format(1)})


def test_a_webhook_is_changed_by_the_keys_that_are_given(admin: Program) -> None:
    webhook = made(description="CRM")
    told = admin.post(f"webhooks/{webhook.uuid}", {"events": ["upload.failed", "broadcast.missed", "upload.failed"]})
    assert admin.status == 200
    assert (told["url"], told["events"]) == (URL, ["broadcast.missed", "upload.failed"])
    assert (told["description"], told["enabled"]) == ("CRM", True)
    assert admin.post(f"webhooks/{webhook.uuid}", {"enabled": False})["enabled"] is False
    assert admin.told("POST", f"webhooks/{webhook.uuid}", {"url": "x"}) == (400, {"url": [register.NO_ADDRESS]})


def test_one_that_was_disabled_is_enabled_again(admin: Program) -> None:
    webhook = made()
    Webhook.objects.update(enabled=False, disabled_reason="It answered 410.", failing_since=webhook.created_at)
    told = admin.post(f"webhooks/{webhook.uuid}", {"enabled": True})
    assert [told[name] for name in ("enabled", "disabled_reason", "failing_since")] == [True, "", None]


def test_a_webhook_goes_with_its_deliveries(admin: Program) -> None:
    webhook = made()
    WebhookDelivery.objects.create(webhook=webhook, event="broadcast.paused", subject="broadcast 1")
    assert admin.told("DELETE", f"webhooks/{webhook.uuid}") == (204, None)
    assert (Webhook.objects.count(), WebhookDelivery.objects.count()) == (0, 0)


@pytest.mark.parametrize("place", ["", "/test", "/deliveries"])
@pytest.mark.parametrize("name", [NOBODY, "-" * 36])
def test_what_is_not_there_is_404(admin: Program, place: str, name: str) -> None:
    method = "POST" if place == "/test" else "GET"
    status, told = admin.told(method, f"webhooks/{name}{place}")
    assert (status, list(told)) == (404, ["detail"])


@pytest.mark.parametrize(("reply", "status", "error"), [(204, "delivered", ""), (500, "given_up", "It answered 500.")])
def test_a_test_says_what_came_back(admin: Program, receiver: Receiver, reply: int, status: str, error: str) -> None:
    webhook = made(url=receiver.url)
    receiver.reply(reply)
    told = admin.post(f"webhooks/{webhook.uuid}/test")
    assert (admin.status, told["event"], told["http_status"], told["status"]) == (200, "ping", reply, status)
    assert told["error"].startswith(error)
    assert [post.delivery for post in receiver.posts] == [told["uuid"]]


def test_a_test_waits_in_no_transaction_for_its_answer(
    admin: Program, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook, post, depths = made(url=receiver.url), door.post, [len(connection.savepoint_ids)]

    def watched(*args: Any) -> door.Answer:
        depths.append(len(connection.savepoint_ids))
        return post(*args)

    monkeypatch.setattr(door, "post", watched)
    admin.post(f"webhooks/{webhook.uuid}/test", None, **{"Idempotency-Key": "one"})
    assert (admin.status, len(set(depths)), len(depths)) == (200, 1, 2)


def test_deliveries_are_told_with_what_became_of_them(admin: Program) -> None:
    webhook = made()
    waiting = WebhookDelivery.objects.create(webhook=webhook, event="broadcast.paused", subject="broadcast 1")
    ended = WebhookDelivery.objects.create(
        webhook=webhook,
        event="broadcast.failed",
        subject="broadcast 1",
        state="given_up",
        attempts=7,
        http_status=500,
        error="It answered 500.",
        answer="<html>",
    )
    WebhookDelivery.objects.create(webhook=made(), event="broadcast.paused", subject="broadcast 1")
    first, second = admin.get(f"webhooks/{webhook.uuid}/deliveries")["results"]
    assert list(first) == [
        "uuid", "event", "status", "attempts", "http_status", "error", "created_on", "tried_on", "next_on", "ended_on",
    ]  # fmt: skip
    assert (first["uuid"], first["status"], first["http_status"]) == (str(ended.uuid), "given_up", 500)
    assert (first["attempts"], first["error"], first["next_on"]) == (7, "It answered 500.", None)
    assert (second["uuid"], second["status"], second["http_status"]) == (str(waiting.uuid), "waiting", None)
    assert second["next_on"].endswith("Z")


@pytest.mark.parametrize(
    ("method", "place", "body"),
    [("GET", "", None), ("POST", "", BODY), ("GET", "/{}", None), ("POST", "/{}", {}), ("DELETE", "/{}", None),
     ("POST", "/{}/test", None), ("GET", "/{}/deliveries", None)],
)  # fmt: skip
@pytest.mark.parametrize(("role", "scope"), [("Admin", "send"), ("Operator", "admin"), ("Viewer", "read")])
@pytest.mark.django_db
def test_only_an_admin_s_token_of_that_scope_may(role: str, scope: str, method: str, place: str, body: Any) -> None:
    webhook = made()
    status, _told = Program(role=role, scope=scope).told(method, f"webhooks{place.format(webhook.uuid)}", body)
    assert (status, Webhook.objects.count(), WebhookDelivery.objects.count()) == (403, 1, 0)


def test_deliveries_are_seen_by_whoever_may_see_them_in_the_browser(admin: Program) -> None:
    place = f"webhooks/{made().uuid}"
    Permission.objects.get(codename="view_webhookdelivery").group_set.clear()
    assert [admin.told("GET", place)[0], admin.told("GET", f"{place}/deliveries")[0]] == [200, 403]


def test_longer_lists_take_no_more_questions(admin: Program) -> None:
    counts: list[tuple[int, int]] = []
    webhook = made()
    admin.get("webhooks")  # a token's first call notes its use
    for number in (1, 9):
        for _ in range(number):
            made()
            WebhookDelivery.objects.create(webhook=webhook, event="broadcast.paused", subject="broadcast 1")
        asked = []
        for place in ("webhooks", f"webhooks/{webhook.uuid}/deliveries"):
            with CaptureQueriesContext(connection) as queries:
                assert admin.get(place)["results"]
            asked.append(len(queries))
        counts.append((asked[0], asked[1]))
    assert counts[0] == counts[1]
