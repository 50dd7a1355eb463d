"""People who say stop: by a provider's code for opted-out, or by a word in a reply.

Whoever replies that they want to be written to again stays out: that takes a person, who finds the reply noted beside
the opt-out.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from broadcaster.audience import consent, segments
from broadcaster.models import Channel, Message, Suppression
from broadcaster.receipts import spikes, stop_words
from broadcaster.receipts.matching import Target
from broadcaster.receipts.stop_words import Meaning
from providers import DeliveryStatus, ReceiptEvent

NOTE = re.compile(r" ?They replied \S+ on [^.]*\.$")


def honour(channel: Channel, events: Sequence[ReceiptEvent], found: Sequence[Target | None]) -> None:
    """Suppress those who opted out, on this channel, and note who wants to come back."""
    told = {
        message.pk: message.address
        for event, message in zip(events, found, strict=True)
        if message and event.status == DeliveryStatus.OPTED_OUT
    }
    if told:
        spikes.suppress({*told.values(), *_present_addresses(told)}, channel=channel)
    if stopped := _who_replied(events, "stop"):
        consent.suppress(stopped, channel=channel, reason="This person replied with a stop word.", source="reply")
    if started := _who_replied(events, "start"):
        _note(started, channel)


def _present_addresses(told: Mapping[int, str]) -> set[str]:
    """Where those are reached today who have given up the address (by message key) to which they were written.

    Whoever still has it is out by it, so a spike counts a person once. A provider's group is nobody.
    """
    theirs = Message.objects.filter(pk__in=list(told), contact__isnull=False).order_by()
    people = theirs.values_list("pk", "contact__phone", "contact__identifier")
    moved = [pair for pk, *pair in people if told[pk] not in pair]
    present = {address for pair in moved for address in pair if address}
    return {address for address in present if not address.startswith(segments.GROUP)}


def _who_replied(events: Sequence[ReceiptEvent], wanted: Meaning) -> set[str]:
    return {
        _phone(event.address)
        for event in events
        if event.inbound and event.address and stop_words.meaning(event.inbound) == wanted
    }


def _note(addresses: Collection[str], channel: Channel) -> None:
    """Write the wish beside the opt-outs of these people, so that somebody sees it; the last one counts."""
    today = date_format(timezone.localdate(), "j F Y")
    note = f"They replied START on {today}."
    theirs = Suppression.objects.filter(Q(channel=None) | Q(channel=channel), address__in=addresses)
    for opt_out in theirs.select_for_update(of=("self",)).order_by("pk"):
        known = NOTE.sub("", opt_out.reason)[: consent.REASON_LIMIT - len(note) - 1]
        Suppression.objects.filter(pk=opt_out.pk).update(reason=f"{known} {note}".strip())


def _phone(address: str) -> str:
    return f"+{address}" if address.isdigit() else address
