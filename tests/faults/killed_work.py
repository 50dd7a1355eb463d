"""Work on a file in a process of its own that is killed by SIGKILL once it has come so far."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings

from tests.running import ROOT, database_url


def die_at(work: str, upload_id: int, *, is_there: Callable[[], bool], after_s: float) -> None:
    """Let a process do the work until it is there, and kill it so much later, before its end."""
    process = subprocess.Popen([sys.executable, "-c", work, str(upload_id)], cwd=ROOT, env=environment())
    try:
        while not is_there() and process.poll() is None:
            time.sleep(0.002)
        time.sleep(after_s)
        assert process.poll() is None, "it came to its end before it could be killed"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


def environment() -> dict[str, Any]:
    """What a process needs to work on the test's database and files."""
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(settings.DATA_DIR),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
