"""Writes down what webhooks are told of, inside the transaction in which it happens; a worker posts it afterwards."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from broadcaster import queue
from broadcaster.models import Event, Webhook, WebhookDelivery

TASK = "post_webhooks"


def put(event: Event, *, subject: str, facts: Callable[[], dict[str, Any]]) -> None:
    """Let every webhook that wants this event be told; `facts` are looked up only where there is one.

    To be called inside the transaction of what it tells of. `subject` names that of which it tells: what is told of one
    subject is told in the order in which it happened.
    """
    enabled = Webhook.objects.filter(enabled=True).only("events")
    wanting = [webhook for webhook in enabled if event in webhook.events]
    if not wanting:
        return
    data = facts()
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(webhook=webhook, event=event, subject=subject, data=data, next_at=Now()) for webhook in wanting
    )
    transaction.on_commit(partial(queue.enqueue, TASK), robust=True)  # the move has happened, whatever the queue says
