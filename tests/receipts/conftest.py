"""A channel whose provider posts receipts, one whose provider is asked, and messages that are on their way."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.utils import timezone

from broadcaster.models import Batch, Broadcast, Channel, Message
from broadcaster.sending import ledger
from tests.content.conftest import make_channel

PHONES = ("+628121111111", "+628122222222", "+628123333333")


@pytest.fixture
def channel(db: None) -> Channel:
    return make_channel("kaleyra", "Webhook")


@pytest.fixture
def polled(db: None) -> Channel:
    return make_channel("rapidpro", "Polled")


@pytest.fixture(autouse=True)
def clear_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def on_their_way(channel: Channel, *addresses: str, state: str = "accepted", provider_id: str = "") -> list[Message]:
    """A broadcast that has gone out to these addresses; its messages."""
    now = timezone.now()
    broadcast = Broadcast.objects.create(name="June", channel=channel, state="sending", send_at=now)
    batch = Batch.objects.create(broadcast=broadcast, number=1, size=len(addresses), not_before=now, state="done")
    rows = [
        Message(
            broadcast=broadcast, batch=batch, seq=seq, address=address, state=state,
            provider_id=provider_id, accepted_at=now, changed_at=now,
        )
        for seq, address in enumerate(addresses, start=1)
    ]  # fmt: skip
    Message.objects.bulk_create(rows)
    ledger.counts_of([batch.pk])
    return rows


def states(*messages: Message) -> list[str]:
    """The states that they are in now, in the same order."""
    rows = dict(Message.objects.filter(pk__in=[message.pk for message in messages]).values_list("pk", "state"))
    return [rows[message.pk] for message in messages]
