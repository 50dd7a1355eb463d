"""What every test may ask for: a simulator, the whole site, and small rows to begin with."""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect, sync_playwright

from broadcaster.settings import REDIS_URL
from tests.running import Site
from tests.simulating import Simulator

# Playwright's loop runs in the tests' thread, where the tests ask the database too.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# A busy machine is no failure of what a property test looks at.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
expect.set_options(timeout=20_000)  # milliseconds; likewise

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes minutes begin first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: not item.get_closest_marker("slow"))


@pytest.fixture(autouse=True)
def nothing_left_over() -> None:
    """What another test has put into Redis; the database takes care of itself."""
    if REDIS_URL:
        cache.clear()


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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = next(path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()
