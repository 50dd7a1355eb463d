"""One system at a time from one folder."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from broadcaster.bootstrap.console import LaunchError
from broadcaster.bootstrap.locks import environment_lock, running_lock


def test_a_second_system_is_refused_and_told_which_process_is_the_first(tmp_path: Path) -> None:
    refusal = rf"already running from this folder \(process {os.getpid()}\); stop it first"
    with running_lock(tmp_path / "lock"), pytest.raises(LaunchError, match=refusal), running_lock(tmp_path / "lock"):
        pytest.fail("two systems run from one folder")


def test_the_lock_is_free_again_after_the_end(tmp_path: Path) -> None:
    with running_lock(tmp_path / "lock"):
        pass
    with running_lock(tmp_path / "lock") as lock:
        assert os.pread(lock, 20, 0) == str(os.getpid()).encode()


def test_a_start_waits_while_the_children_of_a_killed_launcher_are_being_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_lock(tmp_path / "lock") as lock:
        os.pwrite(lock, str(finished_process()).encode().ljust(20), 0)
        held_by_watchdog = os.dup(lock)
    monkeypatch.setattr("broadcaster.bootstrap.locks.time.sleep", lambda seconds: os.close(held_by_watchdog))

    with running_lock(tmp_path / "lock") as lock:
        assert int(os.pread(lock, 20, 0)) == os.getpid()


def test_packages_are_installed_by_one_launcher_at_a_time(tmp_path: Path) -> None:
    with environment_lock(tmp_path / "lock"), (tmp_path / "lock").open() as second, pytest.raises(BlockingIOError):
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)


def finished_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid
