"""The pace: every slot is given out once, at the channel's rate, whoever asks."""

import time

import pytest

from broadcaster.models import Channel
from broadcaster.sending import pacing
from tests.sending.broadcasts import channel_and_template, in_threads

pytestmark = pytest.mark.django_db

RATE = 8
BASE = 4e9  # far in the future, so that the clock has no say in where the next slot is


@pytest.fixture
def channel() -> Channel:
    channel, _ = channel_and_template(rate_per_second=RATE)
    return channel


def taken_until(channel: Channel) -> float:
    return float(Channel.objects.values_list("next_slot_at", flat=True).get(pk=channel.pk))


def busy(channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(next_slot_at=BASE)


def test_an_idle_channel_sends_at_once(channel: Channel) -> None:
    slots = pacing.reserve(channel, 16)
    assert (slots.start_in_s, slots.interval_s) == (0, 1 / RATE)


def test_idle_time_is_not_saved_up_for_a_burst(channel: Channel) -> None:
    before = time.time()
    Channel.objects.filter(pk=channel.pk).update(next_slot_at=before - 3600)
    pacing.reserve(channel, 16)
    assert taken_until(channel) >= before + 16 / RATE - 0.5  # the database's clock may stand a little aside


def test_reservations_follow_each_other_without_gap_or_overlap(channel: Channel) -> None:
    busy(channel)
    for count in (16, 1, 40, 7):
        pacing.reserve(channel, count)
    assert taken_until(channel) == BASE + 64 / RATE


def test_the_next_one_waits_for_the_slots_before_it(channel: Channel) -> None:
    pacing.reserve(channel, 8000)
    assert pacing.reserve(channel, 1).start_in_s == pytest.approx(1000, abs=60)


def test_a_new_rate_counts_from_the_next_reservation(channel: Channel) -> None:
    busy(channel)
    pacing.reserve(channel, 8)
    Channel.objects.filter(pk=channel.pk).update(rate_per_second=2)
    assert pacing.reserve(channel, 8).interval_s == 1 / 2
    assert taken_until(channel) == BASE + 1 + 4


def test_channels_have_a_pace_each(channel: Channel) -> None:
    other, _ = channel_and_template("qiscus", rate_per_second=RATE)
    busy(channel)
    assert pacing.reserve(other, 1).start_in_s == 0


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_time_share_one_pace(channel: Channel) -> None:
    busy(channel)

    def take() -> list[float]:
        return [pacing.reserve(channel, 5).start_in_s for _ in range(20)]

    starts = sorted(start for worker in in_threads(4, take) for start in worker)
    assert taken_until(channel) == BASE + 4 * 20 * 5 / RATE
    # Each start is told from the moment of its own call, a little later each time; no two runs of slots overlap.
    assert starts[-1] - starts[0] == pytest.approx(79 * 5 / RATE, abs=20)
