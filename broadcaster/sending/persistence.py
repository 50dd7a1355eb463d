"""Database work that outlives a moment without the database: a restart, a cut connection, a lock held too long.

Only for work that bears being done again, since nobody can tell whether the database had finished it when the
connection broke.
"""

import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0


def persistently(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the work returns, tried again while the database is away, but not for longer than a lease may hold.

    Raises the database's error after that, and at once inside a transaction, which is lost as a whole.
    """
    end, pause_s = time.monotonic() + settings.LEASE_S / 2, FIRST_PAUSE_S
    while True:
        try:
            return work(*args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block or time.monotonic() > end:
                raise
            log.warning("the database is away, trying again: %s", str(error).strip().partition("\n")[0])
            connection.close()
        time.sleep(pause_s)
        pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)
