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
PROCESS_ID_BYTES = 20


@contextmanager
def environment_lock(path: Path) -> Iterator[None]:
    """Wait for whoever installs packages at this moment."""
    with _opened(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def running_lock(folder: Path) -> Iterator[int]:
    """Be the one running system of this folder, or say in a sentence which process is.

    Yields a lock for the watchdog to hold: where a launcher was killed, its successor waits for the last child to end.
    """
    with _opened(folder / "launcher.lock") as launcher, _opened(folder / "children.lock") as children:
        if not _try(launcher):
            holder = os.pread(launcher, PROCESS_ID_BYTES, 0).decode("ascii").strip()
            raise LaunchError(f"Broadcaster is already running from this folder (process {holder}); stop it first.")
        os.pwrite(launcher, str(os.getpid()).ljust(PROCESS_ID_BYTES).encode("ascii"), 0)
        _wait(children)
        yield children


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    try:
        yield file
    finally:
        os.close(file)


def _wait(file: int) -> None:
    deadline = time.monotonic() + HANDOVER_S
    while not _try(file):
        if time.monotonic() > deadline:
            raise LaunchError("Processes of an earlier start do not end; look for them with ps and end them first.")
        time.sleep(LOOK_S)


def _try(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
