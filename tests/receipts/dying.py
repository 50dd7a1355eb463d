"""An applier that dies by SIGKILL as it enters a function: `python -m tests.receipts.dying <module:function>`."""

import importlib
import sys
from typing import Any

import django

from tests.faults.dying import die_on


def main(path: str) -> None:
    """Apply what is due, with the deadly function in place."""
    django.setup()
    apply: Any = importlib.import_module("broadcaster.receipts.apply")  # only after the set-up
    die_on(path, 1)
    apply.apply_waiting()


if __name__ == "__main__":
    main(*sys.argv[1:])
