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

import providers
from broadcaster.models import Batch, Channel, Message, ProviderCall
from broadcaster.sending import clock, pacing
from broadcaster.sending.ledger import Change, Retry
from broadcaster.sending.results import Results
from broadcaster.sending.window import Row
from providers import Outcome, SendResult

log = logging.getLogger(__name__)

STATES = {
    Outcome.REJECTED: Message.State.FAILED,
    Outcome.RETRY: Message.State.FAILED,  # tried often enough; every try was surely refused
}
FIRST_DELAY_S = 5.0
LONGEST_DELAY_S = 600.0
PROBE_AFTER = timedelta(minutes=15)  # a channel without balance is tried again so often
FAILED_CALLS_KEPT = 20  # of one window; the same refusal a hundred times tells no more than twenty times


def decide(batch: Batch, rows: Sequence[Row], results: Sequence[SendResult]) -> Results:
    """What one window's answers mean for its rows; one result for each row, in order."""
    decided = Results(calls=_calls(batch, results))
    for row, result in zip(rows, results, strict=True):
        if result.outcome is Outcome.ACCEPTED:
            decided.accepted.append((row.message_id, result.provider_id))
        elif retry := _retry(row, result):
            decided.retries.append(retry)
        else:
            decided.changes.append(_change(batch, row, result))
            decided.posted.append(row.message_id)
    return decided


def apply_to_channel(results: Sequence[SendResult], channel: Channel) -> None:
    """Hold the channel where an answer says that nothing more of it will be accepted, and follow the pace it bears."""
    others = [result for result in results if result.outcome is not Outcome.ACCEPTED]
    accepted = len(results) - len(others)
    throttles = sum(isinstance(result.error, providers.Throttled) for result in others)
    pacing.learn(channel, throttles=throttles, accepted=accepted)
    refusal = _refusal(others)
    if refusal:
        waits_for_a_person = refusal.outcome == Outcome.CHANNEL_REJECTED
        until = None if waits_for_a_person else clock.now() + PROBE_AFTER
        hold(channel, reason=refusal.error.sentence if refusal.error else "", until=until)
    elif accepted and channel.hold_reason:
        end_probing(channel)


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


def hold_for_cap(channel: Channel, *, free_in_s: float) -> None:
    """Hold a channel that has sent all that it may in 24 hours until the first of those messages are that old."""
    reason = f"It has sent the {channel.daily_cap} messages that it may in 24 hours, and goes on by itself."
    hold(channel, reason=reason, until=clock.now() + timedelta(seconds=free_in_s))


def end_probing(channel: Channel) -> None:
    """Release a channel whose hold ran out, now that a message has got through."""
    lapsed = Channel.objects.filter(pk=channel.pk, hold_until__lte=clock.now())
    lapsed.update(hold_reason="", hold_until=None)
    channel.hold_reason = ""


def _retry(row: Row, result: SendResult) -> Retry | None:
    """When the message is tried again and at what cost, or None where it is not."""
    error = result.error
    asked_s = error.retry_after_s if error else None
    attempt = row.attempts + 1
    match result.outcome:
        case Outcome.CHANNEL_REJECTED | Outcome.CHANNEL_HELD:  # not this message's fault
            after_s, costs_attempt = 0.0, False
        case Outcome.RETRY if isinstance(error, providers.Throttled):  # the provider is well, and busy
            after_s, costs_attempt = delay_s(1, asked_s), False
        case Outcome.RETRY if attempt < settings.MAX_ATTEMPTS:
            after_s, costs_attempt = delay_s(attempt, asked_s), True
        case _:
            return None
    code, text = (error.code, error.sentence) if error else ("", "")
    return Retry(row.message_id, after_s, costs_attempt=costs_attempt, error_code=code, error_text=text)


def _change(batch: Batch, row: Row, result: SendResult) -> Change:
    code, text = (result.error.code, result.error.sentence) if result.error else ("", "")
    state = STATES.get(result.outcome, Message.State.UNKNOWN)
    return Change(row.message_id, batch.pk, Message.State.PENDING, state, result.provider_id, code, text)


def _refusal(results: Sequence[SendResult]) -> SendResult | None:
    refusals = {result.outcome: result for result in results if result.error}
    return refusals.get(Outcome.CHANNEL_REJECTED) or refusals.get(Outcome.CHANNEL_HELD)


def _calls(batch: Batch, results: Sequence[SendResult]) -> list[ProviderCall]:
    """The calls to keep for people who look into a problem: those that failed, and the first of each batch."""
    if batch.windows and all(result.outcome is Outcome.ACCEPTED for result in results):
        return []
    calls = {id(result.exchange): result for result in results if result.exchange}.values()
    failed = [result for result in calls if result.outcome != Outcome.ACCEPTED][:FAILED_CALLS_KEPT]
    kept = failed or ([] if batch.windows else list(calls)[:1])
    return [_call(batch, result.exchange) for result in kept if result.exchange]


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
