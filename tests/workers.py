"""Worker processes that each run one pump on the tests' database, all beginning at the same moment."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone

from broadcaster.models import Channel
from tests.running import ROOT, database_url

WORKER = """
import django
django.setup()
from broadcaster.sending import pump
print("ready", flush=True)
pump.run(life_s=300)
"""


def close_channels() -> None:
    """Hold every channel for a while, so that pumps wait for it."""
    soon = timezone.now() + timedelta(seconds=80)  # pumps wait for what is due so soon
    Channel.objects.update(hold_reason="All workers start together.", hold_until=soon)


@contextmanager
def ready_workers(count: int) -> Iterator[None]:
    """Processes that have started up before the channels are opened; they are ended with the context."""
    environment = {**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-c", WORKER]
    workers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(count)
    ]
    try:
        assert [worker.stdout.readline() for worker in workers if worker.stdout] == ["ready\n"] * count
        Channel.objects.update(hold_reason="", hold_until=None)
        yield
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
