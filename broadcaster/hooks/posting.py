"""Posts what waits in the outbox, one delivery after another, each under a lease: at least once, in order if it can be.

    waiting --lease--> posted --> delivered | waiting (again later) | given up

A worker that dies leaves a lease that runs out; then the delivery is posted again under the same id, by which receivers
tell that they have it. What is told of one subject waits for what was told of it before, until that has arrived or was
given up. All times are compared by the database's clock.
"""

import json
import secrets
import time
from datetime import UTC, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from broadcaster.hooks import door, signing
from broadcaster.hooks.door import Answer
from broadcaster.models import Webhook, WebhookDelivery
from broadcaster.models.secrets import Unreadable

LEASE = timedelta(seconds=60)  # longer than a call and the writing of its result
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 1440))  # after each failed attempt
LONGEST = BACK_OFF[-1]
PUT_OFF = timedelta(minutes=1)  # a receiver that has just failed gets nothing else for so long
PATIENCE = timedelta(days=3)
GONE = 410
CANDIDATES = 5  # another worker may win the race for one
SHOWN_CHARACTERS = 2_000
ASKED_TO_STOP = "It answered 410, which says that nobody listens there any more."
FAILED_LONG = "Nothing has arrived there for three days; the last reason: {}"
UNREADABLE = "Its secret cannot be read with the present CHANNEL_KEYS. Put back the key, or make the webhook anew."

State = WebhookDelivery.State


def post_due(*, life_s: float) -> None:
    """Post what is due, for about so long."""
    end = time.monotonic() + life_s
    while time.monotonic() < end and (delivery := claim()):
        record(delivery, attempt(delivery))


def is_due() -> bool:
    """Whether something waits to be posted now."""
    return _due().exists()


def claim() -> WebhookDelivery | None:
    """Lease the next delivery, and count the attempt; None where nothing is due."""
    for pk in _due().order_by("next_at", "pk").values_list("pk", flat=True)[:CANDIDATES]:
        if delivery := lease(pk):
            return delivery
    return None


def lease(pk: int) -> WebhookDelivery | None:
    """Take a delivery whose time has come, and count the attempt; None where another worker was quicker."""
    mine = {"lease": secrets.token_hex(8), "lease_until": Now() + LEASE, "attempts": F("attempts") + 1}
    if _free().filter(pk=pk, next_at__lte=Now()).update(**mine) != 1:
        return None
    return WebhookDelivery.objects.select_related("webhook").filter(pk=pk, lease=mine["lease"]).first()


def attempt(delivery: WebhookDelivery) -> Answer:
    """Post a leased delivery; no transaction is open meanwhile."""
    webhook = delivery.webhook
    if isinstance(webhook.secrets, Unreadable):
        return Answer(None, UNREADABLE)
    body = json.dumps(payload(delivery)).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Broadcaster",
        "X-Broadcaster-Event": delivery.event,
        "X-Broadcaster-Delivery": str(delivery.uuid),
        "X-Broadcaster-Signature": signing.signature(webhook.secrets["secret"], body, at=int(time.time())),
    }
    return door.post(webhook.url, body, headers)


def payload(delivery: WebhookDelivery) -> dict[str, object]:
    """What is posted; the same with every attempt."""
    created_on = delivery.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {"id": str(delivery.uuid), "event": delivery.event, "created_on": created_on, "data": delivery.data}


def record(delivery: WebhookDelivery, answer: Answer) -> bool:
    """Write down what became of a leased delivery; False where the lease ran out, so that another attempt counts."""
    told = {
        "lease": "",
        "lease_until": None,
        "tried_at": Now(),
        "http_status": answer.status,
        "error": answer.error[:500],
        "answer": readable(answer.body),
    }
    with transaction.atomic():
        mine = WebhookDelivery.objects.filter(pk=delivery.pk, lease=delivery.lease, state=State.WAITING)
        if mine.update(**told, **_fate(delivery, answer)) != 1:
            return False
        if delivery.event != WebhookDelivery.PING:
            _note(delivery.webhook, answer)
    return True


def readable(body: bytes) -> str:
    """The beginning of an answer as text that a database keeps and a page shows."""
    text = body[: 4 * SHOWN_CHARACTERS].decode(errors="replace")[:SHOWN_CHARACTERS]
    return "".join(character if character.isprintable() or character == "\n" else "\ufffd" for character in text)


def _fate(delivery: WebhookDelivery, answer: Answer) -> dict[str, object]:
    """What the row becomes; the one place that decides about another attempt."""
    if not answer.error:
        return {"state": State.DELIVERED, "ended_at": Now()}
    if delivery.event == WebhookDelivery.PING or answer.status == GONE or delivery.attempts > len(BACK_OFF):
        return {"state": State.GIVEN_UP, "ended_at": Now()}
    wanted = timedelta(seconds=min(answer.retry_after_s or 0, LONGEST.total_seconds()))
    return {"next_at": Now() + max(BACK_OFF[delivery.attempts - 1], wanted)}


def _note(webhook: Webhook, answer: Answer) -> None:
    """Write down at the webhook whether things arrive, and disable one where nothing has for long."""
    row = Webhook.objects.filter(pk=webhook.pk)
    if not answer.error:
        row.update(delivered_at=Now(), failing_since=None)
        return
    row.filter(failing_since=None).update(failing_since=Now())
    waiting = WebhookDelivery.objects.filter(webhook=webhook, state=State.WAITING, next_at__lt=Now() + PUT_OFF)
    waiting.update(next_at=Now() + PUT_OFF)
    if answer.status == GONE:
        row.filter(enabled=True).update(enabled=False, disabled_reason=ASKED_TO_STOP)
    overdue = row.filter(enabled=True, failing_since__lte=Now() - PATIENCE)
    overdue.update(enabled=False, disabled_reason=FAILED_LONG.format(answer.error)[:500])


def _free() -> QuerySet[WebhookDelivery]:
    """What waits and is not being posted."""
    unleased = Q(lease_until=None) | Q(lease_until__lt=Now())
    return WebhookDelivery.objects.filter(unleased, state=State.WAITING)


def _due() -> QuerySet[WebhookDelivery]:
    """What may be posted now; of one subject only what happened first."""
    earlier = WebhookDelivery.objects.filter(
        webhook=OuterRef("webhook"), subject=OuterRef("subject"), state=State.WAITING, pk__lt=OuterRef("pk")
    )
    return _free().filter(~Exists(earlier), next_at__lte=Now(), webhook__enabled=True)
