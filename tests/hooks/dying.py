"""A worker that dies by SIGKILL on its way to a webhook: `python -m tests.hooks.dying <module:function>`."""

import importlib
import sys
from typing import Any

import django

from tests.faults.dying import die_on


def main(path: str) -> None:
    """Post what is due, with the deadly function in place."""
    django.setup()
    posting: Any = importlib.import_module("broadcaster.hooks.posting")  # only after the set-up
    die_on(path, 1)
    posting.post_due(life_s=30)


if __name__ == "__main__":
    main(*sys.argv[1:])
