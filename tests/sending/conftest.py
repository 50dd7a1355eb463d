"""What several of the engine's test modules ask for."""

from collections.abc import Iterator

import pytest

from tests.simulating import Simulator


@pytest.fixture
def silent() -> Iterator[Simulator]:
    """A provider that takes every message and answers after half a minute."""
    with Simulator.start(latency_ms=30_000) as simulator:
        yield simulator
