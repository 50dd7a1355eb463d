"""The pace: every slot is given out once, at the channel's rate, whoever asks; a throttle slows it, quiet raises it."""

import time
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries

from broadcaster.models import Channel
from broadcaster.sending import pacing
from broadcaster.sending.pacing import SHARE
from tests.sending.broadcasts import channel_and_template, in_threads

pytestmark = pytest.mark.django_db

RATE = 8
INTERVAL_S = 1 / RATE / SHARE
BASE = 4e9  # far in the future, so that the clock has no say in where the next slot is


@pytest.fixture
def channel() -> Channel:
    channel, _ = channel_and_template(rate_per_second=RATE)
    return channel


def taken_until(channel: Channel) -> float:
    return float(Channel.objects.values_list("next_slot_at", flat=True).get(pk=channel.pk))


def busy(channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(next_slot_at=BASE)


def slots_since_base(channel: Channel) -> float:
    """How many slots were taken, in whole ones."""
    return round((taken_until(channel) - BASE) / INTERVAL_S, 3)


def factor(channel: Channel) -> float:
    return Channel.objects.get(pk=channel.pk).rate_factor


def slowed(channel: Channel, rate_factor: float, *, throttled: float, raised: float | None = None) -> Channel:
    """The channel at a share of its rate, throttled and raised again so many seconds ago."""
    raised_at = None if raised is None else Now() - timedelta(seconds=raised)
    rows = Channel.objects.filter(pk=channel.pk)
    rows.update(rate_factor=rate_factor, throttled_at=Now() - timedelta(seconds=throttled), raised_at=raised_at)
    return rows.get()


class TestSlots:
    def test_an_idle_channel_sends_at_once(self, channel: Channel) -> None:
        slots = pacing.reserve(channel, 16)
        assert slots.count == 16
        assert slots.start_in_s == pytest.approx(0, abs=0.001)

    def test_the_interval_stays_a_hair_below_the_rate(self, channel: Channel) -> None:
        interval_s = pacing.reserve(channel, 16).interval_s
        assert 1 / RATE < interval_s < 1 / (0.95 * RATE)

    def test_idle_time_is_not_saved_up_for_a_burst(self, channel: Channel) -> None:
        before = time.time()
        Channel.objects.filter(pk=channel.pk).update(next_slot_at=before - 3600)
        pacing.reserve(channel, 16)
        assert taken_until(channel) >= before + 16 * INTERVAL_S - 0.5  # the database's clock may stand a little aside

    def test_reservations_follow_each_other_without_gap_or_overlap(self, channel: Channel) -> None:
        busy(channel)
        for count in (16, 1, 40, 7):
            pacing.reserve(channel, count)
        assert slots_since_base(channel) == 64

    def test_the_next_one_waits_for_the_slots_before_it(self, channel: Channel) -> None:
        pacing.reserve(channel, 8000)
        assert pacing.reserve(channel, 1).start_in_s == pytest.approx(8000 * INTERVAL_S, abs=60)

    def test_a_new_rate_counts_from_the_next_reservation(self, channel: Channel) -> None:
        busy(channel)
        pacing.reserve(channel, 8)
        Channel.objects.filter(pk=channel.pk).update(rate_per_second=2)
        assert pacing.reserve(channel, 8).interval_s == pytest.approx(4 * INTERVAL_S)
        assert slots_since_base(channel) == 8 + 4 * 8

    def test_channels_have_a_pace_each(self, channel: Channel) -> None:
        other, _ = channel_and_template("qiscus", rate_per_second=RATE)
        busy(channel)
        assert pacing.reserve(other, 1).start_in_s == pytest.approx(0, abs=0.001)

    @pytest.mark.django_db(transaction=True)
    def test_workers_at_the_same_time_share_one_pace(self, channel: Channel) -> None:
        busy(channel)

        def take() -> list[float]:
            return [pacing.reserve(channel, 5).start_in_s for _ in range(20)]

        starts = sorted(start for worker in in_threads(4, take) for start in worker)
        assert slots_since_base(channel) == 4 * 20 * 5
        # Each start is told from the moment of its own call, a little later each time; no two runs of slots overlap.
        assert starts[-1] - starts[0] == pytest.approx(79 * 5 * INTERVAL_S, abs=20)

    def test_one_statement_does_it_where_there_is_no_cap(
        self, channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(1):
            pacing.reserve(channel, 16)


class TestThrottles:
    def test_a_throttle_halves_the_rate(self, channel: Channel) -> None:
        pacing.learn(channel, throttles=3, accepted=5)
        assert pacing.reserve(channel, 4).interval_s == pytest.approx(2 * INTERVAL_S)

    @pytest.mark.django_db(transaction=True)
    def test_workers_that_are_throttled_at_the_same_time_halve_it_once(self, channel: Channel) -> None:
        in_threads(8, lambda: pacing.learn(channel, throttles=1, accepted=0))
        assert factor(channel) == 1 / 2

    def test_a_throttle_of_the_halved_rate_halves_it_again(self, channel: Channel) -> None:
        pacing.learn(slowed(channel, 1 / 2, throttled=6), throttles=1, accepted=0)
        assert factor(channel) == 1 / 4

    def test_the_rate_never_comes_to_nothing(self, channel: Channel) -> None:
        pacing.learn(slowed(channel, pacing.SMALLEST_FACTOR, throttled=6), throttles=1, accepted=0)
        assert factor(channel) == pacing.SMALLEST_FACTOR

    def test_quiet_success_raises_it_by_a_step(self, channel: Channel) -> None:
        pacing.learn(slowed(channel, 1 / 2, throttled=11), throttles=0, accepted=5)
        assert factor(channel) == 1 / 2 + pacing.STEP

    def test_it_is_raised_up_to_the_whole_rate(self, channel: Channel) -> None:
        pacing.learn(slowed(channel, 0.99, throttled=60, raised=6), throttles=0, accepted=5)
        assert factor(channel) == 1

    @pytest.mark.parametrize(("throttled", "raised"), [(4, None), (60, 1)])
    def test_it_is_not_raised_too_soon(self, channel: Channel, throttled: float, raised: float | None) -> None:
        pacing.learn(slowed(channel, 1 / 2, throttled=throttled, raised=raised), throttles=0, accepted=5)
        assert factor(channel) == 1 / 2

    def test_silence_is_no_success(self, channel: Channel) -> None:
        pacing.learn(slowed(channel, 1 / 2, throttled=60), throttles=0, accepted=0)
        assert factor(channel) == 1 / 2

    @pytest.mark.django_db(transaction=True)
    def test_workers_raise_it_one_step_together(self, channel: Channel) -> None:
        slow = slowed(channel, 1 / 2, throttled=60)
        in_threads(8, lambda: pacing.learn(slow, throttles=0, accepted=5))
        assert factor(channel) == 1 / 2 + pacing.STEP

    def test_a_throttle_right_after_a_step_counts(self, channel: Channel) -> None:
        pacing.learn(slowed(channel, 1 / 2, throttled=60, raised=0), throttles=1, accepted=5)
        assert factor(channel) == 1 / 4

    def test_nothing_is_asked_where_all_is_well(
        self, channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(0):
            pacing.learn(channel, throttles=0, accepted=50)

    def test_a_worker_that_saw_no_throttle_hears_of_it_with_its_next_slots(self, channel: Channel) -> None:
        slowed(channel, 1 / 2, throttled=60)
        pacing.reserve(channel, 1)
        pacing.learn(channel, throttles=0, accepted=1)
        assert factor(channel) == 1 / 2 + pacing.STEP
