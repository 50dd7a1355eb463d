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
        self.by_address = {_digits(message.address): message for message in _locked(recent)}

    def find(self, event: ReceiptEvent) -> Message | None:
        referenced = self._referenced(event)
        if referenced:
            return referenced
        candidates = self.by_provider_id.get(event.provider_id, [])
        if len(candidates) == 1 and not event.address:
            return candidates[0]
        fitting = [message for message in candidates if _digits(message.address) == _digits(event.address)]
        if fitting:
            return fitting[0]
        nameless = not event.provider_id and not event.reference
        return self.by_address.get(_digits(event.address)) if nameless and event.address else None

    def _referenced(self, event: ReceiptEvent) -> Message | None:
        split = gateway.split_reference(event.reference)
        message = self.by_id.get(split[1]) if split else None
        ours = message is not None and split is not None and message.broadcast.uuid.hex.startswith(split[0])
        return message if ours else None


def _locked(messages: QuerySet[Message]) -> Iterable[Message]:
    return messages.select_for_update(of=("self",)).order_by("pk")  # one order, so that two appliers cannot deadlock


def _digits(address: str) -> str:
    """Addresses are compared by their digits: providers add and drop the plus."""
    digits = "".join(character for character in address if character.isdigit())
    return digits if len(digits) > 4 else address  # noqa: PLR2004  an identifier, not a phone


def _spellings(addresses: Iterable[str]) -> set[str]:
    return {spelling for address in addresses for spelling in (address, f"+{address.lstrip('+')}") if address}
