"""One simulator for all tests of this folder, emptied before each."""

from collections.abc import Iterator

import pytest

from tests.simulating import Simulator

RECEIPT_DELAY_MS = 200


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    with Simulator.start() as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Simulator:
    running_simulator.reset()
    running_simulator.configure(latency_ms=0, receipt_delay_ms=RECEIPT_DELAY_MS)
    return running_simulator
