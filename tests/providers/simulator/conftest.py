"""One simulator for all tests of this folder, emptied before each."""

from collections.abc import Iterator

import pytest

from tests.simulating import Simulator


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    with Simulator.start(receipt_delay_ms=200) as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Simulator:
    running_simulator.reset()
    return running_simulator
