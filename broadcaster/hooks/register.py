"""What people and programs do with webhooks: make, change, try out, and have something sent again."""

import ipaddress
from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from broadcaster import queue
from broadcaster.errors import Explained
from broadcaster.hooks import outbox, posting, reach, signing
from broadcaster.models import Event, Webhook, WebhookDelivery

SCHEMES = ("http", "https")
MOST = 100  # each is asked about with each move of a broadcast
FULL = "There are {} webhooks, which is the limit. Delete one that nobody needs."
NO_ADDRESS = "This is no web address. Write all of it, such as https://example.com/events."
NO_PASSWORDS = "Leave user and password out of the address: the signature shows the receiver who calls."
NO_EVENT = "Choose at least one event."
IS_DISABLED = "This webhook is disabled. Enable it first."
ON_ITS_WAY = "It is on its way already."

State = WebhookDelivery.State


class Refused(Explained):
    """It was not done."""


def create(*, url: str, events: Sequence[Event], description: str = "", author: User | None = None) -> Webhook:
    """A new webhook; its `secrets` hold the secret, to be shown once. Raises Refused."""
    if Webhook.objects.count() >= MOST:
        raise Refused(FULL.format(MOST))
    secrets: Any = {"secret": signing.new_secret()}
    return Webhook.objects.create(url=url, events=list(events), description=description, author=author, secrets=secrets)


def change(webhook: Webhook, **fields: Any) -> None:
    """Set some of url, events, description and enabled; one that is enabled again goes on with what waits."""
    if fields.get("enabled") and not webhook.enabled:
        fields |= {"disabled_reason": "", "failing_since": None}
        webhook.deliveries.filter(state=State.WAITING).update(next_at=Now())
        _wake()
    Webhook.objects.filter(pk=webhook.pk).update(**fields)
    webhook.refresh_from_db()


def ping(webhook: Webhook) -> WebhookDelivery:
    """Post a test now, once; what came back. Call it outside of any transaction."""
    name = WebhookDelivery.PING
    with transaction.atomic():  # or a worker could take it before us
        made = WebhookDelivery.objects.create(webhook=webhook, event=name, subject=name, next_at=Now())
        delivery = posting.lease(made.pk)
    if delivery:
        posting.record(delivery, posting.attempt(delivery))
    made.refresh_from_db()
    return made


def send_again(delivery: WebhookDelivery) -> None:
    """Let a delivery that has ended be posted anew, under its old id. Raises Refused."""
    if not delivery.webhook.enabled:
        raise Refused(IS_DISABLED)
    ended = WebhookDelivery.objects.filter(pk=delivery.pk).exclude(state=State.WAITING)
    if ended.update(state=State.WAITING, attempts=0, next_at=Now(), ended_at=None) != 1:
        raise Refused(ON_ITS_WAY)
    _wake()


def address_problem(url: str) -> str:
    """What is wrong with a webhook's address, as far as it shows without asking anybody; empty where nothing is."""
    parts = _parts(url)
    if parts is None:
        return NO_ADDRESS
    if parts.username is not None or parts.password is not None:
        return NO_PASSWORDS
    return "" if _may_be_reached(parts.hostname or "") else reach.REFUSED


def _parts(url: str) -> SplitResult | None:
    """The parts of an address of the web; None for anything else."""
    try:
        parts = urlsplit(url)
        has_place = bool(parts.hostname) and parts.port != 0
        requests.Request("POST", url).prepare()
    except ValueError:  # requests' errors of an address are ValueErrors too
        return None
    is_written_so = url.isprintable() and " " not in url
    return parts if parts.scheme in SCHEMES and has_place and is_written_so else None


def _may_be_reached(host: str) -> bool:
    """Whether the host is a name, which is looked up with each post, or an address that we connect to."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return reach.is_allowed(host)


def _wake() -> None:
    transaction.on_commit(partial(queue.enqueue, outbox.TASK), robust=True)
