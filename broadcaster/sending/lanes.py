"""A lane: one leased batch on its way out, window by window.

    rows -> [ build -> reserve slots -> hand over (the mark) -> post ] -> results -> [ decide -> record ]

Two windows are on their way at a time, each as wide as the channel posts at once: while one is recorded the other is
being posted, so the provider never waits for the database. What a dead worker leaves unknown is at most these two.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.conf import settings

from broadcaster.models import Batch, Broadcast, Channel
from broadcaster.sending import batches, clock, outcomes, pacing, refusals, results
from broadcaster.sending.posting import Crew, Post
from broadcaster.sending.results import Results
from broadcaster.sending.window import Builder, Row, Window, rows_of
from providers import Outcome, SendResult

WINDOWS_IN_FLIGHT = 2
QUICKEST_S = 0.0002  # between the requests that a host's processes can make together
SOON_S = 1.0
LEASE_SHARE = 0.8  # of a lease, in which it surely still holds
REQUEST_S = 5  # of the pace that one request may take at once where it carries many; less than a pump lives
LEAD_S = 0.05  # a window is handed over so long before its first slot


class Lane:
    """One leased batch. Every method may be called again where the database failed in it."""

    def __init__(
        self, batch: Batch, crew: Crew, *, claimed_at_s: float, finished: Callable[["Lane", Window], None]
    ) -> None:
        """Read what is to be sent; `claimed_at_s` is when its claim began (seconds since boot)."""
        self.batch = batch
        self.broadcast: Broadcast = batch.broadcast
        self.channel = self.broadcast.sender
        self.crew = crew
        self.in_flight = 0
        self.handed_over = 0
        self.is_closed = False
        self.is_lost = False
        self.renew(claimed_at_s)
        self._pace = float(self.channel.rate_per_second)  # messages a second, as last reserved
        self._finished = finished
        self._builder = Builder(self.broadcast, self.channel, batch.pk)
        self._rows = rows_of(batch, with_variables=self._builder.uses_variables)
        self._next: Reserved | None = None
        self._is_tried = self.broadcast.goes_on_refused or refusals.is_tried(self.broadcast)

    @property
    def is_drained(self) -> bool:
        """Whether everything that may go is handed over."""
        return self.is_closed or (not self._rows and self._next is None)

    @property
    def is_over(self) -> bool:
        """Whether the batch can be given back."""
        return self.is_drained and not self.in_flight

    @property
    def waits_s(self) -> float:
        """Seconds until its next window may go; for ever where it waits for answers, or for nothing."""
        if self._next is None or self.is_closed or not self._has_room:
            return float("inf")
        return max(0.0, self._next.start_s - LEAD_S - time.monotonic())

    def advance(self) -> None:
        """Hand over as many windows as there is room for and as are due."""
        while self._has_room and not self.is_drained:
            if self._next is None:
                self._prepare()
            elif self.waits_s > 0:
                return
            else:
                self._hand_over(self._next)

    def close(self) -> None:
        """Hand nothing more over."""
        self.is_closed = True

    def wind_down(self) -> None:
        """Hand over what has its slots and is due soon, since they would be lost, and then nothing more."""
        self._rows = []
        if self.waits_s > SOON_S:
            self.close()

    def lose(self) -> None:
        """Take note that the batch is another worker's: nothing of it may be posted or written here any more."""
        self.is_lost = self.is_closed = True
        self.in_flight = 0

    @property
    def may_post(self) -> bool:
        """Whether the lease surely still holds."""
        return not self.is_lost and clock.since_boot_s() < self._may_post_until_s

    def renew(self, asked_at_s: float) -> None:
        """Take note that the lease was made longer by a call that began then (seconds since boot)."""
        self._may_post_until_s = asked_at_s + LEASE_SHARE * settings.LEASE_S

    def keep(self) -> None:
        """Make the lease longer, or take note that it is lost."""
        asked_at_s = clock.since_boot_s()
        if batches.keep(self.batch):
            self.renew(asked_at_s)
        else:
            self.lose()

    def settle(self, window: Window) -> None:
        """Write what came of a window, and hand over the next one with the same stroke. Raises batches.LeaseLost."""
        outcomes.apply_to_channel(window.results, self.channel)  # first, or a retry would pass by the hold
        if not window.is_recorded:
            self._record(window)
        if not self._is_tried:
            self._is_tried = refusals.look(self.broadcast, window.results)

    def _following(self) -> "Reserved | None":
        """The window that may be handed over at once."""
        if self._is_tried and not self.channel.hold_reason and not self.is_drained and self._next is None:
            self._prepare()
        return self._fresh(self._next) if self._next and self.waits_s == 0 else None

    def _record(self, window: Window) -> None:
        following = self._following()
        decided = outcomes.decide(self.batch, window.rows, window.results)
        decided.changes += window.dropped
        is_wanted = results.record(self.batch, decided, hand_over=following.window.through if following else 0)
        window.is_recorded = True
        self.in_flight -= 1
        if following and is_wanted:
            self._post(following)
        elif following:
            self.close()

    @property
    def _has_room(self) -> bool:
        is_probing = bool(self.channel.hold_reason)
        return self.crew.windows < (WINDOWS_IN_FLIGHT if self._is_tried and not is_probing else 1)

    def _size(self, *, most_s: float = 1) -> int:
        """Messages in the next window: what the crew posts at once, but at most a second of the pace, or `most_s`."""
        if self.channel.hold_reason:  # its hold ran out, and one message tells whether it works again
            return 1
        a_request = self.crew.client.batch_limit()
        width = self.channel.concurrency * a_request
        if not self._is_tried:
            width = min(WINDOWS_IN_FLIGHT * width, refusals.FIRST)
        most = max(self._pace, min(a_request, self._pace * most_s))
        return max(1, min(width, int(most)))

    def _build(self) -> tuple[list[Row], Window]:
        """The next window and its rows.

        One request that carries many is let through whole, up to some seconds of the pace: a file of a thousand or a
        hundred URNs are one call to the provider, and the next one waits until their slots are over. Not where the
        provider itself counts a request's recipients by the second, and not where nothing shares a request: a worker
        that dies would leave so many more unknown.
        """
        size = self._size()
        wide = size if self.crew.client.capabilities.batch_within_rate else self._size(most_s=REQUEST_S)
        if wide > size:
            rows = self._rows[:wide]
            window = self._builder.build(rows)
            if max(map(len, self.crew.client.split(window.out)), default=0) > size:
                return rows, window
        rows = self._rows[:size]
        return rows, self._builder.build(rows)

    def _prepare(self) -> None:
        """Build the next window and reserve its slots; what is dropped alone is written at once."""
        rows, window = self._build()
        slots = pacing.reserve(self.channel, len(window.out)) if window.out else None
        if slots and slots.count < len(window.out):  # the cap for 24 hours ends in this window
            if not slots.count:
                outcomes.hold_for_cap(self.channel, free_in_s=slots.start_in_s)
                self.close()
                return
            last = window.rows[slots.count - 1].seq
            window = self._builder.build([row for row in rows if row.seq <= last])
        if slots and window.out:
            now_s = time.monotonic()
            self._next = Reserved(window, slots.interval_s, now_s + slots.start_in_s, built_at_s=now_s)
            self._pace = 1 / slots.interval_s
        else:
            results.record(self.batch, Results(changes=window.dropped))
        self._rows = [row for row in self._rows if row.seq > window.through]

    def _fresh(self, reserved: "Reserved") -> "Reserved | None":
        """The window, built anew where it has waited: somebody may have opted out, or it may have expired."""
        if time.monotonic() - reserved.built_at_s > SOON_S:
            reserved.window = self._builder.build(reserved.window.rows)
            reserved.built_at_s = time.monotonic()
        return reserved if reserved.window.out else None

    def _hand_over(self, reserved: "Reserved") -> None:
        fresh = self._fresh(reserved)
        if fresh is None:
            results.record(self.batch, Results(changes=reserved.window.dropped))
            self._next = None
            return
        try:
            batches.hand_over(self.batch, through=fresh.window.through)
        except batches.NotWanted:
            self.close()
        else:
            self._post(fresh)

    def _post(self, reserved: "Reserved") -> None:
        """Let the crew post a window that the mark has passed."""
        window = reserved.window
        self._next = None
        self.in_flight += 1
        self.crew.windows += 1
        self.handed_over += len(window.out)
        window.finished = lambda: self._finished(self, window)
        position = 0
        for group in self.crew.client.split(window.out):
            due_s = reserved.start_s + position * reserved.interval_s
            self.crew.add(Post(self, group, due_s, patience_for(len(group) * reserved.interval_s), window.take))
            position += len(group)


@dataclass(slots=True)
class Reserved:
    """A window that has its slots; times are monotonic seconds."""

    window: Window
    interval_s: float
    start_s: float
    built_at_s: float


def post_anew(crew: Crew, channel: Channel) -> None:
    """Give the posts that were not made in time other slots, those of lost batches excepted.

    Where the cap for 24 hours ends, their messages wait.
    """
    late = list(crew.late)
    if not late:
        return
    for lane in {post.owner for post in late if isinstance(post.owner, Lane) and not post.owner.may_post}:
        lane.keep()
    slots = pacing.reserve(channel, sum(len(post.messages) for post in late))
    start_s, position = time.monotonic() + slots.start_in_s, 0
    for post in late:
        crew.late.popleft()
        if not post.owner.may_post:
            post.take(post.messages, [SendResult(Outcome.UNKNOWN)] * len(post.messages))  # which nobody will write
            continue
        position += len(post.messages)
        if position > slots.count:  # marked, and surely not posted
            post.take(post.messages, [SendResult(Outcome.CHANNEL_HELD)] * len(post.messages))
        else:
            due_s = start_s + (position - len(post.messages)) * slots.interval_s
            crew.add(replace(post, due_s=due_s, patience_s=patience_for(len(post.messages) * slots.interval_s)))
    if position > slots.count:
        outcomes.hold_for_cap(channel, free_in_s=slots.start_in_s)


def patience_for(interval_s: float) -> float:
    """How late a request may be that has so much of the pace for itself.

    Where requests may follow each other more quickly than processes can make them, none is late.
    """
    return pacing.LATE_S if interval_s > QUICKEST_S else float("inf")
