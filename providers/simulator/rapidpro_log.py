"""RapidPro's broadcasts as they are listed and polled: what was accepted, with statuses that grow with time.

A recipient of a broadcast is a row of the record; a message goes to a person. A group stands for its members, each of
whom has a message, unless the broadcast to it is given up: then there is none, and its status says so.
"""

import itertools
import time
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from providers.simulator.doors import Simulation
from providers.simulator.magic import Fate, Status, fate_of, status_after
from providers.simulator.rapidpro_fields import Draft
from providers.simulator.rapidpro_pages import Source, as_iso
from providers.simulator.rapidpro_people import group_of, reached_by
from providers.simulator.record import Entry, Row

NAME = "rapidpro"
_CHANNEL = {"uuid": "9a8b001e-a913-486c-80f4-1356e23f582e", "name": "Simulated channel"}
_STARTED_AFTER = 0.25
_MEMBERS_FROM = 10**9  # the ids of messages to members of groups, far above those of all others
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
# Upstream's folders of outgoing messages; those of incoming ones are empty here.
FOLDERS: Mapping[str, frozenset[str]] = {
    "outbox": frozenset({"initializing", "queued", "errored"}),
    "sent": frozenset({"wired", "sent", "delivered", "read"}),
    "failed": frozenset({"failed"}),
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
    people: int


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a broadcast to one person, at its own moment.

    `row` is the recipient that stands for them, and `fateful` the address that decides what becomes of the message.
    """

    id: int
    moment: int
    broadcast: Broadcast
    row: Row
    contact: str
    urn: str
    fateful: str


class BroadcastLog:
    """All broadcasts in the order of their creation, which is also that of their ids and moments."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._broadcasts: list[Broadcast] = []
        self._ids = itertools.count(1001)

    def next_id(self) -> int:
        """The id of the next broadcast."""
        return next(self._ids)

    def add(self, broadcast_id: int, entry: Entry, people: int) -> Broadcast:
        """Keep an accepted broadcast that reaches so many people."""
        moment = time.time_ns() // 1000
        if self._broadcasts:
            last = self._broadcasts[-1]
            moment = max(moment, last.moment + last.people + 1)
        broadcast = Broadcast(broadcast_id, moment, entry.first, entry.count, people)
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

    def messages(self, only: list[Broadcast] | None = None, folder: str = "") -> Source[Message]:
        """All messages (those of the given broadcasts, or of a folder), to be paged through.

        Rows are read as they are asked for. A folder that upstream does not know is empty.
        """
        broadcasts = self._broadcasts if only is None else only

        def newest(moment: int) -> Iterator[Message]:
            for broadcast in _source(broadcasts).newest(moment):
                yield from (m for m in reversed(self._messages(broadcast)) if m.moment <= moment)

        def oldest(moment: int) -> Iterator[Message]:
            # The broadcast just before this moment may still have messages after it.
            at = max(0, bisect_right(broadcasts, moment, key=lambda broadcast: broadcast.moment) - 1)
            for broadcast in itertools.islice(broadcasts, at, None):
                yield from (m for m in self._messages(broadcast) if m.moment >= moment)

        def is_inside(message: Message) -> bool:
            return not folder or self._word(message) in FOLDERS.get(folder, ())

        return Source(newest, oldest, lambda message: message.moment, is_inside)

    def broadcast_json(self, broadcast: Broadcast) -> dict[str, object]:
        """A broadcast as it was kept."""
        rows = self._simulation.record.span(broadcast.first, broadcast.count)
        return self.show(broadcast, [row.address for row in rows], rows[0].content)

    def show(self, broadcast: Broadcast, addresses: list[str], content: Mapping[str, Any]) -> dict[str, object]:
        """The union of the fields that RapidPro's versions show."""
        groups = broadcast.count - content["groups"]
        contacts = groups - content["contacts"]
        texts, files, replies = content["translations"], content["attachments"], content["quick_replies"]
        languages = dict.fromkeys([*texts, *files, *replies])
        return {
            "id": broadcast.id,
            "uuid": uuid_of(broadcast.id),
            "status": self._broadcast_status(broadcast, addresses[groups:]),
            "progress": {"total": broadcast.people, "started": broadcast.people},
            "urns": addresses[:contacts],
            "contacts": [{"uuid": contact, "name": "Contact"} for contact in addresses[contacts:groups]],
            "groups": [{"uuid": group, "name": _name_of(group)} for group in addresses[groups:]],
            "text": {language: texts.get(language) for language in languages},
            "attachments": {language: files.get(language, []) for language in languages},
            "quick_replies": {language: replies.get(language, []) for language in languages},
            "base_language": content["language"],
            "created_on": as_iso(broadcast.moment),
        }

    def message_json(self, message: Message) -> dict[str, object]:
        """One recipient's message, as `messages.json` shows it."""
        word = self._word(message)
        return {
            "id": message.id,
            "broadcast": message.broadcast.id,
            "contact": {"uuid": message.contact, "name": "Contact"},
            "urn": message.urn,
            "channel": _CHANNEL,
            "direction": "out",
            "type": "text",
            "status": word,
            "visibility": "visible",
            "text": message.row.content["text"],
            "labels": [],
            "attachments": [],
            "created_on": as_iso(message.moment),
            "sent_on": None if word == _WORDS[Status.QUEUED] else as_iso(message.moment),
            "modified_on": as_iso(message.moment),
        }

    def _messages(self, broadcast: Broadcast) -> list[Message]:
        rows = self._simulation.record.span(broadcast.first, broadcast.count)
        reached = ((row, *person) for row in rows for person in _people(row.address))
        return [_message(broadcast, number, *each) for number, each in enumerate(reached, 1)]

    def _word(self, message: Message) -> str:
        return _WORDS[status_after(message.fateful, self._simulation.delays_since(message.row.due_at))]

    def _broadcast_status(self, broadcast: Broadcast, groups: list[str]) -> str:
        delays = self._simulation.delays_since(broadcast.moment / 1_000_000)
        if delays < _STARTED_AFTER:
            return "queued"
        if delays < 1:
            return "started"
        return "failed" if any(map(_is_given_up, groups)) else "completed"


def people_in(draft: Draft) -> int:
    """How many people a new broadcast reaches."""
    return sum(1 for address in draft.recipients for _ in _people(address))


def _people(address: str) -> Iterator[tuple[str, str]]:
    """(contact, URN) of everybody who has a message."""
    return iter(()) if _is_given_up(address) else reached_by(address)


def _message(broadcast: Broadcast, number: int, row: Row, contact: str, urn: str) -> Message:
    is_member = _is_group(row.address)
    return Message(
        id=number * _MEMBERS_FROM + row.n if is_member else row.n,
        moment=broadcast.moment + number,
        broadcast=broadcast,
        row=row,
        contact=contact,
        urn=urn,
        fateful=urn if is_member else row.address,
    )


def _is_group(address: str) -> bool:
    return ":" not in address and group_of(address) is not None


def _is_given_up(address: str) -> bool:
    """Whether the address is of a group that no broadcast reaches."""
    return _is_group(address) and fate_of(address) is Fate.FAILS_LATER


def _name_of(group: str) -> str:
    found = group_of(group)
    return found.name if found else ""


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
