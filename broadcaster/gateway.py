"""Channel row -> provider client: the only module that joins the two packages."""

import hashlib
import json
import re
from datetime import datetime

from django.conf import settings
from django.urls import reverse

import providers
from broadcaster.models import Broadcast, Channel
from broadcaster.models.secrets import Unreadable

UNREADABLE = (
    "The secrets of this channel cannot be read with the present CHANNEL_KEYS. "
    "Put back the key, or enter the secrets again."
)
_clients: dict[int, tuple[str, providers.Client]] = {}  # a client holds a connection pool, so it is kept

REFERENCE = re.compile(r"([0-9a-f]{16})-([0-9]{1,18})\Z")  # more digits are no key of ours


def connect(channel: Channel) -> providers.Client:
    """The channel's client, kept for as long as its settings stay the same. Raises providers.ConfigurationError."""
    if isinstance(channel.secrets, Unreadable):
        raise providers.ConfigurationError(UNREADABLE)
    account = json.dumps(
        [channel.kind, channel.config, channel.secrets, channel.concurrency, channel.rate_per_second], sort_keys=True
    )
    fingerprint = hashlib.sha256(account.encode()).hexdigest()
    known = _clients.get(channel.pk)
    if known and known[0] == fingerprint:
        return known[1]
    client = _made(channel, pool_size=channel.concurrency)
    if channel.pk:
        _clients[channel.pk] = (fingerprint, client)
    return client


def connect_for(channel: Channel, *, within_s: float) -> providers.Client:
    """A client for a few questions, whose answers altogether take no more than about so many seconds.

    Raises providers.ConfigurationError.
    """
    client = _made(channel, pool_size=1)
    client.door.hurry(within_s)
    return client


def is_same_account(asked: Channel) -> bool:
    """Whether the channel still has the account that this copy of it asked; its row is locked then.

    To be called inside the transaction that writes what the answer said.
    """
    now = Channel.objects.select_for_update(no_key=True).filter(pk=asked.pk).first()
    return now is not None and (now.kind, now.config, now.secrets) == (asked.kind, asked.config, asked.secrets)


def _made(channel: Channel, *, pool_size: int) -> providers.Client:
    if isinstance(channel.secrets, Unreadable):
        raise providers.ConfigurationError(UNREADABLE)
    return providers.connect(
        channel.kind,
        config=channel.config,
        secrets=channel.secrets,
        pool_size=pool_size,
        rate_per_second=channel.rate_per_second,
    )


def recipients_a_request(channel: Channel) -> int:
    """How many recipients share a request where their contents are equal; 1 where the channel cannot be used."""
    try:
        return connect(channel).batch_limit()
    except providers.ConfigurationError:
        return 1


def receipts_url(channel: Channel) -> str:
    """Where the provider posts this channel's receipts; the token in it is the channel's secret."""
    return f"{settings.PUBLIC_URL}{reverse('receipts', args=[channel.receipts_token])}"


def reference(broadcast: Broadcast, message_id: int) -> str:
    """Our name for a message at the provider: at most 36 bytes of ASCII, unique over all installations."""
    return f"{broadcast.reference_prefix}-{message_id}"


def split_reference(text: str) -> tuple[str, int] | None:
    """(broadcast prefix, message id) of one of our references, or None for anything else."""
    match = REFERENCE.match(text)
    return (match[1], int(match[2])) if match else None


def recipient(address: str, *, name: str, language: str) -> providers.Recipient:
    """Whom a message goes to: an address that begins with a plus is a phone, any other an identifier."""
    is_phone = address.startswith("+")
    return providers.Recipient(
        phone=address if is_phone else "", identifier="" if is_phone else address, name=name, language=language
    )


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
