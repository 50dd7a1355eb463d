"""What each answer of a provider does to the row and to the channel."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from broadcaster.models import Batch, Broadcast, Channel, Message, ProviderCall
from broadcaster.sending import batches, outcomes, results
from broadcaster.sending.ledger import Retry
from broadcaster.sending.window import rows_of
from providers import Exchange, SendResult, errors
from tests.sending.broadcasts import LONG_AGO, claimed, prepared, reload, states_of

pytestmark = pytest.mark.django_db

ACCEPTED = SendResult.accepted("wamid.1")
REJECTED = SendResult.failed(errors.MessageRejected("No such number.", code="7001"))
NOT_POSTED = SendResult.failed(errors.NotPosted("Nobody answers."))
TRY_LATER = SendResult.failed(errors.TryLater("Out of order.", code="HTTP 503"))
THROTTLED = SendResult.failed(errors.Throttled("Slow down.", code="HTTP 429"))
THROTTLED_FOR = SendResult.failed(errors.Throttled("Slow down.", retry_after_s=77))
CHANNEL_REJECTED = SendResult.failed(errors.ChannelRejected("The key is wrong."))
CHANNEL_HELD = SendResult.failed(errors.ChannelHeld("No credit.", code="E110"))
UNKNOWN = SendResult.failed(errors.AnswerLost("No answer came."))

AT_THE_LAST_TRY = settings.MAX_ATTEMPTS - 1  # what the row says before that try is handed over
# label: (attempts before, answer, state after, attempts after)
TABLE: dict[str, tuple[int, SendResult, str, int]] = {
    "accepted": (0, ACCEPTED, "accepted", 1),
    "rejected": (0, REJECTED, "failed", 1),
    "not posted": (0, NOT_POSTED, "pending", 1),
    "provider's own trouble": (1, TRY_LATER, "pending", 2),
    "trouble once too often": (AT_THE_LAST_TRY, TRY_LATER, "failed", settings.MAX_ATTEMPTS),
    "one try is left": (AT_THE_LAST_TRY - 1, TRY_LATER, "pending", settings.MAX_ATTEMPTS - 1),
    "throttled": (0, THROTTLED, "pending", 0),
    "throttled at the last try": (AT_THE_LAST_TRY, THROTTLED, "pending", AT_THE_LAST_TRY),
    "channel rejected": (0, CHANNEL_REJECTED, "pending", 0),
    "channel held": (AT_THE_LAST_TRY, CHANNEL_HELD, "pending", AT_THE_LAST_TRY),
    "unknown": (0, UNKNOWN, "unknown", 1),
}


def answered(broadcast: Broadcast, *answers: SendResult) -> None:
    """What a worker does with these answers to the first messages of the next batch."""
    batch = claimed()
    sent = rows_of(batch)[: len(answers)]
    batches.hand_over(batch, through=len(answers))
    results.record(batch, outcomes.decide(batch, sent, answers))
    outcomes.apply_to_channel(answers, broadcast.sender)
    batches.release(batch)


@pytest.mark.parametrize(("before", "result", "state", "after"), TABLE.values(), ids=TABLE)
def test_the_row(before: int, result: SendResult, state: str, after: int) -> None:
    broadcast = prepared(1)
    Message.objects.update(attempts=before)
    answered(broadcast, result)
    row = Message.objects.get()
    assert (row.state, row.attempts) == (state, after)
    assert row.provider_id == result.provider_id
    assert row.error_text == (result.error.sentence if result.error else "")
    states_of(broadcast)


def test_each_message_of_a_window_has_its_own_answer() -> None:
    broadcast = prepared(4)
    answered(broadcast, ACCEPTED, REJECTED, TRY_LATER, UNKNOWN)
    assert states_of(broadcast) == {"accepted": 1, "failed": 1, "pending": 1, "unknown": 1}
    assert reload(broadcast).state == "sending"


def test_an_unknown_message_is_never_claimed_again() -> None:
    broadcast = prepared(2)
    answered(broadcast, UNKNOWN, UNKNOWN)
    Batch.objects.update(not_before=LONG_AGO)
    assert batches.claim("worker") is None
    assert reload(broadcast).state == "completed"


# -- when it is tried again --------------------------------------------------------------------------------------------


def retried(result: SendResult) -> Retry:
    prepared(1)
    batch = claimed()
    [retry] = outcomes.decide(batch, rows_of(batch), [result]).retries
    return retry


def test_the_provider_says_when() -> None:
    assert retried(THROTTLED_FOR).after_s == 77


def test_a_message_of_a_refused_channel_is_ready_as_soon_as_the_channel_is() -> None:
    assert retried(CHANNEL_HELD).after_s == 0


@pytest.mark.parametrize(("attempt", "longest"), [(1, 5), (2, 10), (3, 20), (7, 320), (8, 600), (60, 600)])
def test_each_try_waits_about_twice_as_long_up_to_ten_minutes(attempt: int, longest: float) -> None:
    delays = [outcomes.delay_s(attempt, None) for _ in range(50)]
    assert longest / 2 <= min(delays) <= max(delays) <= longest
    assert len(set(delays)) > 1


def test_the_first_answer_in_time_decides_and_not_our_guess() -> None:
    assert outcomes.delay_s(5, 0.0) == 0


# -- the channel -------------------------------------------------------------------------------------------------------


def test_a_rejected_channel_waits_for_a_person() -> None:
    broadcast = prepared(2)
    answered(broadcast, CHANNEL_REJECTED, CHANNEL_REJECTED)
    channel = Channel.objects.get()
    assert (channel.hold_reason, channel.hold_until) == ("The key is wrong.", None)
    assert batches.claim("worker") is None


def test_a_held_channel_is_probed_later() -> None:
    answered(prepared(2), CHANNEL_HELD, ACCEPTED)
    channel = Channel.objects.get()
    assert channel.hold_reason == "No credit."
    assert channel.hold_until
    assert timedelta(minutes=14) < channel.hold_until - timezone.now() <= outcomes.PROBE_AFTER


def test_the_harder_refusal_of_a_window_holds_the_channel() -> None:
    answered(prepared(2), CHANNEL_REJECTED, CHANNEL_HELD)
    assert Channel.objects.get().hold_until is None


def test_a_late_answer_cannot_put_an_end_to_a_hold_that_waits_for_a_person() -> None:
    broadcast = prepared(1)
    outcomes.hold(broadcast.sender, reason="Stopped by Ann.", until=None)
    outcomes.hold(broadcast.sender, reason="No credit.", until=timezone.now())
    channel = Channel.objects.get()
    assert (channel.hold_reason, channel.hold_until) == ("Stopped by Ann.", None)


@pytest.mark.parametrize("result", [ACCEPTED, REJECTED, TRY_LATER, THROTTLED, UNKNOWN])
def test_an_answer_about_one_message_holds_nothing(result: SendResult) -> None:
    answered(prepared(1), result)
    assert Channel.objects.get().hold_reason == ""


def test_a_released_channel_sends_again() -> None:
    broadcast = prepared(1)
    answered(broadcast, CHANNEL_REJECTED)
    outcomes.release(broadcast.sender)
    assert batches.claim("worker")


# -- the calls ---------------------------------------------------------------------------------------------------------


def call(number: int, status: int | None = 200) -> Exchange:
    return Exchange("POST", f"https://provider.example/{number}", "{}", status, "a\0b", 5)


def kept(batch: Batch, *answers: SendResult) -> list[str]:
    results.record(batch, outcomes.decide(batch, rows_of(batch)[: len(answers)], answers))
    return [call.url.rpartition("/")[2] for call in ProviderCall.objects.filter(batch=batch).order_by("pk")]


def test_of_calls_that_went_well_the_first_of_the_batch_is_kept() -> None:
    prepared(30)
    batch = claimed()
    assert kept(batch, SendResult.accepted("1", call(1)), SendResult.accepted("2", call(2))) == ["1"]
    assert kept(batch, SendResult.accepted("3", call(3))) == ["1"]


def test_calls_that_failed_are_kept_up_to_a_limit() -> None:
    prepared(31)
    error = errors.TryLater("Out of order.")
    failures = [SendResult.failed(error, call(number, 503)) for number in range(1, 31)]
    assert kept(claimed(), SendResult.accepted("0", call(0)), *failures) == [str(number) for number in range(1, 21)]


def test_a_call_that_carried_many_messages_is_kept_once() -> None:
    prepared()
    shared = call(1, None)
    assert kept(claimed(), *[SendResult.failed(errors.AnswerLost("Lost."), shared)] * 3) == ["1"]
