"""Keeps the services of a running system up: notices a death, tells the person, and starts anew with growing pauses."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from broadcaster.bootstrap.console import LaunchError, say, tail
from broadcaster.bootstrap.processes import Processes

PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)
CALM_S = 60.0  # a service that lived so long is trusted again
SWEEP_S = 5.0
LOG_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Service:
    """One kind of child: its name in sentences, how it is started, and where it writes."""

    name: str
    command: list[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def last_words(self) -> str:
        """Return the end of the log."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - LOG_BYTES))
            return tail(log.read().decode(errors="replace"))


@dataclass(slots=True)
class _Run:
    """What became of one service so far; `process` is None during a pause."""

    service: Service
    process: subprocess.Popen[str] | None = None
    since: float = 0.0
    deaths: int = 0
    pause_s: float = 0.0


class Supervisor:
    """Starts services and tends them; whoever owns `processes` ends them."""

    def __init__(self, processes: Processes, services: Sequence[Service], pauses_s: Sequence[float] = PAUSES_S) -> None:
        self._processes = processes
        self._pauses_s = pauses_s
        self._runs = [_Run(service) for service in services]

    def start(self) -> None:
        """Start every service, each with an empty log."""
        for run in self._runs:
            run.service.log.write_bytes(b"")
            self._begin(run)

    def tend(self) -> None:
        """Look after every service once. Raises `LaunchError` when one does not stay up."""
        self._processes.keep_watch()
        for run in self._runs:
            if run.process is None:
                if time.monotonic() - run.since >= run.pause_s:
                    self._begin(run)
            elif run.process.poll() is not None:
                self._bury(run, run.process)

    def _begin(self, run: _Run) -> None:
        with run.service.log.open("a", encoding="utf-8") as log:
            run.process = self._processes.start(run.service.command, environment=run.service.environment, output=log)
        run.since = time.monotonic()

    def _bury(self, run: _Run, process: subprocess.Popen[str]) -> None:
        self._processes.end([process], grace_s=SWEEP_S)  # what a dead leader left of its group must not work on beside
        run.deaths = 1 if time.monotonic() - run.since > CALM_S else run.deaths + 1
        ended = f"The {run.service.name} ended unexpectedly ({_cause(process.returncode)})"
        last_words = f"The last lines of {run.service.log}:\n{run.service.last_words()}"
        if run.deaths > len(self._pauses_s):
            raise LaunchError(f"{ended} {run.deaths} times in a row, so everything stops. {last_words}")
        run.process, run.since, run.pause_s = None, time.monotonic(), self._pauses_s[run.deaths - 1]
        say(f"{ended}; a new start follows in {run.pause_s:g} s. {last_words}")


def _cause(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"
