"""What a provider posts is stored raw before anybody believes it; a signature that does not fit is refused.

Where the channel's settings cannot be used, nobody can tell who posts. Such a call is not taken if anything would have
been asked of it, so that the provider tries again; any other is kept until a person has mended the channel.
"""

from collections.abc import Mapping

import providers
from broadcaster import gateway
from broadcaster.models import Channel, Receipt
from broadcaster.models.secrets import Unreadable

BODY_LIMIT_BYTES = 1_000_000
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
# What says how to read a body; of any other header nobody knows whether it holds a secret that cannot be read.
HARMLESS_HEADERS = frozenset({"content-encoding", "content-length", "content-type", "date", "host", "user-agent"})


class CannotVerify(Exception):  # noqa: N818
    """The channel asks its provider for a proof, and its settings cannot be used to look at it."""


def store(
    channel: Channel, *, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
) -> Receipt:
    """Keep one call.

    Raises providers.InvalidSignature where it lacks what the channel asks of its provider, and CannotVerify where
    nobody can tell before the channel is mended.
    """
    try:
        client = gateway.connect(channel)
    except providers.ConfigurationError as error:
        if _asks_for_proof(channel):
            raise CannotVerify from error
        kept = {name: value for name, value in headers.items() if name.lower() in HARMLESS_HEADERS}
    else:
        client.authenticate(headers, body)
        kept, body = dict(headers), client.kept(body)
    return Receipt.objects.create(
        channel=channel,
        method=method,
        headers=_storable(without_secrets(kept, channel)),
        query=_storable(query),
        body=body,
    )


def _asks_for_proof(channel: Channel) -> bool:
    """Whether a call to this channel must show who posts it, or may have to: an adapter that is gone could tell."""
    if channel.kind not in providers.kinds():
        return True
    secrets = None if isinstance(channel.secrets, Unreadable) else channel.secrets
    return channel.client_class.asks_for_proof(channel.config, secrets)


def without_secrets(headers: Mapping[str, str], channel: Channel) -> dict[str, str]:
    """The headers, with their names in small letters, but none by which the provider showed that it is itself.

    That is one that holds a secret of the channel, be it among other words, or has the name that a setting gives it.
    """
    secrets = [str(secret) for secret in channel.secrets.values() if secret]
    names = SECRET_HEADERS | {str(setting).lower() for setting in channel.config.values()}
    lowered = {name.lower(): value for name, value in headers.items()}
    return {
        name: value
        for name, value in lowered.items()
        if name not in names and not any(secret in value for secret in secrets)
    }


def _storable(texts: Mapping[str, str]) -> dict[str, str]:
    """PostgreSQL's JSON holds every character but NUL."""
    return {name.replace("\0", ""): value.replace("\0", "") for name, value in texts.items()}
