"""Finds the message that an event speaks of: by our reference, else provider id, else address.

Whoever writes to the same people through the same account, such as an agent, has events with the same addresses. So an
event that has nothing but an address must be no older than the message, and what it may say is less: see `apply`.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models.functions import Coalesce
from django.utils import timezone

from broadcaster import gateway
from broadcaster.audience.erasure import ERASED
from broadcaster.models import Broadcast, Channel, Message
from providers import ReceiptEvent

ADDRESS_ALONE = timedelta(days=3)  # an event that names only an address speaks of a message not older than this
CLOCKS = timedelta(minutes=5)  # by which the provider's clock may be behind ours
NOT_HANDED_OUT = (Message.State.PENDING, Message.State.SKIPPED)


class Target(NamedTuple):
    """What a receipt needs of its message; a tuple, since a model instance costs more than all the rest."""

    pk: int
    broadcast_id: int
    batch_id: int
    state: str
    provider_id: str
    address: str


def messages_of(channel: Channel, events: Sequence[ReceiptEvent]) -> list[Target | None]:
    """The message of each event, locked, or None. In a transaction.

    Looked for without locks, then locked in one order, so that two appliers cannot wait for each other.
    """
    finder = _Finder(channel, events)
    targets = [finder.find(number) for number in range(len(events))]
    misled = [number for number, target in enumerate(targets) if target is None and finder.is_misled(number)]
    if misled:  # what reads like a reference of ours is not one, so the provider's id decides
        again = messages_of(channel, [replace(events[number], reference="") for number in misled])
        for number, target in zip(misled, again, strict=True):
            targets[number] = target
    return targets


def is_nameless(event: ReceiptEvent) -> bool:
    """Whether the event has nothing but its address by which its message is found."""
    return not event.provider_id and not event.reference


class _Finder:
    """Looks all events up with a few queries, then answers for each."""

    def __init__(self, channel: Channel, events: Sequence[ReceiptEvent]) -> None:
        self.events = events
        self.references = [gateway.split_reference(event.reference) for event in events]
        others = [event for event, split in zip(events, self.references, strict=True) if split is None]
        by_id = {split[1] for split in self.references if split}
        by_provider_id = _with_provider_id({event.provider_id for event in others})
        alone = _to_address({event.address for event in others if is_nameless(event)})
        handed_out = _locked(by_id | by_provider_id | alone)
        self.prefixes = _prefixes(channel, {target.broadcast_id for target in handed_out.values()})
        self.targets = {pk: target for pk, target in handed_out.items() if target.broadcast_id in self.prefixes}
        self.by_provider_id: defaultdict[str, list[Target]] = defaultdict(list)
        for pk in sorted(by_provider_id & self.targets.keys()):
            self.by_provider_id[self.targets[pk].provider_id].append(self.targets[pk])
        self.by_address: defaultdict[str, list[tuple[Target, datetime]]] = defaultdict(list)
        for pk, since in _handed_over(alone & self.targets.keys()):
            self.by_address[_bare(self.targets[pk].address)].append((self.targets[pk], since))

    def find(self, number: int) -> Target | None:
        """The message of the event with this number."""
        event, split = self.events[number], self.references[number]
        if split:
            return self._referred_to(*split)
        return self._written_to(event) if is_nameless(event) else self._known_by_id(event)

    def _referred_to(self, prefix: str, pk: int) -> Target | None:
        target = self.targets.get(pk)
        return target if target and self.prefixes[target.broadcast_id] == prefix else None

    def _written_to(self, event: ReceiptEvent) -> Target | None:
        """The newest message to the address that is no newer than the event."""
        written = self.by_address.get(_bare(event.address), [])
        return next((target for target, since in written if not event.at or event.at >= since - CLOCKS), None)

    def _known_by_id(self, event: ReceiptEvent) -> Target | None:
        """The message with the provider's id; an address tells several of one id apart."""
        candidates = self.by_provider_id.get(event.provider_id, [])
        only = candidates[0] if len(candidates) == 1 else None
        if not event.address or (only and only.address == ERASED):
            return only  # an id of its own; an address that was erased can be compared with none
        address = _bare(event.address)
        return next((target for target in candidates if _bare(target.address) == address), None)

    def is_misled(self, number: int) -> bool:
        """Whether the event has a reference like ours, and an id to look for where the reference is not."""
        return self.references[number] is not None and bool(self.events[number].provider_id)


# Messages are asked for by what their index holds and by nothing else, not even their channel: a database without
# statistics takes any other wish for an invitation to read every message that fulfils it.


def _with_provider_id(provider_ids: set[str]) -> set[int]:
    named = provider_ids - {""}
    # Said twice that none is empty, or no database would dare to use the index, which has no empty ones.
    found = Message.objects.filter(provider_id__in=named).exclude(provider_id="")
    return set(found.order_by().values_list("pk", flat=True)) if named else set()


def _to_address(addresses: set[str]) -> set[int]:
    spellings = {spelling for address in addresses - {""} for spelling in (_bare(address), f"+{_bare(address)}")}
    found = Message.objects.filter(address__in=spellings, changed_at__gte=timezone.now() - ADDRESS_ALONE)
    return set(found.order_by().values_list("pk", flat=True)) if spellings else set()


def _handed_over(keys: Collection[int]) -> list[tuple[int, datetime]]:
    """The messages, the newest first, each with a time before which nothing can have been told of it."""
    since = Coalesce("accepted_at", "batch__started_at", "changed_at")
    found = Message.objects.filter(pk__in=keys).order_by("-pk").annotate(since=since)
    return list(found.values_list("pk", "since")) if keys else []


def _locked(keys: Collection[int]) -> dict[int, Target]:
    """Those that were handed out; a pending one is left to its pump, which may hold its batch and want the message."""
    handed_out = Message.objects.filter(pk__in=keys).exclude(state__in=NOT_HANDED_OUT)
    rows = handed_out.select_for_update(no_key=True).order_by("pk").values_list(*Target._fields)
    return {row[0]: Target(*row) for row in rows}


def _prefixes(channel: Channel, broadcast_ids: Collection[int]) -> dict[int, str]:
    """How the references begin of those of the broadcasts that are the channel's."""
    broadcasts = Broadcast.objects.filter(pk__in=broadcast_ids, channel=channel).only("uuid")
    return {broadcast.pk: gateway.reference(broadcast, 0).partition("-")[0] for broadcast in broadcasts}


def _bare(address: str) -> str:
    """Addresses are compared without the plus, which providers add and drop."""
    return address.removeprefix("+")
