"""Services that die, are started again, and do not stay up."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from broadcaster.bootstrap import supervisor as module
from broadcaster.bootstrap.console import LaunchError
from broadcaster.bootstrap.processes import Processes
from broadcaster.bootstrap.supervisor import Service, Supervisor
from tests.bootstrap.waiting import alive, eventually

FAILS = "import sys; print('line one', flush=True); sys.exit('the reason')"
LIVES = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
GREETS = "import os; print(os.environ['GREETING'], flush=True)"


@pytest.fixture
def service(tmp_path: Path) -> Callable[[str], Service]:
    return lambda code: Service(
        "workers", [sys.executable, "-c", code], tmp_path / "workers.log", {"GREETING": "hello"}
    )


def tend_until(supervisor: Supervisor, condition: Callable[[], object]) -> bool:
    def look() -> object:
        supervisor.tend()
        return condition()

    return eventually(look)


def newest(log: Path) -> int:
    """The process that wrote its id last."""
    return int(["0", *log.read_text().split()][-1])


def test_a_service_that_lives_is_left_alone(
    processes: Processes, service: Callable[[str], Service], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = Supervisor(processes, [service(LIVES)])
    supervisor.start()

    assert tend_until(supervisor, lambda: alive(newest(tmp_path / "workers.log")))
    assert capsys.readouterr().out == ""


def test_a_service_runs_with_its_settings(
    processes: Processes, service: Callable[[str], Service], tmp_path: Path
) -> None:
    Supervisor(processes, [service(GREETS)]).start()

    assert eventually(lambda: (tmp_path / "workers.log").read_text() == "hello\n")


def test_a_start_begins_a_new_log(processes: Processes, service: Callable[[str], Service], tmp_path: Path) -> None:
    (tmp_path / "workers.log").write_text("of yesterday")
    Supervisor(processes, [service(LIVES)]).start()

    assert "yesterday" not in (tmp_path / "workers.log").read_text()


def test_a_death_is_told_with_its_cause_and_the_end_of_the_log(
    processes: Processes, service: Callable[[str], Service], capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = Supervisor(processes, [service(FAILS)], pauses_s=[60])
    supervisor.start()
    said: list[str] = []

    assert tend_until(supervisor, lambda: said.append(capsys.readouterr().out) or said[-1])  # type: ignore[func-returns-value]
    assert said[-1].startswith("The workers ended unexpectedly (exit status 1); a new start follows in 60 s.")
    assert said[-1].endswith("    line one\n    the reason\n")


def test_a_killed_service_is_started_again(
    processes: Processes, service: Callable[[str], Service], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = Supervisor(processes, [service(LIVES)], pauses_s=[0])
    supervisor.start()
    assert eventually(lambda: newest(tmp_path / "workers.log"))
    first = newest(tmp_path / "workers.log")
    os.kill(first, signal.SIGKILL)

    assert tend_until(supervisor, lambda: newest(tmp_path / "workers.log") != first)
    assert "(signal 9)" in capsys.readouterr().out


def test_nothing_is_started_during_a_pause(
    processes: Processes, service: Callable[[str], Service], capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = Supervisor(processes, [service(FAILS)], pauses_s=[600, 600])
    supervisor.start()

    assert tend_until(supervisor, lambda: "new start" in capsys.readouterr().out)
    supervisor.tend()
    assert not processes._groups


def test_a_service_that_does_not_stay_up_stops_everything(
    processes: Processes, service: Callable[[str], Service]
) -> None:
    supervisor = Supervisor(processes, [service(FAILS)], pauses_s=[0, 0])
    supervisor.start()

    with pytest.raises(LaunchError, match=r"3 times in a row, so everything stops.*\n    line one\n    the reason"):
        tend_until(supervisor, lambda: False)


def test_a_service_that_was_up_for_long_begins_with_the_shortest_pause_again(
    processes: Processes, service: Callable[[str], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CALM_S", -1.0)  # every life counts as long
    supervisor = Supervisor(processes, [service(FAILS)], pauses_s=[0])
    supervisor.start()
    deadline = time.monotonic() + 0.5

    assert tend_until(supervisor, lambda: time.monotonic() > deadline)
