"""Finds the message that an event speaks of: by our reference, else provider id, else address."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from broadcaster import gateway
from broadcaster.models import Channel, Message
from providers import ReceiptEvent

ADDRESS_ALONE = timedelta(days=3)  # an event that names only an address speaks of a message not older than this
HANDED_OUT = (*(state for state in Message.State if state not in (Message.State.PENDING, Message.State.SKIPPED)),)


def messages_of(channel: Channel, events: Sequence[ReceiptEvent]) -> list[Message | None]:
    """The message of each event, locked, or None."""
    finder = _Finder(channel, events)
    return [finder.find(event) for event in events]


class _Finder:
    """Looks all events up with a few queries, then answers for each."""

    def __init__(self, channel: Channel, events: Sequence[ReceiptEvent]) -> None:
        mine = Message.objects.filter(broadcast__channel=channel, state__in=HANDED_OUT).select_related("broadcast")
        references = [split for event in events if (split := gateway.split_reference(event.reference))]
        self.by_id = {message.pk: message for message in _locked(mine.filter(pk__in={pk for _, pk in references}))}
        without = [event for event in events if self._referenced(event) is None]
        provider_ids = {event.provider_id for event in without if event.provider_id}
        self.by_provider_id: dict[str, list[Message]] = {}
        for message in _locked(mine.filter(provider_id__in=provider_ids)):
            self.by_provider_id.setdefault(message.provider_id, []).append(message)
        alone = {event.address for event in without if not event.provider_id and not event.reference}
        recent = mine.filter(address__in=_spellings(alone), changed_at__gte=timezone.now() - ADDRESS_ALONE)
        self.by_address = {_bare(message.address): message for message in _locked(recent)}  # the newest wins

    def find(self, event: ReceiptEvent) -> Message | None:
        referenced = self._referenced(event)
        if referenced:
            return referenced
        candidates = self.by_provider_id.get(event.provider_id, [])
        if len(candidates) == 1 and not event.address:
            return candidates[0]
        fitting = [message for message in candidates if _bare(message.address) == _bare(event.address)]
        if fitting:
            return fitting[0]
        nameless = not event.provider_id and not event.reference
        return self.by_address.get(_bare(event.address)) if nameless and event.address else None

    def _referenced(self, event: ReceiptEvent) -> Message | None:
        split = gateway.split_reference(event.reference)
        message = self.by_id.get(split[1]) if split else None
        ours = message is not None and split is not None and message.broadcast.uuid.hex.startswith(split[0])
        return message if ours else None


def _locked(messages: QuerySet[Message]) -> Iterable[Message]:
    return messages.select_for_update(of=("self",)).order_by("pk")  # one order, so that two appliers cannot deadlock


def _bare(address: str) -> str:
    """Addresses are compared without the plus, which providers add and drop."""
    return address.removeprefix("+")


def _spellings(addresses: Iterable[str]) -> set[str]:
    return {spelling for address in addresses for spelling in (_bare(address), f"+{_bare(address)}") if address}
