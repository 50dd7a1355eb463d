"""A receiver on this machine, which an installation must allow."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.hooks.receiving import Receiver
from tests.providers.conftest import certificate, server_tls

__all__ = ["certificate", "server_tls"]


@pytest.fixture(autouse=True)
def private_addresses(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_ADDRESSES = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running
