"""Seats: how many tasks of a kind may run beside each other in one cluster of workers, so that none takes all of them.

A seat is a lock on one byte of a file. The system gives it back when its holder ends, however it ends.
"""

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from django.conf import settings

MOST = 64  # seats of a kind


class Kind(IntEnum):
    """What is limited."""

    PUMP = 0
    RECEIPTS = 1
    COUNTS = 2
    WEBHOOKS = 3


@contextmanager
def taken(kind: Kind, *, of: int) -> Iterator[bool]:
    """Hold one of so many seats of this kind while the block runs; False where all of them are taken.

    The processes of a cluster have one parent, by which they share their seats; hosts may share the directory.
    """
    first = (os.getppid() * len(Kind) + kind) * MOST
    with (settings.DATA_DIR / f"seats-{socket.gethostname()}.lock").open("a+b") as file:
        yield any(_lock(file.fileno(), first + number) for number in range(min(of, MOST)))


def _lock(descriptor: int, place: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return False
        raise
    return True
