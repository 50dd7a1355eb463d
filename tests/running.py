"""The whole product as processes of their own on the tests' database: web server, workers and simulator."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import requests
from django.conf import settings
from django.db import connection
from django_q.brokers import get_broker

from broadcaster.models import Channel
from tests.simulating import Simulator

T = TypeVar("T")
ROOT = Path(__file__).parents[1]


def wait_for(look: Callable[[], T], *, seconds: float = 60, told: Callable[[], object] | None = None) -> T:
    """What `look` returns as soon as it is true. Fails after so many seconds, with what is `told` then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"still waiting after {seconds} s: {told() if told else ''}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def database_url() -> str:
    """The address of the database that the tests use at this moment."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    host, port = values["HOST"] or "127.0.0.1", values["PORT"] or 5432
    return f"postgres://{values['USER']}:{values['PASSWORD']}@{host}:{port}/{values['NAME']}"


class Site:
    """Web server, workers and simulator; a context manager that ends them all."""

    def __init__(self, simulator: Simulator, *, workers: int = 3, environment: Mapping[str, str] | None = None) -> None:
        self.simulator = simulator
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "DATA_DIR": str(settings.DATA_DIR),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PUBLIC_URL": self.url,
            "SIMULATOR_URL": simulator.url,
            "WORKERS": str(workers),
            "LOG_LEVEL": "WARNING",
            **(environment or {}),
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        get_broker().purge_queue()
        self.web = self.start(
            [sys.executable, "-m", "gunicorn", "broadcaster.wsgi", "-b", f"127.0.0.1:{self.port}", "--threads", "4"]
        )
        self.workers = self.start_workers()
        try:
            wait_for(self._answers)
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Kill every process with its children."""
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def start(self, command: list[str]) -> "subprocess.Popen[bytes]":
        """Start a process in a group of its own, so that its children end with it."""
        process = subprocess.Popen(command, cwd=ROOT, env=self.environment, start_new_session=True)
        self.processes.append(process)
        return process

    def take_receipts(self, channel: Channel) -> None:
        """Register the channel's receipts address, as an operator does at a provider that has no field for it."""
        account = channel.config.get("sid") or channel.config.get("app_id")
        if account:
            self.simulator.register(account, f"{self.url}/receipts/{channel.receipts_token}/")

    def start_workers(self) -> "subprocess.Popen[bytes]":
        """Start one more cluster of workers."""
        return self.start([sys.executable, "manage.py", "qcluster"])

    def kill_workers(self) -> None:
        """SIGKILL to every process of the cluster, as a machine dies."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.workers.pid, signal.SIGKILL)
        self.workers.wait()

    def tend_workers(self) -> bool:
        """Start the cluster anew where it has ended, as `run.py` and every service manager do; whether it had."""
        if self.workers.poll() is None:
            return False
        self.kill_workers()  # what a dead leader left of its group must not work on beside the new one
        self.processes.remove(self.workers)
        self.workers = self.start_workers()
        return True

    def _answers(self) -> bool:
        with contextlib.suppress(requests.ConnectionError, requests.Timeout):
            return requests.get(f"{self.url}/admin/login/", timeout=10).ok
        return False
