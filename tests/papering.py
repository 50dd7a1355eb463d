"""The adapter of `tests/adapters`, found beside the product's own, and an account that answers what a test says."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import responses

from broadcaster.models import Channel
from providers import adapters, registry
from tests import adapters as ours

URL = "https://paper.example"
ACCOUNT = {"config": {"base_url": URL}, "secrets": {"key": "key-that-nobody-reads"}}


@contextmanager
def paper() -> Iterator[None]:
    """While this is open, there is a provider of the kind `paper`."""
    adapters.__path__ += ours.__path__
    _forget()
    try:
        yield
    finally:
        adapters.__path__.remove(*ours.__path__)
        _forget()


def _forget() -> None:
    registry.kinds.cache_clear()
    registry.client_class.cache_clear()


def paper_channel(name: str = "Post", **fields: Any) -> Channel:
    """A channel of that provider, ready to send."""
    return Channel.objects.create(**{"name": name, "kind": "paper", **ACCOUNT, **fields})


def template(name: str = "welcome", language: str = "id", approval: str = "approved", **said: Any) -> dict[str, Any]:
    """A template as the provider lists it."""
    return {"name": name, "language": language, "approval": approval, **said}


def listing(*templates: dict[str, Any], status: int = 200) -> None:
    """Let the account hold these templates from now on."""
    responses.upsert(responses.GET, f"{URL}/templates", json=list(templates), status=status)
