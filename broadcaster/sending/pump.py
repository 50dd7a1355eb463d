"""Sends: claims batches one after another, and each batch in windows that are marked, posted and recorded.

    claim -> [ drop what may not go -> reserve slots -> mark -> post -> record ] per window -> release -> claim ...

No transaction is open while anything is posted. Only the main thread touches the database; the pool only posts.
"""

import logging
import os
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from django.conf import settings

import providers
from broadcaster import gateway
from broadcaster.models import Batch, Broadcast, Message
from broadcaster.sending import batches, outcomes, pacing, window
from broadcaster.sending.stopping import Stopping

log = logging.getLogger(__name__)

WINDOWS_AHEAD = 2  # a window is about this many times what the pool posts at once
NAP_S = 0.2
HORIZON_S = 90  # a pump waits for work that is due within this, since the tick looks only every minute or so


@dataclass(slots=True)
class Tally:
    """What one pump did."""

    batches: int = 0
    messages: int = 0
    more: bool = False  # there is or soon will be more to do
    worker: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{time.monotonic_ns()}")


def run(*, life_s: float | None = None, stopping: Stopping | None = None) -> Tally:
    """Send what is due until nothing is, or until this pump's life is over."""
    tally = Tally()
    end = time.monotonic() + (settings.PUMP_LIFE_S if life_s is None else life_s)
    with stopping or Stopping() as stop:
        while not stop.asked and time.monotonic() < end:
            batch = batches.claim(tally.worker)
            if batch:
                tally.batches += 1
                tally.messages += send_batch(batch, stop, end=end)
            elif not batches.due_within(HORIZON_S):
                return tally
            else:
                time.sleep(NAP_S)
    tally.more = True
    return tally


def send_batch(batch: Batch, stop: Stopping, *, end: float) -> int:
    """Send what is pending in a leased batch, window by window, then give it back; how many were handed over."""
    sent = 0
    try:
        sender = Sender(batch)
        with ThreadPoolExecutor(max_workers=sender.width, thread_name_prefix="post") as pool:
            for messages in sender.windows():
                if stop.asked or time.monotonic() > end or not window.still_wanted(batch):
                    break
                sent += sender.send(messages, pool)
    except batches.LeaseLost:
        log.warning("batch %s was recovered by another worker; nothing more of it is written here", batch)
        return sent
    except providers.ConfigurationError as error:
        outcomes.hold(batch.broadcast.sender, reason=str(error), until=None)
    batches.release(batch)
    return sent


class Sender:
    """One leased batch on its way out."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.broadcast: Broadcast = batch.broadcast
        self.channel = self.broadcast.sender
        self.client = gateway.connect(self.channel)
        self.builder = window.Builder(self.broadcast, self.channel)
        self.width = self.channel.concurrency

    def windows(self) -> Iterator[list[Message]]:
        """The pending messages above the mark, in order, as many at a time as one window takes."""
        per_request = self.client.batch_limit()
        size = min(WINDOWS_AHEAD * self.width * per_request, max(self.channel.rate_per_second, per_request))
        pending = self.batch.messages.filter(state=Message.State.PENDING, seq__gt=self.batch.handed_through)
        messages = list(pending.order_by("seq").select_related("contact"))
        return (messages[start : start + size] for start in range(0, len(messages), size))

    def send(self, messages: list[Message], pool: ThreadPoolExecutor) -> int:
        """Send one window; how many messages were handed over. Raises batches.LeaseLost."""
        ready, outgoing = self.builder.build(self.builder.admit(messages, self.batch), self.batch)
        if not ready:
            batches.hand_over(self.batch, through=messages[-1].seq, attempted=[])
            return 0
        slots = pacing.reserve(self.channel, len(outgoing))
        time.sleep(slots.start_in_s)
        batches.hand_over(self.batch, through=messages[-1].seq, attempted=[message.pk for message in ready])
        results = self.post(outgoing, slots.interval_s, pool)
        changes, retries = outcomes.decide(ready, results, self.channel)
        outcomes.keep_calls(self.batch, results)
        batches.record(self.batch, changes, retries)
        return len(ready)

    def post(
        self, outgoing: Sequence[providers.OutboundMessage], interval_s: float, pool: ThreadPoolExecutor
    ) -> list[providers.SendResult]:
        """Post the window, each request at its slot; one result per message, in order."""
        started, position = time.monotonic(), 0
        posts: list[tuple[list[providers.OutboundMessage], Future[list[providers.SendResult]]]] = []
        for group in self.client.split(outgoing):
            time.sleep(max(0.0, started + position * interval_s - time.monotonic()))
            posts.append((group, pool.submit(self.client.send, group)))
            position += len(group)
        by_reference = {
            message.reference: result
            for group, post in posts
            for message, result in zip(group, post.result(), strict=True)
        }
        return [by_reference[message.reference] for message in outgoing]
