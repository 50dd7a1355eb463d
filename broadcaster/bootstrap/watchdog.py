"""The process that outlives a launcher killed with SIGKILL, for as long as it takes to end the launcher's children.

Started as `watchdog.py SECONDS`, with the patience it has. It reads a pipe whose only writing end the launcher holds:
`+123` when process group 123 begins, `-123` when it has ended. The kernel closes the pipe however the launcher dies,
and then everything still on the list is ended.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable

FORCED_S = 5.0
LOOK_S = 0.05


def end_groups(leaders: Iterable[int], *, grace_s: float, reap: Callable[[], object] = lambda: None) -> None:
    """Ask each leader to end, give its whole group `grace_s` seconds, then force what is left.

    Only the leader is asked: gunicorn and qcluster let their own workers finish what they have in hand, and a signal
    to the group would cut those off. `reap` collects exit states where the caller is the parent.
    """
    leaders = set(leaders)
    _signal(os.kill, leaders, signal.SIGTERM)
    left = _wait_until_gone(leaders, grace_s, reap)
    _signal(os.killpg, left, signal.SIGKILL)
    _wait_until_gone(left, FORCED_S, reap)


def read_groups(lines: Iterable[str]) -> set[int]:
    """Return the groups that have begun and not ended, once the lines are at their end."""
    groups: set[int] = set()
    for line in lines:
        (groups.add if line.startswith("+") else groups.discard)(int(line[1:]))
    return groups


def _wait_until_gone(leaders: set[int], limit_s: float, reap: Callable[[], object]) -> set[int]:
    deadline = time.monotonic() + limit_s
    while True:
        reap()
        leaders = _signal(os.killpg, leaders, 0)
        if not leaders or time.monotonic() > deadline:
            return leaders
        # A leader that is gone can no longer pass the request on to what it has left behind.
        orphaned = leaders - _signal(os.kill, leaders, 0)
        _signal(os.killpg, orphaned, signal.SIGTERM)
        time.sleep(LOOK_S)


def _signal(send: Callable[[int, int], None], targets: set[int], signum: int) -> set[int]:
    """Send to each and return those that exist."""
    return {target for target in targets if _exists(send, target, signum)}


def _exists(send: Callable[[int, int], None], target: int, signum: int) -> bool:
    try:
        send(target, signum)
    except (ProcessLookupError, PermissionError):  # the latter is macOS's word on a group of zombies
        return False
    return True


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    end_groups(read_groups(sys.stdin), grace_s=float(sys.argv[1]))
