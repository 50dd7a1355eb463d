"""Polling for what other processes do, with a limit."""

import time
from collections.abc import Callable
from pathlib import Path

LIMIT_S = 30.0


def eventually(condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(process: int) -> bool:
    """A zombie is not alive: it only waits for its parent to read its exit status."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
