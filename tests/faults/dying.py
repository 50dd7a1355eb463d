"""A worker that dies by SIGKILL as it enters a chosen function: `python -m tests.faults.dying <module:function> <nth>`.

What a power cut does, at a place of the test's choice; nothing is cleaned up and no transaction is ended.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import django


def die_on(path: str, nth: int) -> None:
    """Let the process be killed when the function is entered for the nth time."""
    module_name, _, name = path.partition(":")
    owner: Any = importlib.import_module(module_name)
    *classes, function_name = name.split(".")
    for each in classes:
        owner = getattr(owner, each)
    setattr(owner, function_name, deadly(getattr(owner, function_name), nth))


def deadly(function: Callable[..., Any], nth: int) -> Callable[..., Any]:
    """The function, but deadly at its nth call."""
    calls = count(1)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)

    return wrapped


def main(path: str, nth: str, work: str, *ids: str) -> None:
    """Do the work (`expand <id>` or `pump`) with the deadly function in place."""
    django.setup()
    expansion: Any = importlib.import_module("broadcaster.sending.expansion")  # only after the set-up
    expansion.CHUNK = int(os.environ["EXPANSION_CHUNK"])
    pump: Any = importlib.import_module("broadcaster.sending.pump")
    die_on(path, int(nth))
    if work == "expand":
        expansion.expand(int(ids[0]), worker="dying")
    else:
        pump.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
