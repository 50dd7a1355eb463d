"""How far a broadcast is, told by its batches and confirmed by its rows."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from broadcaster.models import COUNTED_STATES, Batch, Broadcast, Channel, Message
from broadcaster.sending import ledger
from broadcaster.sending.ledger import Change
from broadcaster.sending.progress import counts_of, progress, recount
from tests.sending.broadcasts import channel_and_template, claimed, composed, prepared, reload, rows

pytestmark = pytest.mark.django_db


def sending(total: int, accepted: int) -> Broadcast:
    broadcast = prepared(total)
    claimed()
    changes = [Change(row.pk, row.batch_id, "pending", "accepted") for row in rows(broadcast)[:accepted]]
    ledger.write(changes, now=timezone.now())
    return reload(broadcast)


def test_a_draft_has_made_none() -> None:
    now = progress(composed())
    assert (now.total, now.done, now.percent, now.seconds_left) == (0, 0, 0, None)
    assert now.counts == dict.fromkeys(COUNTED_STATES, 0)


def test_done_is_what_no_longer_waits() -> None:
    now = progress(sending(10, 4))
    assert (now.total, now.done, now.percent) == (10, 4, 40)
    assert (now.counts["accepted"], now.counts["pending"]) == (4, 6)


def test_percent_is_never_rounded_up_to_the_end() -> None:
    assert progress(sending(300, 299)).percent == 99


# -- rate and time left ------------------------------------------------------------------------------------------------


def ran(*spans: tuple[float, float, int], started_ago: float = 300, pending: int = 0) -> Broadcast:
    """A sending broadcast with a batch for each (started, recorded: seconds ago, messages with a result)."""
    channel, _ = channel_and_template()
    Channel.objects.update(rate_per_second=1000)
    now = timezone.now()
    broadcast = Broadcast.objects.create(
        name="June", channel=channel, state="sending", send_at=now, started_at=now - timedelta(seconds=started_ago)
    )
    Batch.objects.bulk_create(
        Batch(
            broadcast=broadcast,
            number=number,
            size=handled,
            not_before=now,
            started_at=now - timedelta(seconds=started),
            recorded_at=now - timedelta(seconds=recorded),
            accepted=handled,
        )
        for number, (started, recorded, handled) in enumerate(spans)
    )
    Batch.objects.create(broadcast=broadcast, number=len(spans), size=pending, not_before=now, pending=pending)
    return reload(broadcast)


RATES: dict[str, tuple[list[tuple[float, float, int]], float]] = {
    "nothing yet": ([], 0),
    "one batch, half of it before the window": ([(20, 0, 100)], 5),
    "all of it in the window": ([(5, 0, 100)], 10),
    "two workers at the same time": ([(10, 0, 100), (10, 0, 50)], 15),
    "one after the other": ([(20, 10, 500), (10, 5, 50), (5, 0, 50)], 10),
    "a pause within the window": ([(9, 8, 10), (1, 0, 10)], 2),
    "a batch in one go": ([(10, 10, 999), (3, 3, 20)], 101.9),
    "between two records of a slow provider": ([(18, 13, 50), (13, 8, 50)], 10),
    "nothing for a while": ([(40, 11, 500)], 0),
}


@pytest.mark.parametrize(("spans", "rate"), RATES.values(), ids=RATES)
def test_the_rate_is_that_of_the_last_seconds(spans: list[tuple[float, float, int]], rate: float) -> None:
    assert progress(ran(*spans)).rate_per_second == pytest.approx(rate, rel=0.02)


def test_the_rate_of_a_broadcast_that_has_just_begun_is_over_its_time_only() -> None:
    assert progress(ran((2, 0, 50), started_ago=2)).rate_per_second == pytest.approx(25, rel=0.02)


def test_the_first_results_are_no_rate_yet() -> None:
    assert progress(ran((0.1, 0.05, 50), started_ago=0.1)).rate_per_second == 50


@pytest.mark.parametrize("phase", [0, 0.5, 1, 2, 3, 4, 4.9])
def test_the_rate_of_a_slow_channel_is_steady(phase: float) -> None:
    """One message a second in batches of five, each recorded 0.2 s after it was handed over."""
    spans = [(phase + age + 4, phase + age - 0.2, 5) for age in range(1, 60, 5)]
    assert progress(ran(*spans)).rate_per_second == pytest.approx(1, rel=0.15)


def test_a_channel_slower_than_the_window_has_a_rate_all_the_same() -> None:
    """A throttled channel: a message each 16 seconds, a batch for each."""
    broadcast = ran(*[(age + 0.1, age, 1) for age in (12, 28, 44, 60, 76)])
    Channel.objects.update(rate_per_second=1, rate_factor=1 / 16)
    assert progress(reload(broadcast)).rate_per_second == pytest.approx(1 / 16, rel=0.35)


@pytest.mark.parametrize("state", ["skipped", "expired", "pending"])
def test_what_got_no_result_took_no_slot(state: str) -> None:
    broadcast = ran((10, 0, 100))
    Batch.objects.filter(number=0).update(accepted=40, **{state: 60})
    assert progress(broadcast).rate_per_second == pytest.approx(4, rel=0.02)


@pytest.mark.parametrize("state", ["sent", "delivered", "read", "failed", "unknown"])
def test_receipts_take_nothing_away_from_the_rate(state: str) -> None:
    broadcast = ran((10, 0, 100))
    Batch.objects.filter(number=0).update(accepted=40, **{state: 60})
    assert progress(broadcast).rate_per_second == pytest.approx(10, rel=0.02)


@pytest.mark.parametrize("state", ["preparing", "paused", "completed", "cancelled"])
def test_a_broadcast_that_does_not_send_has_no_rate(state: str) -> None:
    broadcast = ran((10, 0, 100), pending=100)
    broadcast.state = state
    assert (progress(broadcast).rate_per_second, progress(broadcast).seconds_left) == (0, None)


def test_the_rate_tells_how_long_it_still_takes() -> None:
    assert progress(ran((10, 0, 100), pending=500)).seconds_left == pytest.approx(50, abs=1)


def test_a_channel_that_was_slowed_down_takes_longer_at_once() -> None:
    broadcast = ran((10, 0, 100), pending=500)
    Channel.objects.update(rate_per_second=4, rate_factor=0.5)
    assert progress(reload(broadcast)).seconds_left == 250


STOPPED: dict[str, dict[str, Any]] = {
    "held": {"hold_reason": "No credit."},
    "held for a while": {"hold_reason": "No credit.", "hold_until": timezone.now() + timedelta(days=1)},
    "disabled": {"enabled": False},
}


@pytest.mark.parametrize("fields", STOPPED.values(), ids=STOPPED)
def test_nobody_can_say_how_long_a_stopped_channel_takes(fields: dict[str, Any]) -> None:
    broadcast = ran((10, 0, 100), pending=500)
    Channel.objects.update(**fields)
    assert progress(reload(broadcast)).seconds_left is None


def test_a_hold_that_is_over_stops_nothing() -> None:
    broadcast = ran((10, 0, 100), pending=500)
    Channel.objects.update(hold_reason="No credit.", hold_until=timezone.now())
    assert progress(reload(broadcast)).seconds_left


def test_it_is_told_with_two_queries_however_many_batches(django_assert_num_queries: Any) -> None:
    broadcast = ran(*[(age + 1.0, age + 0.1, 5) for age in range(50)])
    assert broadcast.channel
    with django_assert_num_queries(2):
        progress(broadcast)


# -- counts ------------------------------------------------------------------------------------------------------------


def test_many_broadcasts_are_counted_at_once(django_assert_num_queries: object) -> None:
    one, other, empty = sending(10, 4), prepared([500]), composed([600])
    with django_assert_num_queries(1):  # type: ignore[operator]
        counts = counts_of([one.pk, other.pk, empty.pk])
    assert [sum(counts[each.pk].values()) for each in (one, other, empty)] == [10, 1, 0]


def test_a_recount_of_the_rows_agrees() -> None:
    broadcast = sending(10, 4)
    assert recount(broadcast) == progress(broadcast).counts


def test_a_recount_sees_what_was_not_counted() -> None:
    broadcast = sending(10, 4)
    Message.objects.filter(state="pending").update(state="failed")
    assert recount(broadcast) != progress(broadcast).counts
