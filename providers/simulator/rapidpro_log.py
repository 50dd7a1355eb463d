"""RapidPro's broadcasts as they are listed and polled: what was accepted, with statuses that grow with time."""

import itertools
import time
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.simulator.doors import Simulation
from providers.simulator.magic import Status, status_after
from providers.simulator.rapidpro_fields import Draft
from providers.simulator.rapidpro_pages import Source, as_iso
from providers.simulator.record import Entry, Row

NAME = "rapidpro"
_CHANNEL = {"uuid": "9a8b001e-a913-486c-80f4-1356e23f582e", "name": "Simulated channel"}
_STARTED_AFTER = 0.25
# RapidPro has one word for both ways of failing, and does not tell of an opt-out.
_WORDS: Mapping[Status, str] = {
    Status.QUEUED: "queued",
    Status.SENT: "sent",
    Status.DELIVERED: "delivered",
    Status.READ: "read",
    Status.FAILED: "failed",
    Status.OPTED_OUT: "failed",
}


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One accepted broadcast. Its messages follow it in time, a microsecond apart: no two moments are equal."""

    id: int
    uuid: str
    moment: int
    first: int
    count: int
    draft: Draft


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a broadcast, at its own moment."""

    moment: int
    broadcast: Broadcast
    row: Row


class BroadcastLog:
    """All broadcasts in the order of their creation, which is also that of their ids and moments."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._broadcasts: list[Broadcast] = []
        self._ids = itertools.count(1001)

    def next_id(self) -> int:
        """The id of the next broadcast."""
        return next(self._ids)

    def add(self, broadcast_id: int, draft: Draft, entry: Entry) -> Broadcast:
        """Keep an accepted broadcast."""
        moment = time.time_ns() // 1000
        if self._broadcasts:
            last = self._broadcasts[-1]
            moment = max(moment, last.moment + last.count + 1)
        broadcast = Broadcast(broadcast_id, str(uuid.uuid4()), moment, entry.first, entry.count, draft)
        self._broadcasts.append(broadcast)
        return broadcast

    def clear(self) -> None:
        """Forget all broadcasts; ids go on."""
        self._broadcasts.clear()

    def find(self, *, broadcast_id: int | None = None, broadcast_uuid: str = "") -> list[Broadcast]:
        """The broadcast with this id, or this UUID; or none."""
        if broadcast_id is not None:
            at = bisect_left(self._broadcasts, broadcast_id, key=lambda broadcast: broadcast.id)
            return [b for b in self._broadcasts[at : at + 1] if b.id == broadcast_id]
        return [broadcast for broadcast in self._broadcasts if broadcast.uuid == broadcast_uuid]

    def broadcasts(self) -> Source[Broadcast]:
        """All broadcasts, to be paged through."""
        return _source(self._broadcasts)

    def messages(self, only: list[Broadcast] | None = None) -> Source[Message]:
        """All messages (or those of the given broadcasts), to be paged through; rows are read as they are asked for."""
        broadcasts = self._broadcasts if only is None else only

        def newest(moment: int) -> Iterator[Message]:
            for broadcast in _source(broadcasts).newest(moment):
                yield from (m for m in reversed(self._messages(broadcast)) if m.moment <= moment)

        def oldest(moment: int) -> Iterator[Message]:
            # The broadcast just before this moment may still have messages after it.
            at = max(0, bisect_right(broadcasts, moment, key=lambda broadcast: broadcast.moment) - 1)
            for broadcast in itertools.islice(broadcasts, at, None):
                yield from (m for m in self._messages(broadcast) if m.moment >= moment)

        return Source(newest, oldest, lambda message: message.moment)

    def broadcast_json(self, broadcast: Broadcast) -> dict[str, object]:
        """The union of the fields that RapidPro's versions show."""
        draft = broadcast.draft
        return {
            "id": broadcast.id,
            "uuid": broadcast.uuid,
            "status": self._broadcast_status(broadcast),
            "progress": {"total": broadcast.count, "started": broadcast.count},
            "urns": draft.urns,
            "contacts": [{"uuid": contact, "name": "Contact"} for contact in draft.contacts],
            "groups": [{"uuid": group, "name": "Group"} for group in draft.groups],
            "text": draft.text,
            "attachments": draft.attachments or {language: [] for language in draft.text},
            "base_language": draft.base_language,
            "created_on": as_iso(broadcast.moment),
        }

    def message_json(self, message: Message) -> dict[str, object]:
        """One recipient's message, as `messages.json` shows it."""
        row, draft = message.row, message.broadcast.draft
        status = status_after(row.address, self._simulation.delays_since(row.due_at))
        is_urn = ":" in row.address
        contact = str(uuid.uuid5(uuid.NAMESPACE_URL, row.address)) if is_urn else row.address
        return {
            "id": row.n,
            "broadcast": message.broadcast.id,
            "contact": {"uuid": contact, "name": "Contact"},
            "urn": row.address if is_urn else None,
            "channel": _CHANNEL,
            "direction": "out",
            "type": "text",
            "status": _WORDS[status],
            "visibility": "visible",
            "text": draft.text.get(draft.base_language, ""),
            "labels": [],
            "attachments": [],
            "created_on": as_iso(message.moment),
            "sent_on": None if status is Status.QUEUED else as_iso(message.moment),
            "modified_on": as_iso(message.moment),
        }

    def _messages(self, broadcast: Broadcast) -> list[Message]:
        rows = self._simulation.record.span(broadcast.first, broadcast.count)
        return [Message(broadcast.moment + number, broadcast, row) for number, row in enumerate(rows, 1)]

    def _broadcast_status(self, broadcast: Broadcast) -> str:
        delays = self._simulation.delays_since(broadcast.moment / 1_000_000)
        if delays < _STARTED_AFTER:
            return "queued"
        return "started" if delays < 1 else "completed"


def _source(broadcasts: list[Broadcast]) -> Source[Broadcast]:
    def newest(moment: int) -> Iterator[Broadcast]:
        at = bisect_right(broadcasts, moment, key=lambda broadcast: broadcast.moment)
        return (broadcasts[index] for index in range(at - 1, -1, -1))

    def oldest(moment: int) -> Iterator[Broadcast]:
        at = bisect_left(broadcasts, moment, key=lambda broadcast: broadcast.moment)
        return itertools.islice(broadcasts, at, None)

    return Source(newest, oldest, lambda broadcast: broadcast.moment)
