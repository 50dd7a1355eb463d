"""Channel row -> provider client: the only module that joins the two packages."""

import hashlib
import json
import re
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.urls import reverse

import providers
from broadcaster.models import Broadcast, Channel

REFERENCE = re.compile(r"([0-9a-f]{16})-([0-9]{1,19})\Z")


def connect(channel: Channel) -> providers.Client:
    """The channel's client, kept for as long as its settings stay the same. Raises providers.ConfigurationError."""
    settings_json = json.dumps([channel.kind, channel.config, channel.secrets, channel.concurrency], sort_keys=True)
    return _client(channel.pk or 0, hashlib.sha256(settings_json.encode()).hexdigest(), _Unhashed(channel))


def receipts_url(channel: Channel) -> str:
    """Where the provider posts this channel's receipts; the token in it is the channel's secret."""
    return settings.PUBLIC_URL + reverse("receipts", args=[channel.receipts_token])


def reference(broadcast: Broadcast, message_id: int) -> str:
    """Our name for a message at the provider: at most 36 bytes of ASCII, unique over all installations."""
    return f"{broadcast.uuid.hex[:16]}-{message_id}"


def split_reference(text: str) -> tuple[str, int] | None:
    """(broadcast prefix, message id) of one of our references, or None for anything else."""
    match = REFERENCE.match(text)
    return (match[1], int(match[2])) if match else None


def outbound(
    broadcast: Broadcast,
    *,
    message_id: int,
    recipient: providers.Recipient,
    content: providers.Content,
    notify_url: str,
    expires_at: datetime | None = None,
) -> providers.OutboundMessage:
    """The message as the provider's client takes it."""
    return providers.OutboundMessage(
        reference=reference(broadcast, message_id),
        recipient=recipient,
        content=content,
        expires_at=expires_at,
        priority=broadcast.priority,
        notify_url=notify_url,
        campaign=broadcast.name,
    )


class _Unhashed:
    """Carries the channel past the cache's key: secrets are compared as a digest and never kept as a key."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unhashed)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=64)
def _client(channel_id: int, settings_digest: str, unhashed: _Unhashed) -> providers.Client:
    channel = unhashed.channel
    return providers.connect(
        channel.kind, config=channel.config, secrets=channel.secrets, pool_size=channel.concurrency
    )
