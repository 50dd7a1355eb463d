"""One at a time: locks that the kernel frees when the last process that holds them is gone, however it went."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broadcaster.bootstrap.console import LaunchError
from broadcaster.bootstrap.env_file import OWNER_ONLY

LOOK_S = 0.1
HANDOVER_S = 30.0  # a little more than the watchdog takes at most to end what a killed launcher left


@contextmanager
def environment_lock(path: Path) -> Iterator[None]:
    """Wait for whoever installs packages at this moment."""
    file = _open(path)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


@contextmanager
def running_lock(path: Path) -> Iterator[int]:
    """Yield the lock of the one running system of this folder; refuse, in a sentence, to be the second."""
    file = _open(path)
    try:
        _take(file)
        os.truncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode("ascii"), 0)
        yield file
    finally:
        os.close(file)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY)


def _take(file: int) -> None:
    deadline = time.monotonic() + HANDOVER_S
    while not _try(file):
        holder = int(os.pread(file, 20, 0) or 0)
        if (holder and _is_alive(holder)) or time.monotonic() > deadline:
            raise LaunchError(f"Broadcaster is already running from this folder (process {holder}); stop it first.")
        time.sleep(LOOK_S)


def _try(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
