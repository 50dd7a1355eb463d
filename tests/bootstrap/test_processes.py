"""No process outlives the launcher: real trees of processes, ended in every way."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from broadcaster.bootstrap import watchdog
from broadcaster.bootstrap.processes import Processes
from tests.bootstrap.waiting import alive, eventually

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SLEEPER = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(0, flush=True); time.sleep(600)"
# A leader with a child of its own, as gunicorn and qcluster are; both write down who they are.
TREE = f"""
import os, pathlib, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {SLEEPER!r}])
pathlib.Path("tree.new").write_text(f"{{os.getpid()}} {{child.pid}}")
os.rename("tree.new", "tree")
child.wait()
"""
# A leader whose worker finishes what it has in hand when the leader, and nobody else, tells it to.
WORKER = "import sys; print('working', flush=True); sys.stdin.read(); print('finished')"
LEADER = f"""
import signal, subprocess, sys
def stop(*_):
    worker.communicate()
    sys.exit()
signal.signal(signal.SIGTERM, stop)
worker = subprocess.Popen([sys.executable, "-c", {WORKER!r}], stdin=subprocess.PIPE)
while True:
    signal.pause()
"""
# A leader that is gone at once, and what it leaves behind.
ABANDONED = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("asked")))
print("working", flush=True)
while True:
    signal.pause()
"""
ABANDONING = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {ABANDONED!r}])"
LAUNCHER = f"""
import pathlib, sys, time
from broadcaster.bootstrap.processes import Processes
with Processes(pathlib.Path(sys.argv[1]), grace_s=1) as processes:
    processes.start([sys.executable, "-c", {TREE!r}])
    time.sleep(600)
"""


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", LAUNCHER, str(tmp_path)], cwd=REPOSITORY) as process:
        yield process
        process.kill()


def tree(folder: Path) -> list[int]:
    assert eventually((folder / "tree").exists)
    return [int(word) for word in (folder / "tree").read_text().split()]


def gone(processes: list[int]) -> bool:
    return eventually(lambda: not any(map(alive, processes)))


def test_a_killed_launcher_leaves_no_child_and_no_grandchild(launcher: subprocess.Popen[bytes], tmp_path: Path) -> None:
    members = tree(tmp_path)
    assert all(map(alive, members))
    launcher.kill()

    assert gone(members)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_launcher_that_is_told_to_end_leaves_nothing(
    launcher: subprocess.Popen[bytes], tmp_path: Path, signum: int
) -> None:
    members = tree(tmp_path)
    launcher.send_signal(signum)

    assert gone(members)


def test_the_watchdog_ends_with_the_launcher(launcher: subprocess.Popen[bytes], tmp_path: Path) -> None:
    tree(tmp_path)
    listing = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text()
    children = [int(word) for word in listing.split()]
    launcher.kill()

    assert len(children) == 2
    assert gone(children)


def test_a_killed_watchdog_is_replaced_and_knows_the_children(processes: Processes, tmp_path: Path) -> None:
    child = processes.start([sys.executable, "-c", SLEEPER])
    processes._watchdog.kill()
    processes._watchdog.wait()
    processes.keep_watch()
    os.close(processes._pipe)
    processes._pipe = os.open(os.devnull, os.O_WRONLY)  # as if this process had died

    assert eventually(lambda: child.poll() is not None)


def test_a_command_runs_to_its_end_and_its_streams_are_kept_apart(processes: Processes) -> None:
    finished = processes.run([sys.executable, "-c", "import sys; print('out'); sys.exit('err')"])

    assert (finished.status, finished.output, finished.errors) == (1, "out\n", "err\n")


def test_a_command_runs_in_the_project_and_with_its_settings(processes: Processes, tmp_path: Path) -> None:
    question = "import os; print(os.getcwd(), os.environ['PUBLIC_URL'], 'PATH' in os.environ)"
    finished = processes.run([sys.executable, "-c", question], environment={"PUBLIC_URL": "http://a.example"})

    assert finished.output.split() == [str(tmp_path), "http://a.example", "True"]


def test_an_interrupted_command_is_ended(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[str]] = []

    def interrupt(process: subprocess.Popen[str]) -> None:
        started.append(process)
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupt)
    with pytest.raises(KeyboardInterrupt):
        processes.run([sys.executable, "-c", SLEEPER])

    assert not alive(started[0].pid)


def test_a_child_that_does_not_listen_is_forced(processes: Processes, tmp_path: Path) -> None:
    child = start_writing(processes, STUBBORN, tmp_path / "log")
    processes.end([child], grace_s=0.1)

    assert child.poll() == -signal.SIGKILL


def test_what_a_dead_leader_left_behind_is_asked_to_end(processes: Processes, tmp_path: Path) -> None:
    child = start_writing(processes, ABANDONING, tmp_path / "log")
    child.wait()
    processes.end([child], grace_s=30)

    assert (tmp_path / "log").read_text().split() == ["working", "asked"]


def test_only_the_leader_is_asked_so_that_it_can_let_its_workers_finish(processes: Processes, tmp_path: Path) -> None:
    child = start_writing(processes, LEADER, tmp_path / "log")
    processes.end([child], grace_s=30)

    assert (tmp_path / "log").read_text().split() == ["working", "finished"]


@pytest.mark.parametrize(
    ("lines", "groups"), [("", set()), ("+1 +2", {1, 2}), ("+1 -1 +2", {2}), ("+1 -1 +1", {1}), ("-7", set())]
)
def test_the_watchdog_knows_what_has_begun_and_not_ended(lines: str, groups: set[int]) -> None:
    assert watchdog.read_groups(lines.split()) == groups


def start_writing(processes: Processes, code: str, log: Path) -> subprocess.Popen[str]:
    """Start it, and return once it has written its first line."""
    with log.open("w", encoding="utf-8") as output:
        child = processes.start([sys.executable, "-c", code], output=output)
    assert eventually(lambda: log.stat().st_size)
    return child
