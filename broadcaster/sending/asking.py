"""Asks providers that can be asked whether they have the messages whose answer was lost.

Found: accepted, with the provider's id, so that its receipts come in. Not found: still unknown; it is never sent again
by itself, for a provider may make late what it did not answer, and a list may hide it.
"""

import logging
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

import providers
from broadcaster import gateway
from broadcaster.audience.erasure import ERASED
from broadcaster.models import Batch, Channel, Message
from broadcaster.sending import ledger
from broadcaster.sending.ledger import Change
from broadcaster.sending.window import Builder, Row

log = logging.getLogger(__name__)

ASK_FOR = timedelta(hours=6)  # what is not there by then was never made
CLOCKS = timedelta(minutes=1)  # ours and the provider's may differ by this
LATE = timedelta(minutes=5)  # a provider may make a post so long after we have given up on its answer
BATCHES_AN_ASK = 20


def channels() -> list[Channel]:
    """The channels that can be asked and have messages to ask about."""
    enabled = Channel.objects.filter(enabled=True)
    return [channel for channel in enabled if _can_be_asked(channel) and _unknown(channel).exists()]


def ask(channel_id: int) -> int:
    """Ask once about what is unknown of late; how many messages were found. Some batches, chosen by lot, at a time."""
    channel = Channel.objects.get(pk=channel_id)
    batch_ids = list(_unknown(channel).order_by().values_list("batch", flat=True).distinct())
    chosen = random.sample(batch_ids, min(len(batch_ids), BATCHES_AN_ASK))
    found = 0
    try:
        for batch in Batch.objects.filter(pk__in=chosen).select_related("broadcast"):
            found += _ask_about(channel, batch)
    except (providers.ProviderError, providers.ConfigurationError) as error:
        log.warning("channel %s could not be asked about lost answers: %s", channel, error)
    return found


def _can_be_asked(channel: Channel) -> bool:
    return channel.kind in providers.kinds() and channel.client_class.capabilities.lookup


def _unknown(channel: Channel) -> QuerySet[Message]:
    since = timezone.now() - ASK_FOR
    return Message.objects.filter(
        broadcast__channel=channel,
        broadcast__served_at__gte=since - LATE,  # few broadcasts, found without a look at their messages
        state=Message.State.UNKNOWN,
        changed_at__gte=since,
    ).exclude(address=ERASED)  # nobody can say any more to whom it went


def _ask_about(channel: Channel, batch: Batch) -> int:
    """Ask about one batch's unknown messages; how many were found."""
    rows = list(_unknown(channel).filter(batch=batch).select_related("contact"))
    if not rows:
        return 0
    since = (batch.started_at or batch.not_before) - CLOCKS
    until = max(row.changed_at for row in rows if row.changed_at) + LATE
    answers = gateway.connect(channel).lookup(_posted(channel, batch, rows), since, until)
    ids = {row.pk: answer for row, answer in zip(rows, answers, strict=True) if answer}
    return _accept(channel, rows, ids, since) if ids else 0


def _posted(channel: Channel, batch: Batch, rows: Sequence[Message]) -> list[providers.OutboundMessage]:
    """The messages as they were posted: the content is frozen, and the rows keep their variables."""
    builder = Builder(batch.broadcast, channel, batch.pk)
    return [builder.outbound(_row(message)) for message in rows]


def _row(message: Message) -> Row:
    name = message.contact.name if message.contact else None
    return Row(
        message.pk, message.seq, message.attempts, message.address, message.language, name, variables=message.variables
    )


def _nameless(since: datetime) -> Q:
    """Those that may have been posted as well, with nothing to say which of the provider's posts is theirs."""
    on_its_way = Q(state=Message.State.PENDING, batch__state=Batch.State.LEASED, seq__lte=F("batch__handed_through"))
    states = [Message.State.ACCEPTED, Message.State.SENT, Message.State.DELIVERED, Message.State.READ]
    return on_its_way | Q(state__in=states, provider_id="", changed_at__gte=since)


def _accept(channel: Channel, rows: Sequence[Message], ids: Mapping[int, Sequence[str]], since: datetime) -> int:
    """Give each message a post that no other message has, as far as there are any; how many got one.

    Whoever else asks about one of these addresses waits for the lock, and then sees which posts are taken.
    """
    of_channel = Message.objects.filter(broadcast__channel=channel)
    asked = of_channel.filter(address__in={row.address for row in rows if row.pk in ids})
    changes: list[Change] = []
    with transaction.atomic():
        locked = asked.filter(state=Message.State.UNKNOWN).select_for_update(of=("self",)).order_by("pk")
        still_unknown = {row.pk: row for row in locked}
        everything = {provider_id for answer in ids.values() for provider_id in answer}
        having = of_channel.filter(provider_id__in=everything)
        taken = set(having.values_list("provider_id", "address"))
        unclear = set(asked.filter(_nameless(since)).values_list("address", flat=True))
        for row in (still_unknown[pk] for pk in sorted(ids) if pk in still_unknown):
            free = [each for each in ids[row.pk] if (each, row.address) not in taken]
            if free and row.address not in unclear:
                taken.add((free[0], row.address))
                changes.append(Change(row.pk, row.batch_id, "unknown", "accepted", provider_id=free[0]))
        return ledger.write(changes, now=timezone.now())
