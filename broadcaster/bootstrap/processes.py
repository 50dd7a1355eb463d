"""The only door through which the launcher starts lasting processes, so that the watchdog knows every one of them."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from broadcaster.bootstrap import watchdog


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ran to its end."""

    status: int
    output: str
    errors: str


class Processes:
    """Starts commands in process groups of their own, and leaves none behind, whatever becomes of this process.

    `grace_s` is how long a group may take to end once it is asked. `keep_open` are file descriptors that the watchdog
    holds too: a lock passed in is held until the last child is gone.
    """

    def __init__(self, root: Path, *, grace_s: float = 20.0, keep_open: Iterable[int] = ()) -> None:
        self._root = root
        self._grace_s = grace_s
        self._keep_open = tuple(keep_open)
        self._groups: dict[int, subprocess.Popen[str]] = {}
        self._start_watchdog()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(self._groups.values())
        os.close(self._pipe)
        self._watchdog.wait()

    def start(
        self,
        command: list[str],
        *,
        environment: Mapping[str, str] | None = None,
        output: int | IO[str] = subprocess.DEVNULL,
    ) -> subprocess.Popen[str]:
        """Start a command in the project's folder, its settings laid over the environment of this process."""
        self.keep_watch()
        process = subprocess.Popen(
            command,
            cwd=self._root,
            env=os.environ | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE if output == subprocess.PIPE else subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # The child reports itself: until its exec it holds the pipe open, so that no moment is left in which this
            # process could die with a child that the watchdog has not heard of. No thread runs here.
            preexec_fn=lambda: self._tell("+", os.getpid()),  # noqa: PLW1509
        )
        self._groups[process.pid] = process
        return process

    def run(self, command: list[str], *, environment: Mapping[str, str] | None = None) -> Finished:
        """Run a command to its end; it is ended if this process is interrupted meanwhile."""
        with self.start(command, environment=environment, output=subprocess.PIPE) as process:
            try:
                output, errors = process.communicate()
            finally:
                self.end([process])
        return Finished(process.returncode, output, errors)

    def end(self, processes: Iterable[subprocess.Popen[str]], grace_s: float | None = None) -> None:
        """End these processes with all that they have started: asked first, forced after `grace_s` seconds."""
        grace_s = self._grace_s if grace_s is None else grace_s
        self.keep_watch()
        ended = list(processes)
        watchdog.end_groups((process.pid for process in ended), grace_s=grace_s, reap=lambda: [p.poll() for p in ended])
        for process in ended:
            del self._groups[process.pid]
            self._tell("-", process.pid)

    def keep_watch(self) -> None:
        """Replace the watchdog if somebody has killed it."""
        if self._watchdog.poll() is not None:
            os.close(self._pipe)
            self._start_watchdog()

    def _start_watchdog(self) -> None:
        reading, self._pipe = os.pipe()
        # -I -S: it needs nothing but the standard library, and must not wait for site-packages to load.
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", watchdog.__file__, str(self._grace_s)],
            stdin=reading,
            stdout=subprocess.DEVNULL,  # whoever reads this process's output must not wait for the watchdog to end
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is not meant for it
            pass_fds=self._keep_open,
        )
        os.close(reading)
        for group in self._groups:
            self._tell("+", group)

    def _tell(self, sign: str, group: int) -> None:
        os.write(self._pipe, f"{sign}{group}\n".encode("ascii"))
