"""RapidPro's broadcasts as they are listed and polled: what was accepted, with statuses that grow with time."""

import itertools
import time
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from providers.simulator.doors import Simulation
from providers.simulator.magic import Status, status_after
from providers.simulator.rapidpro_pages import Source, as_iso
from providers.simulator.record import Entry, Row

NAME = "rapidpro"
_CHANNEL = {"uuid": "9a8b001e-a913-486c-80f4-1356e23f582e", "name": "Simulated channel"}
_STARTED_AFTER = 0.25
_WORKSPACE = 0x0199C3B4D5E67A8B
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
    """One accepted broadcast; what it says stands in the record, from row `first` on.

    Its messages follow it in time, a microsecond apart: no two moments are equal.
    """

    id: int
    moment: int
    first: int
    count: int


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

    def add(self, broadcast_id: int, entry: Entry) -> Broadcast:
        """Keep an accepted broadcast."""
        moment = time.time_ns() // 1000
        if self._broadcasts:
            last = self._broadcasts[-1]
            moment = max(moment, last.moment + last.count + 1)
        broadcast = Broadcast(broadcast_id, moment, entry.first, entry.count)
        self._broadcasts.append(broadcast)
        return broadcast

    def clear(self) -> None:
        """Forget all broadcasts; ids go on."""
        self._broadcasts.clear()

    def find(self, broadcast_id: int) -> list[Broadcast]:
        """The broadcast with this id, or none."""
        at = bisect_left(self._broadcasts, broadcast_id, key=lambda broadcast: broadcast.id)
        return [broadcast for broadcast in self._broadcasts[at : at + 1] if broadcast.id == broadcast_id]

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
        """A broadcast as it was kept."""
        rows = self._simulation.record.span(broadcast.first, broadcast.count)
        return self.show(broadcast, [row.address for row in rows], rows[0].content)

    def show(self, broadcast: Broadcast, addresses: list[str], content: Mapping[str, Any]) -> dict[str, object]:
        """The union of the fields that RapidPro's versions show."""
        groups = broadcast.count - content["groups"]
        contacts = groups - content["contacts"]
        return {
            "id": broadcast.id,
            "uuid": uuid_of(broadcast.id),
            "status": self._broadcast_status(broadcast),
            "progress": {"total": broadcast.count, "started": broadcast.count},
            "urns": addresses[:contacts],
            "contacts": [{"uuid": contact, "name": "Contact"} for contact in addresses[contacts:groups]],
            "groups": [{"uuid": group, "name": "Group"} for group in addresses[groups:]],
            "text": content["translations"],
            "attachments": content["attachments"] or {language: [] for language in content["translations"]},
            "base_language": content["language"],
            "created_on": as_iso(broadcast.moment),
        }

    def message_json(self, message: Message) -> dict[str, object]:
        """One recipient's message, as `messages.json` shows it."""
        row = message.row
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
            "text": row.content["text"],
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


def uuid_of(broadcast_id: int) -> str:
    """A broadcast's UUID holds its id, so that neither has to be searched for."""
    return str(uuid.UUID(int=_WORKSPACE << 64 | broadcast_id))


def id_of(broadcast_uuid: uuid.UUID) -> int:
    """The id in a broadcast's UUID; 0, which no broadcast has, for any other UUID."""
    workspace, broadcast_id = divmod(broadcast_uuid.int, 1 << 64)
    return broadcast_id if workspace == _WORKSPACE else 0


def _source(broadcasts: list[Broadcast]) -> Source[Broadcast]:
    def newest(moment: int) -> Iterator[Broadcast]:
        at = bisect_right(broadcasts, moment, key=lambda broadcast: broadcast.moment)
        return (broadcasts[index] for index in range(at - 1, -1, -1))

    def oldest(moment: int) -> Iterator[Broadcast]:
        at = bisect_left(broadcasts, moment, key=lambda broadcast: broadcast.moment)
        return itertools.islice(broadcasts, at, None)

    return Source(newest, oldest, lambda broadcast: broadcast.moment)
