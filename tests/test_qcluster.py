"""The cluster of workers: it ends as a whole where one process is killed, and waits for its broker."""

import os
import signal
from types import SimpleNamespace

import pytest
from redis.exceptions import ConnectionError as RedisAway

from broadcaster.management.commands import qcluster
from tests.faults.killing import processes_of
from tests.running import Site, wait_for


def children(site: Site) -> list[int]:
    """The processes of the cluster but its leader, in the order of their start: sentinel, workers, monitor, pusher."""
    return sorted(pid for pid, _ in processes_of(site) if pid != site.workers.pid)


@pytest.mark.parametrize("place", ["sentinel", "worker", "monitor", "pusher"])
def test_a_cluster_ends_where_one_of_its_processes_is_killed(place: str, site: Site) -> None:
    wait_for(lambda: len(children(site)) == 6)
    position = {"sentinel": 0, "worker": 2, "monitor": -2, "pusher": -1}[place]
    os.kill(children(site)[position], signal.SIGKILL)
    wait_for(lambda: site.workers.poll() is not None)
    assert site.tend_workers()
    wait_for(lambda: len(children(site)) == 6)


def test_a_cluster_that_is_told_to_end_ends_in_good_order(site: Site) -> None:
    wait_for(lambda: len(children(site)) == 6)
    site.workers.terminate()
    wait_for(lambda: site.workers.poll() is not None)
    assert site.workers.returncode == 0
    assert children(site) == []


def test_a_cluster_waits_for_its_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [RedisAway("refused"), RedisAway("refused"), None]

    def ping() -> None:
        answer = answers.pop(0)
        if answer:
            raise answer

    monkeypatch.setattr(qcluster, "get_broker", lambda: SimpleNamespace(ping=ping))
    monkeypatch.setattr(qcluster, "LOOK_AGAIN_S", 0)
    qcluster.wait_for_broker()
    assert answers == []
