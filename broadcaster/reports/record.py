"""The record in pages: the newest broadcast first, each page found by an index however many messages there are.

Two indexes hold the messages in this order: the one by which nobody gets a broadcast twice (broadcast, contact), and
the one on state, broadcast and contact. Who is in a broadcast never changes while it is sent, so somebody who walks
through it meets everybody once, whatever becomes of their messages meanwhile. Erased people have no contact; they stand
before all others of their broadcast, in the order of their keys.

    choice -> for each state: some stretches of an index after the place -> the first rows of all -> their messages
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import F, QuerySet

from broadcaster.models import Message

COLUMNS = ("broadcast_id", "contact_id", "pk")
DOWN = (F("broadcast_id").desc(), F("contact_id").desc(nulls_first=True), "-pk")
UP = (F("broadcast_id").asc(), F("contact_id").asc(nulls_last=True), "pk")


class Place(NamedTuple):
    """Where a message stands in the record."""

    broadcast: int
    contact: int | None
    message: int

    @classmethod
    def of(cls, message: Message) -> "Place":
        """The place of this one."""
        return cls(message.broadcast_id, message.contact_id, message.pk)

    @property
    def rank(self) -> tuple[int, bool, int, int]:
        """What sorts as the database does, upwards."""
        return self.broadcast, self.contact is None, self.contact or 0, self.message


@dataclass(frozen=True, slots=True)
class Choice:
    """Messages to look at: `rows`, unsorted; of these the ones in one of the `states`, or all where none is named."""

    rows: QuerySet[Message]
    states: Sequence[str] = ()


def page(choice: Choice, *, after: Place | None, upwards: bool = False, limit: int) -> list[Message]:
    """The next messages after this place, at most so many; `contact` is loaded with them."""
    kinds = [choice.rows.filter(state=state) for state in choice.states] or [choice.rows]
    found = [place for rows in kinds for place in islice(_places(rows, after, upwards=upwards, limit=limit), limit)]
    places = sorted(found, key=lambda place: place.rank, reverse=not upwards)[:limit]
    by_key = Message.objects.select_related("contact").in_bulk([place.message for place in places])
    return [by_key[place.message] for place in places if place.message in by_key]


def walk(choice: Choice, *, chunk: int) -> Iterator[list[Message]]:
    """All of them, a chunk at a time, which is all that is in memory."""
    after = None
    while messages := page(choice, after=after, limit=chunk):
        yield messages
        after = Place.of(messages[-1])


def _places(rows: QuerySet[Message], after: Place | None, *, upwards: bool, limit: int) -> Iterator[Place]:
    """The places after this one, in their order; the next stretch is looked at only where the last one has ended."""
    for stretch in _stretches(rows, after, upwards=upwards):
        ordered = stretch.order_by(*(UP if upwards else DOWN)).values_list(*COLUMNS)
        yield from (Place(*columns) for columns in ordered[:limit])


def _stretches(rows: QuerySet[Message], after: Place | None, *, upwards: bool) -> list[QuerySet[Message]]:
    """What comes after the place, in parts that are one range of an index each: no database sees that in an OR."""
    if after is None:
        return [rows]
    than = "gt" if upwards else "lt"
    same = rows.filter(broadcast=after.broadcast)
    others = rows.filter(**_beyond("broadcast", than, after.broadcast))
    if after.contact is None:
        erased = same.filter(contact=None, **_beyond("pk", than, after.message))
        return [erased, others] if upwards else [erased, same.filter(contact__isnull=False), others]
    known = same.filter(**_beyond("contact", than, after.contact))
    return [known, same.filter(contact=None), others] if upwards else [known, others]


def _beyond(name: str, than: str, key: int) -> dict[str, Any]:
    return {f"{name}__{than}": key}
