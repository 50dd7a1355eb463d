"""One system at a time from one folder."""

import fcntl
import os
from pathlib import Path

import pytest

from broadcaster.bootstrap import locks
from broadcaster.bootstrap.console import LaunchError
from broadcaster.bootstrap.locks import environment_lock, running_lock


def test_a_second_system_is_refused_and_told_which_process_is_the_first(tmp_path: Path) -> None:
    refusal = rf"already running from this folder \(process {os.getpid()}\); stop it first"
    with running_lock(tmp_path), pytest.raises(LaunchError, match=refusal), running_lock(tmp_path):
        pytest.fail("two systems run from one folder")


def test_the_folder_is_free_again_after_the_end(tmp_path: Path) -> None:
    with running_lock(tmp_path):
        pass
    with running_lock(tmp_path):
        pass


def test_a_start_waits_while_the_children_of_a_killed_launcher_are_being_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_lock(tmp_path) as children:
        held_by_watchdog = os.dup(children)
    monkeypatch.setattr("broadcaster.bootstrap.locks.time.sleep", lambda seconds: os.close(held_by_watchdog))

    with running_lock(tmp_path), pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(held_by_watchdog)


def test_children_that_do_not_end_are_told_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "HANDOVER_S", 0.0)
    with running_lock(tmp_path) as children:
        held_by_watchdog = os.dup(children)

    with pytest.raises(LaunchError, match="Processes of an earlier start do not end"), running_lock(tmp_path):
        pytest.fail("started beside what an earlier start left behind")
    os.close(held_by_watchdog)


def test_packages_are_installed_by_one_launcher_at_a_time(tmp_path: Path) -> None:
    with environment_lock(tmp_path / "lock"), (tmp_path / "lock").open() as second, pytest.raises(BlockingIOError):
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
