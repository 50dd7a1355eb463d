"""What a provider posts is stored raw before anybody believes it; a signature that does not fit is refused."""

import contextlib
from collections.abc import Collection, Mapping

import providers
from broadcaster import gateway
from broadcaster.models import Channel, Receipt

BODY_LIMIT_BYTES = 1_000_000
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


def store(
    channel: Channel, *, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
) -> Receipt:
    """Keep one call. Raises providers.InvalidSignature where it lacks what the channel asks of its provider."""
    secrets: Collection[str] = ()
    with contextlib.suppress(providers.ConfigurationError):  # kept until a person has mended the channel
        client = gateway.connect(channel)
        client.authenticate(headers, body)
        secrets = client.secrets.values()
    kept = {name.lower(): value for name, value in headers.items() if not _is_secret(name, value, secrets)}
    return Receipt.objects.create(
        channel=channel, method=method, headers=_storable(kept), query=_storable(query), body=body
    )


def _is_secret(name: str, value: str, secrets: Collection[str]) -> bool:
    return name.lower() in SECRET_HEADERS or value in secrets


def _storable(texts: Mapping[str, str]) -> dict[str, str]:
    """PostgreSQL's JSON holds every character but NUL."""
    return {name.replace("\0", ""): value.replace("\0", "") for name, value in texts.items()}
