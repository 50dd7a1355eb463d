"""What a provider's answers mean for the rows, one reason for each branch, and for the channel.

accepted          -> accepted
retry             -> pending again, in a later batch, at most MAX_ATTEMPTS times and never past the expiry
rejected          -> failed
channel_rejected  -> pending; the channel is held until a person releases it
channel_held      -> pending; the channel is held for a while and then tries again
unknown           -> unknown, never sent again by itself
"""

import logging
import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

import providers
from broadcaster.models import Batch, Channel, Message, ProviderCall
from broadcaster.sending.ledger import Change, Retry
from providers import Outcome, SendResult

log = logging.getLogger(__name__)

STATES = {
    Outcome.ACCEPTED: Message.State.ACCEPTED,
    Outcome.REJECTED: Message.State.FAILED,
    Outcome.RETRY: Message.State.FAILED,  # tried often enough; every try was surely refused
}
FIRST_DELAY_S = 5.0
LONGEST_DELAY_S = 600.0
PROBE_AFTER = timedelta(minutes=15)  # a channel without balance is tried again so often
FAILED_CALLS_KEPT = 20  # of one window; the same refusal a hundred times tells no more than twenty times


def decide(
    messages: Sequence[Message], results: Sequence[SendResult], channel: Channel
) -> tuple[list[Change], list[Retry]]:
    """The rows' changes and the retries that follow from one window's results; holds the channel where they say so."""
    changes: list[Change] = []
    retries: list[Retry] = []
    for message, result in zip(messages, results, strict=True):
        decided = _decide(message, result)
        if isinstance(decided, Retry):
            retries.append(decided)
        else:
            changes.append(decided)
    _hold_if_refused(results, channel)
    return changes, retries


def hold(channel: Channel, *, reason: str, until: datetime | None) -> None:
    """Stop the channel: its messages stay pending. `until` None waits for a person, and no end may be put to that."""
    channels = Channel.objects.filter(pk=channel.pk)
    if until is not None:
        channels = channels.filter(Q(hold_reason="") | Q(hold_until__isnull=False))
    channels.update(hold_reason=reason[:500], hold_until=until)
    log.warning("channel %s is held: %s", channel, reason)


def release(channel: Channel) -> None:
    """Let a held channel send again."""
    Channel.objects.filter(pk=channel.pk).update(hold_reason="", hold_until=None)


def delay_s(attempt: int, asked_s: float | None) -> float:
    """Seconds until the next try: what the provider asked for, else exponential with full jitter on the upper half."""
    if asked_s is not None:
        return asked_s
    longest = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** max(0, attempt - 1))
    return longest / 2 + random.uniform(0, longest / 2)  # noqa: S311  spreads load, keeps no secret


def keep_calls(batch: Batch, results: Sequence[SendResult]) -> None:
    """Keep the calls that failed and the first of each batch, for people who look into a problem."""
    calls = {id(result.exchange): result for result in results if result.exchange}.values()
    failed = [result for result in calls if result.outcome != Outcome.ACCEPTED][:FAILED_CALLS_KEPT]
    is_first = not ProviderCall.objects.filter(batch=batch).exists()
    kept = failed or [result for result in calls if is_first][:1]
    ProviderCall.objects.bulk_create(_call(batch, result.exchange) for result in kept if result.exchange)


def _decide(message: Message, result: SendResult) -> Change | Retry:
    error = result.error
    code, text = (error.code, error.sentence) if error else ("", "")
    again = _retry_of(message, result)
    if again:
        after_s, costs_attempt = again
        return Retry(message.pk, after_s, costs_attempt=costs_attempt, error_code=code, error_text=text)
    state = STATES.get(result.outcome, Message.State.UNKNOWN)
    return Change(message.pk, message.batch_id, message.state, state, result.provider_id, code, text)


def _retry_of(message: Message, result: SendResult) -> tuple[float, bool] | None:
    """(Seconds to wait, whether it costs an attempt), or None where the message is not tried again."""
    asked_s = result.error.retry_after_s if result.error else None
    attempt = message.attempts + 1
    match result.outcome:
        case Outcome.CHANNEL_REJECTED | Outcome.CHANNEL_HELD:  # not this message's fault
            return 0.0, False
        case Outcome.RETRY if isinstance(result.error, providers.Throttled):  # the provider is well, and busy
            return delay_s(1, asked_s), False
        case Outcome.RETRY if attempt < settings.MAX_ATTEMPTS:
            return delay_s(attempt, asked_s), True
        case _:
            return None


def _hold_if_refused(results: Sequence[SendResult], channel: Channel) -> None:
    refusals = {result.outcome: result for result in results if result.error}
    refusal = refusals.get(Outcome.CHANNEL_REJECTED) or refusals.get(Outcome.CHANNEL_HELD)
    if refusal and refusal.error:
        for_ever = refusal.outcome == Outcome.CHANNEL_REJECTED
        hold(channel, reason=refusal.error.sentence, until=None if for_ever else timezone.now() + PROBE_AFTER)


def _call(batch: Batch, exchange: providers.Exchange) -> ProviderCall:
    return ProviderCall(
        batch=batch,
        method=exchange.method,
        url=exchange.url[:500],
        request=exchange.request.replace("\0", ""),
        http_status=exchange.status,
        response=exchange.response.replace("\0", ""),
        duration_ms=exchange.duration_ms,
    )
