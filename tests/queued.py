"""The tasks that wait for a worker, whichever broker keeps them."""

from collections import Counter
from typing import Any

from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from broadcaster.settings import REDIS_URL


def queued() -> list[tuple[str, tuple[Any, ...]]]:
    """(name, arguments) of each, the oldest first."""
    return [(task["func"].rpartition(".")[2], task["args"]) for task in packages()]


def packages() -> list[dict[str, Any]]:
    """The tasks as the queue hands them out, the oldest first."""
    return [SignedPackage.loads(payload) for payload in _payloads()]


def names() -> Counter[str]:
    """How many of each wait."""
    return Counter(name for name, _ in queued())


def clear() -> None:
    """Let nothing wait."""
    get_broker().purge_queue()


def _payloads() -> list[bytes | str]:
    if not REDIS_URL:
        return [row.payload for row in OrmQ.objects.order_by("pk")]
    broker = get_broker()
    return list(broker.connection.lrange(broker.list_key, 0, -1))
