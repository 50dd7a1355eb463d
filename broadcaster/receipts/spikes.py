"""The breaker for opt-outs by a provider's code: an outage that marks everybody opted-out must not stick.

    many in a short time -> a spike is opened, the channel held -> more of them join it -> a person decides, once
    kept: the opt-outs stay         taken back: all of them go, on record         either way the channel is released

Until then nobody of them is written to. What people say themselves, in a reply or to an operator, is no part of it.
Receipts lock rows, then the spike, then change the channel; whoever decides locks the spike first. So what joins and
what is decided never miss each other.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from broadcaster.audience import consent
from broadcaster.models import Broadcast, Channel, Message, OptOutSpike, Suppression
from broadcaster.sending import outcomes

SOURCE = consent.REPORTED
REASON = "The provider says that this person opted out."
HELD = (
    "Unusually many people opted out at once by the provider's word, which may be its mistake. "
    "Decide on the page of opt-outs whether they are real."
)
SPAN = timedelta(hours=1)
LATEST = timedelta(days=3)  # receipts of a broadcast come in for about so long after its last batch
# Counting messages reads whole broadcasts, so after "no" it is done again in a minute, or once a tenth more opted out:
# the last receipts of an outage are not followed by others that would ask.
LOOK_EVERY_S, GROWN = 60, 1.1
TOLD = tuple(state for state in Message.State if state not in (Message.State.PENDING, Message.State.SKIPPED))

Decision = OptOutSpike.Decision


def suppress(addresses: Collection[str], *, channel: Channel) -> None:
    """Suppress those of whom the provider says that they opted out; a spike of them is opened. In a transaction."""
    spike = opened(channel)
    consent.suppress(addresses, channel=channel, reason=REASON, source=SOURCE, spike=spike)
    if spike is None and _is_spike(channel):
        _open(channel)


def opened(channel: Channel) -> OptOutSpike | None:
    """The channel's spike that waits for a decision, locked. In a transaction."""
    return OptOutSpike.objects.select_for_update(of=("self",), no_key=True).filter(channel=channel, decision="").first()


def waiting() -> QuerySet[OptOutSpike]:
    """The spikes that wait for a decision."""
    return OptOutSpike.objects.filter(decision="").select_related("channel").order_by("pk")


def decide(spike: OptOutSpike, decision: OptOutSpike.Decision, *, author: User, reason: str) -> int | None:
    """Keep the spike's opt-outs or take all of them back, and let the channel send; how many there were.

    None where somebody decided already. What comes back does so with the reason on record.
    """
    with transaction.atomic():
        waits = OptOutSpike.objects.filter(pk=spike.pk, decision="")
        if waits.update(decision=decision, decided_at=timezone.now(), decided_by=author) != 1:
            return None
        _join(spike)
        opt_outs = Suppression.objects.filter(spike=spike)
        if decision == Decision.TAKEN_BACK:
            number = consent.take_back(opt_outs, author=author, reason=reason)
        else:
            number = opt_outs.count()
        Channel.objects.filter(pk=spike.channel_id, hold_reason=HELD).update(hold_reason="", hold_until=None)
    return number


def _open(channel: Channel) -> None:
    """Open a spike with all that led to it. Of two appliers one does, and the other joins."""
    OptOutSpike.objects.bulk_create([OptOutSpike(channel=channel)], ignore_conflicts=True)
    spike = opened(channel)
    if spike:  # unless somebody has decided in this moment
        _join(spike)
        outcomes.hold(channel, reason=HELD, until=None)


def _join(spike: OptOutSpike) -> None:
    """Let the opt-outs of the same span belong to the spike; those of an earlier one belong to that."""
    _reported(spike.channel, spike.opened_at - SPAN).update(spike=spike)


def _reported(channel: Channel, since: datetime) -> QuerySet[Suppression]:
    return Suppression.objects.filter(channel=channel, source=SOURCE, spike=None, created_at__gte=since)


def _is_spike(channel: Channel) -> bool:
    """Whether so many opted out within the span, and so large a share of those of whom anything was told in it."""
    since = timezone.now() - SPAN
    number = _reported(channel, since).count()
    if number < settings.OPT_OUT_SPIKE:
        return False
    looked = f"no-spike-{channel.pk}"
    if number < (cache.get(looked) or 0) * GROWN:
        return False
    most = number * 100 // max(1, settings.OPT_OUT_SPIKE_PERCENT)
    if not _more_than(most, channel, since):
        return True
    cache.set(looked, number, timeout=LOOK_EVERY_S)
    return False


def _more_than(most: int, channel: Channel, since: datetime) -> bool:
    """Whether more than so many of the channel's messages were told of since then; counts no further than needed."""
    counted = 0
    recent = Broadcast.objects.filter(channel=channel, served_at__gte=since - LATEST).order_by("-served_at")
    for broadcast_id in recent.values_list("pk", flat=True):
        told = Message.objects.filter(broadcast=broadcast_id, state__in=TOLD, changed_at__gte=since).order_by()
        counted += told[: most + 1 - counted].count()
        if counted > most:
            return True
    return False
