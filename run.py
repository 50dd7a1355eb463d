#!/usr/bin/env python3
"""The one command of this project: `python3 run.py` starts it, `python3 run.py -h` shows what else it does.

Written so that every Python can read it and say in a sentence that it is too old; broadcaster/bootstrap does the work.
"""

import os
import sys


def complaint(version, platform):  # noqa: ANN001, ANN201  a comment, for annotations are an error to what it refuses
    # type: (tuple[int, ...], str) -> str | None
    """Return the sentence for a machine on which this cannot run, else None."""
    if version < (3, 11):
        return "Broadcaster needs Python 3.11 or newer, and this is Python %d.%d." % version  # noqa: UP031
    if platform != "posix":
        return "Broadcaster runs on Linux and macOS; on Windows, start it inside WSL."
    return None


if __name__ == "__main__":
    refusal = complaint(sys.version_info[:2], os.name)
    if refusal:
        sys.exit(refusal)

    from broadcaster.bootstrap.cli import main

    sys.exit(main(sys.argv[1:]))
