"""Sends: claims batches, and carries them out in lanes beside each other until there is nothing to do.

    claim -> lane (build -> reserve -> mark -> post -> record, window by window) -> release -> claim ...

No transaction is open while anything is posted. Only the pump's own thread touches the database; the crews only post.
Lanes stand beside each other so that a slow or silent channel never keeps another one waiting.
"""

import logging
import os
import queue
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import ParamSpec, Self

from django.conf import settings

import providers
from broadcaster import gateway
from broadcaster.models import Batch, Channel
from broadcaster.sending import batches, clock, outcomes
from broadcaster.sending.lanes import Lane, post_anew
from broadcaster.sending.persistence import persistently
from broadcaster.sending.posting import Crew
from broadcaster.sending.stopping import Stopping
from broadcaster.sending.window import Window

log = logging.getLogger(__name__)

P = ParamSpec("P")

NAP_S = 0.2
RAMP_S = 0.01  # how soon a crew is looked at again while posts wait for it
MOST_LANES = 32
HORIZON_S = 90  # a pump waits for work that is due within this, since the tick looks only every minute or so


@dataclass(slots=True)
class Tally:
    """What one pump did."""

    batches: int = 0
    messages: int = 0
    more: bool = False  # there is or soon will be more to do
    told_to_end: bool = False  # by a signal, which nobody else in this process has heard
    worker: str = field(default_factory=lambda: f"{socket.gethostname()[:40]}:{os.getpid()}:{time.monotonic_ns()}")


def run(*, life_s: float | None = None, stopping: Stopping | None = None) -> Tally:
    """Send what is due until nothing is, or until this pump's life is over."""
    tally = Tally()
    end = time.monotonic() + (settings.PUMP_LIFE_S if life_s is None else life_s)
    with stopping or Stopping() as stop, Pump(tally) as pump:
        while not stop.asked and time.monotonic() < end:
            pump.advance()
            pump.claim()
            pump.collect()
            if pump.lanes:
                continue
            if not persistently(batches.due_within, HORIZON_S):
                return tally
            time.sleep(NAP_S)
        pump.wind_down()
    tally.more, tally.told_to_end = True, stop.asked
    return tally


class Pump:
    """The lanes of one worker and the crews that post for them. A context manager that ends the crews."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.lanes: list[Lane] = []
        self._crews: dict[providers.Client, tuple[Channel, Crew]] = {}
        self._finished: queue.SimpleQueue[tuple[Lane, Window] | None] = queue.SimpleQueue()
        self._look_again: dict[frozenset[int], float] = {}  # by the channels passed over (monotonic seconds)
        self._extend_at = time.monotonic() + settings.LEASE_S / 4

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _, crew in self._crews.values():
            crew.close(drop=error is not None)  # what is not posted yet will be unknown anyway

    def claim(self) -> None:
        """Claim batches for channels that have nothing left to hand over here."""
        while len(self.lanes) < MOST_LANES:
            busy = frozenset(lane.channel.pk for lane in self.lanes if not lane.is_drained)
            if time.monotonic() < self._look_again.get(busy, 0.0):
                return
            asked_at_s = clock.since_boot_s()
            batch = persistently(batches.claim, self.tally.worker, besides=busy)
            if batch is None:
                self._look_again[busy] = time.monotonic() + NAP_S
                return
            self.tally.batches += 1
            self.open(batch, claimed_at_s=asked_at_s)

    def open(self, batch: Batch, *, claimed_at_s: float) -> None:
        """Begin to send a batch whose claim began then (seconds since boot)."""
        channel = batch.broadcast.sender
        try:
            crew = self._crew(channel)
        except providers.ConfigurationError as error:
            persistently(outcomes.hold, channel, reason=str(error), until=None)
            persistently(batches.release, batch)
        else:
            lane = persistently(Lane, batch, crew, claimed_at_s=claimed_at_s, finished=self._finish)
            self.lanes.append(lane)
            self._attend(lane, lane.advance)

    def advance(self) -> None:
        """Hand over what may go."""
        for lane in self.lanes:
            self._attend(lane, lane.advance)

    def collect(self) -> None:
        """Let the crews post, wait a moment for what comes back, write it, and give back the batches that are over."""
        for channel, crew in self._crews.values():
            persistently(post_anew, crew, channel)
            crew.adjust()
        for lane, window in self._finished_windows():
            lane.crew.windows -= 1
            self._attend(lane, lane.settle, window)
        self._release()
        self._extend()

    def wind_down(self) -> None:
        """Hand nothing more over but what has its slots already, and wait for what is on its way."""
        for lane in self.lanes:
            lane.wind_down()
        while self.lanes:
            self.advance()
            self.collect()

    def _finish(self, lane: Lane, window: Window) -> None:
        self._finished.put((lane, window))

    def _finished_windows(self) -> Iterator[tuple[Lane, Window]]:
        """The windows whose results are in; waits a moment for the first."""
        try:
            finished = self._finished.get(timeout=self._patience_s)
            while True:
                if finished:
                    yield finished
                finished = self._finished.get_nowait()
        except queue.Empty:
            return

    @property
    def _patience_s(self) -> float:
        """How long nothing else is to be done."""
        if all(lane.is_over for lane in self.lanes):
            return 0.0
        waiting = any(crew.has_waiting for _, crew in self._crews.values())
        return min([RAMP_S if waiting else NAP_S, *(lane.waits_s for lane in self.lanes)])

    def _attend(self, lane: Lane, work: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            persistently(work, *args, **kwargs)
        except batches.LeaseLost:
            log.warning("batch %s was recovered by another worker; nothing more of it is written here", lane.batch)
            lane.lose()

    def _release(self) -> None:
        for lane in [lane for lane in self.lanes if lane.is_over]:
            self.lanes.remove(lane)
            self.tally.messages += lane.handed_over
            persistently(batches.release, lane.batch)

    def _extend(self) -> None:
        if time.monotonic() > self._extend_at:
            asked_at_s = clock.since_boot_s()
            held = persistently(batches.extend, [lane.batch.lease_worker for lane in self.lanes])
            for lane in self.lanes:
                if lane.batch.lease_worker in held:
                    lane.renew(asked_at_s)
                else:
                    lane.lose()
            self._extend_at = time.monotonic() + settings.LEASE_S / 4

    def _crew(self, channel: Channel) -> Crew:
        """The channel's crew; a new one where the channel's settings have changed. Raises ConfigurationError."""
        client = gateway.connect(channel)
        if client not in self._crews:
            crew = Crew(client, channel.concurrency, wake=lambda: self._finished.put(None))
            self._crews[client] = channel, crew
        return self._crews[client][1]
