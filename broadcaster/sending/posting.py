"""The threads that post for one channel: as many as the provider's latency needs, never more than the channel allows.

Threads of one process share one interpreter: more of them than can be waiting for answers at the same time only get
in each other's way (a third of the speed with 16 of them at no latency). So their number follows what is measured,
the time a post takes and the processor's share of it; and it doubles while posts wait and no answer comes at all.
"""

import contextlib
import logging
import math
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Protocol

import providers
from providers import OutboundMessage, Outcome, SendResult

log = logging.getLogger(__name__)

FIRST_THREADS = 2
SAMPLES = 32
STALL_S = 0.01


class Owner(Protocol):
    """Whoever has marked messages as handed over, under a lease."""

    @property
    def may_post(self) -> bool:
        """Whether the lease surely still holds; asked from any thread."""


@dataclass(frozen=True, slots=True)
class Post:
    """Messages that share a request, the time (monotonic seconds) of their slot, and who takes their results.

    A request that would begin more than `patience_s` after its slot is not made: by then other workers use the pace.
    Nor is one whose owner's lease may be over: by then its messages may be somebody else's to decide on.
    """

    owner: Owner
    messages: list[OutboundMessage]
    due_s: float
    patience_s: float
    take: Callable[[list[OutboundMessage], list[SendResult]], None]

    @property
    def may_go(self) -> bool:
        """Whether it may be posted at this moment."""
        return time.monotonic() - self.due_s <= self.patience_s and self.owner.may_post


class Crew:
    """The posting threads of one channel. All but `_work` is for the one thread that owns the crew, and that it wakes.

    `late` are the posts that missed their slots or their lease, and were not made.
    """

    def __init__(self, client: providers.Client, width: int, wake: Callable[[], None]) -> None:
        self.client = client
        self.late: deque[Post] = deque()
        self._wake = wake
        self.windows = 0  # under way; counted by the owner
        self._width = width
        self._waiting: SimpleQueue[Post | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._wanted = 0
        self._samples: deque[tuple[float, float]] = deque(maxlen=SAMPLES)  # (seconds a post took, of the processor)
        self._answered = 0
        self._seen = (0, 0.0)  # answers when last looked at, and when (monotonic seconds)

    def add(self, post: Post) -> None:
        """Let a thread post this at its time, after those added before."""
        self._waiting.put(post)

    @property
    def has_waiting(self) -> bool:
        """Whether posts wait for a thread."""
        return not self._waiting.empty()

    def adjust(self) -> None:
        """Start threads where posts wait and more of them would help."""
        waiting = self._waiting.qsize()
        if not waiting:
            return
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        needed, there = max(self._needed(), self._stalled()), len(self._threads)
        # Ending threads only to start them again would cost more than a few too many do.
        self._wanted = min(self._width, needed if needed > there or 2 * needed <= there else there)
        for _ in range(min(self._wanted - len(self._threads), waiting)):
            thread = threading.Thread(target=self._work, args=[len(self._threads)], name="post", daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self, *, drop: bool = False) -> None:
        """End the threads once they have posted what was added, or at once with `drop`."""
        while drop and not self._waiting.empty():
            with contextlib.suppress(Empty):
                self._waiting.get_nowait()
        for _ in self._threads:
            self._waiting.put(None)

    def _needed(self) -> int:
        """How many threads keep the processor busy: the quickest post's time over the processor's part of a post."""
        if not self._samples:
            return FIRST_THREADS
        samples = list(self._samples)
        quickest_s = min(took_s for took_s, _ in samples)
        processor_s = statistics.fmean(part_s for _, part_s in samples)
        return math.ceil(quickest_s / max(processor_s, 1e-6))

    def _stalled(self) -> int:
        answered, now = self._answered, time.monotonic()
        seen, looked_at = self._seen
        if answered != seen:
            self._seen = (answered, now)
        elif now - looked_at > STALL_S:
            self._seen = (answered, now)
            return 2 * len(self._threads)
        return 0

    def _work(self, number: int) -> None:
        while number < self._wanted:
            post = self._waiting.get()
            if post is None:
                return
            time.sleep(max(0.0, post.due_s - time.monotonic()))
            if not post.may_go:
                self.late.append(post)
                self._wake()
                continue
            began_s, processor_s = time.monotonic(), time.thread_time()
            results = self._results(post)
            self._samples.append((time.monotonic() - began_s, time.thread_time() - processor_s))
            self._answered += 1
            post.take(post.messages, results)

    def _results(self, post: Post) -> list[SendResult]:
        try:
            results = self.client.send(post.messages)
            if len(results) == len(post.messages):
                return results
            log.error("an adapter gave %d results for %d messages", len(results), len(post.messages))
        except Exception:
            log.exception("an adapter broke its word and raised")
        return [SendResult(Outcome.UNKNOWN)] * len(post.messages)  # nobody can tell whether they were posted
