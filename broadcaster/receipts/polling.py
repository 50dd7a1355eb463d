"""Asks providers that post no receipts what became of our messages, many at once."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

import providers
from broadcaster import gateway
from broadcaster.models import Channel, Message
from broadcaster.receipts import apply

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=3)
IDS_A_POLL = 500


def channels() -> list[Channel]:
    """The channels whose receipts are polled and that wait for some."""
    enabled = Channel.objects.filter(enabled=True)
    return [channel for channel in enabled if _is_polled(channel) and references(channel)]


def poll(channel_id: int) -> int:
    """Ask once; how many events came back."""
    channel = Channel.objects.get(pk=channel_id)
    ids = references(channel)
    if not ids:
        return 0
    try:
        events, cursor = gateway.connect(channel).poll(ids, channel.poll_cursor)
    except (providers.ProviderError, providers.ConfigurationError) as error:
        log.warning("channel %s could not be asked for receipts: %s", channel, error)
        return 0
    with transaction.atomic():
        apply.apply_events(channel, events)
        Channel.objects.filter(pk=channel.pk).update(poll_cursor=cursor)
    return len(events)


def references(channel: Channel) -> list[str]:
    """The provider's ids of messages that are on their way, the oldest first."""
    on_their_way = Message.objects.filter(
        broadcast__channel=channel,
        state__in=[Message.State.ACCEPTED, Message.State.SENT],
        accepted_at__gte=timezone.now() - LOOK_BACK,
    ).exclude(provider_id="")
    ids = on_their_way.order_by("accepted_at").values_list("provider_id", flat=True)
    return list(dict.fromkeys(ids[: IDS_A_POLL * 100]))[:IDS_A_POLL]


def _is_polled(channel: Channel) -> bool:
    return channel.kind in providers.kinds() and channel.client_class.capabilities.receipts == "poll"
