"""What a provider posts is stored raw before anybody believes it; a signature that does not fit is refused."""

import contextlib
from collections.abc import Mapping

import providers
from broadcaster import gateway
from broadcaster.models import Channel, Receipt

BODY_LIMIT_BYTES = 1_000_000
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


def store(
    channel: Channel, *, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
) -> Receipt:
    """Keep one call. Raises providers.InvalidSignature where it lacks what the channel asks of its provider."""
    with contextlib.suppress(providers.ConfigurationError):  # kept until a person has mended the channel
        client = gateway.connect(channel)
        client.authenticate(headers, body)
        body = client.kept(body)
    return Receipt.objects.create(
        channel=channel,
        method=method,
        headers=_storable(without_secrets(headers, channel)),
        query=_storable(query),
        body=body,
    )


def without_secrets(headers: Mapping[str, str], channel: Channel) -> dict[str, str]:
    """The headers, with their names in small letters, but none by which the provider showed that it is itself.

    That is one that holds a secret of the channel, be it among other words, or has the name that a setting gives it:
    with the channel's keys lost, nobody knows its secrets.
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
