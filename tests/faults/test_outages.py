"""A server that the product leans on goes away and comes back, and hosts' clocks differ: the work goes on by itself."""

import os
import subprocess
import sys

import pytest

from tests.faults.servers import no_postgres
from tests.running import ROOT

MESSAGES = 4_000
PATIENCE_S = 60  # without a message: an outage, and what waits for the schedule
LIMIT_S = 240


def soak(outage: str) -> None:
    """The broadcast with this outage in its middle, in a process with settings of its own; it must keep the promise."""
    options = [f"--messages={MESSAGES}", "--kills=0", f"--outage={outage}", f"--patience-s={PATIENCE_S}"]
    command = [sys.executable, "-m", "tests.faults.soak", *options]
    ended = subprocess.run(
        command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr[-5_000:]}"


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.redis
def test_redis_is_gone_for_a_while_and_comes_back_empty() -> None:
    soak("redis")


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.skipif(bool(no_postgres()), reason=no_postgres() or "never")
def test_postgresql_is_restarted_in_the_middle() -> None:
    soak("postgres")


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.redis
def test_two_hosts_whose_clocks_differ() -> None:
    soak("clock")
