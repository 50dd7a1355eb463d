"""Seats: so many and no more, for each kind, and given back by a death."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from django.conf import settings

from broadcaster import seats
from broadcaster.seats import Kind

workers: list[multiprocessing.process.BaseProcess] = []


@pytest.fixture(autouse=True)
def own_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)


def hold(kind: Kind, of: int, parent: int, pipe: Connection) -> None:
    """What a worker of the cluster does: say whether it has a seat, and keep it until it is told to end."""
    os.getppid = lambda: parent
    with seats.taken(kind, of=of) as is_seated:
        pipe.send(is_seated)
        pipe.recv()


@pytest.fixture
def seated() -> Iterator[Callable[..., bool]]:
    """Start a worker of this cluster that tries to take a seat; whether it has got one."""
    workers.clear()
    with ExitStack() as stack:

        def start(*, kind: Kind = Kind.PUMP, of: int = 2, parent: int = 1000) -> bool:
            ours, theirs = multiprocessing.Pipe()
            process = multiprocessing.get_context("fork").Process(target=hold, args=(kind, of, parent, theirs))
            process.start()
            workers.append(process)
            stack.callback(process.join)
            stack.callback(process.kill)
            is_seated: bool = ours.recv()
            return is_seated

        yield start


def test_there_are_so_many_and_no_more(seated: Callable[..., bool]) -> None:
    assert [seated() for _ in range(3)] == [True, True, False]


def test_each_kind_has_its_own(seated: Callable[..., bool]) -> None:
    assert [seated(of=1), seated(of=1), seated(kind=Kind.RECEIPTS, of=1)] == [True, False, True]


def test_each_cluster_has_its_own(seated: Callable[..., bool]) -> None:
    assert [seated(of=1), seated(of=1, parent=2000)] == [True, True]


def test_a_death_gives_it_back(seated: Callable[..., bool]) -> None:
    assert [seated(of=1), seated(of=1)] == [True, False]
    os.kill(workers[0].pid or 0, signal.SIGKILL)
    workers[0].join()
    assert seated(of=1)
