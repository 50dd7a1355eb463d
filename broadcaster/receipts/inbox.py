"""What a provider posts is stored raw before anybody believes it; a signature that does not fit is refused."""

from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from broadcaster import gateway
from broadcaster.models import Channel, Receipt

BODY_LIMIT_BYTES = 1_000_000
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


def store(
    channel: Channel, *, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
) -> Receipt:
    """Keep one call. Raises providers.InvalidSignature where the provider signs and this one is not signed by it."""
    gateway.connect(channel).parse_receipts(method, headers, query, body)
    kept = {name.lower(): value for name, value in headers.items() if name.lower() not in SECRET_HEADERS}
    return Receipt.objects.create(channel=channel, method=method, headers=kept, query=dict(query), body=body)


def discard_old() -> int:
    """Delete receipts past their time; how many."""
    before = timezone.now() - timedelta(days=settings.RECEIPT_DAYS)
    return Receipt.objects.filter(received_at__lt=before).delete()[0]
