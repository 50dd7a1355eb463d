"""What every test may ask for: a simulator, the whole site, and small rows to begin with."""

from collections.abc import Iterator

import pytest

from tests.running import Site
from tests.simulating import Simulator


@pytest.fixture(scope="session")
def shared_simulator() -> Iterator[Simulator]:
    with Simulator.start(receipt_delay_ms=100) as simulator:
        yield simulator


@pytest.fixture
def simulator(shared_simulator: Simulator) -> Simulator:
    shared_simulator.reset()
    return shared_simulator


@pytest.fixture
def site(transactional_db: None, simulator: Simulator) -> Iterator[Site]:
    with Site(simulator) as running:
        yield running
