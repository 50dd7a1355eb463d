"""Asks providers that post no receipts what became of our messages, many at once."""

import logging
import random
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

import providers
from broadcaster import gateway
from broadcaster.models import Channel, Message
from broadcaster.receipts import apply
from providers import ReceiptEvent

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=3)
IDS_A_POLL = 100_000  # a provider that lists messages is read for all of them at once
LIFE_S = 10.0  # of a turn, where each id is asked for by itself


def channels() -> list[Channel]:
    """The channels whose receipts are polled and that wait for some."""
    enabled = Channel.objects.filter(enabled=True)
    return [channel for channel in enabled if _is_polled(channel) and _on_their_way(channel).exists()]


def poll(channel_id: int, *, life_s: float = LIFE_S) -> int:
    """Ask for a while; how many events came back. What was heard before an error is applied."""
    channel = Channel.objects.get(pk=channel_id)
    heard, end = 0, time.monotonic() + life_s
    try:
        for events, cursor in _ask(channel, references(channel)):
            with transaction.atomic():
                apply.apply_events(channel, events)
                Channel.objects.filter(pk=channel.pk).update(poll_cursor=cursor)
            heard += len(events)
            if time.monotonic() > end:
                break
    except (providers.ProviderError, providers.ConfigurationError) as error:
        log.warning("channel %s could not be asked for receipts: %s", channel, error)
    return heard


def references(channel: Channel) -> list[str]:
    """The provider's ids of messages that are on their way, in any order.

    Drawn by lot: some ids never get a final word, and must not keep the others from theirs where there are more than
    can be asked for in one turn.
    """
    ids = list(_on_their_way(channel).values_list("provider_id", flat=True).distinct())
    return random.sample(ids, min(len(ids), IDS_A_POLL))


def _on_their_way(channel: Channel) -> QuerySet[Message]:
    return (
        Message.objects.filter(
            broadcast__channel=channel,
            state__in=[Message.State.ACCEPTED, Message.State.SENT],
            accepted_at__gte=timezone.now() - LOOK_BACK,
        )
        .exclude(provider_id="")
        .order_by()
    )


def _ask(channel: Channel, ids: Sequence[str]) -> Iterator[tuple[list[ReceiptEvent], str]]:
    """(Events, cursor) of each answer."""
    oldest = _on_their_way(channel).aggregate(at=Min("accepted_at"))["at"]
    if ids and oldest:
        yield from gateway.connect(channel).poll(ids, since=oldest, cursor=channel.poll_cursor)


def _is_polled(channel: Channel) -> bool:
    return channel.kind in providers.kinds() and channel.client_class.capabilities.receipts == "poll"
