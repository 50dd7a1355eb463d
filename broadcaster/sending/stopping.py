"""Hears SIGTERM while a worker is busy, so that it ends after the window at hand instead of in the middle of it."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class Stopping:
    """A context in which SIGTERM and SIGINT only set `asked`; outside the main thread it hears nothing."""

    def __init__(self) -> None:
        self.asked = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._previous[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
