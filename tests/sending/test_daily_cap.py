"""The cap: never more messages than that in any 24 hours, whoever asks, and no slot sooner than it is surely free."""

import time

import pytest

from broadcaster.models import Channel, ChannelUsage
from broadcaster.sending import pacing
from broadcaster.sending.pacing import GRACE_S, SPAN_S
from tests.sending.broadcasts import channel_and_template, in_threads

pytestmark = pytest.mark.django_db

CAP = 100
DAY_S = 24 * 3600
MIDNIGHT = 4e9 // DAY_S * DAY_S  # one far in the future: slots follow from the row alone, whatever the clock says
A_SECOND_S = 1.0


@pytest.fixture
def channel() -> Channel:
    channel, _ = channel_and_template(rate_per_second=1_000, daily_cap=CAP)
    return at(channel, MIDNIGHT)


def at(channel: Channel, moment: float) -> Channel:
    """The channel with its next free slot at this moment."""
    Channel.objects.filter(pk=channel.pk).update(next_slot_at=moment)
    return channel


def granted(channel: Channel, count: int, moment: float) -> int:
    return pacing.reserve(at(channel, moment), count).count


def test_the_cap_is_given_out_and_then_nothing(channel: Channel) -> None:
    assert [pacing.reserve(channel, 40).count for _ in range(4)] == [40, 40, 20, 0]


def test_where_nothing_is_granted_the_pace_does_not_move(channel: Channel) -> None:
    pacing.reserve(channel, CAP)
    before = Channel.objects.get(pk=channel.pk).next_slot_at
    pacing.reserve(channel, 1)
    assert Channel.objects.get(pk=channel.pk).next_slot_at == pytest.approx(before)


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_time_share_one_cap(channel: Channel) -> None:
    def take() -> int:
        return sum(pacing.reserve(channel, 3).count for _ in range(10))

    assert sum(in_threads(8, take)) == CAP
    assert sum(ChannelUsage.objects.values_list("messages", flat=True)) == CAP


def test_a_day_later_the_slots_are_free_again(channel: Channel) -> None:
    assert granted(channel, CAP, MIDNIGHT) == CAP
    assert granted(channel, CAP, MIDNIGHT + DAY_S - A_SECOND_S) == 0
    assert granted(channel, CAP, MIDNIGHT + DAY_S + SPAN_S - A_SECOND_S) == 0  # a span counts until all of it is over
    assert granted(channel, CAP, MIDNIGHT + DAY_S + SPAN_S) == CAP


def test_what_leaves_at_the_end_of_a_span_counts_with_the_next_one(channel: Channel) -> None:
    granted(channel, CAP, MIDNIGHT + SPAN_S - GRACE_S)
    assert granted(channel, 1, MIDNIGHT + DAY_S + SPAN_S) == 0
    assert granted(channel, 1, MIDNIGHT + DAY_S + 2 * SPAN_S) == 1


def test_slots_come_free_span_by_span(channel: Channel) -> None:
    for number, count in enumerate((30, 50, 20)):
        granted(channel, count, MIDNIGHT + number * SPAN_S)
    later = [granted(channel, CAP, MIDNIGHT + DAY_S + number * SPAN_S) for number in range(5)]
    assert later == [0, 30, 50, 20, 0]


def test_no_window_of_a_day_ever_holds_more(channel: Channel) -> None:
    sent: list[tuple[float, int]] = []
    for step in range(3 * DAY_S // 1_700):  # at odd moments, a little more than the cap allows in the long run
        moment = MIDNIGHT + step * 1_700
        sent.append((moment, granted(channel, 3, moment)))
    days = [sum(count for moment, count in sent if start <= moment < start + DAY_S) for start, _ in sent]
    assert max(days) == CAP


def test_it_says_when_a_slot_comes_free(channel: Channel) -> None:
    granted(channel, 30, MIDNIGHT)
    granted(channel, CAP - 30, MIDNIGHT + SPAN_S)
    free_at = time.time() + pacing.reserve(channel, 1).start_in_s
    assert free_at == pytest.approx(MIDNIGHT + DAY_S + SPAN_S, abs=60)  # the database's clock may stand a little aside


def test_a_lower_cap_counts_at_once(channel: Channel) -> None:
    granted(channel, 60, MIDNIGHT)
    Channel.objects.update(daily_cap=50)
    assert pacing.reserve(channel, 1).count == 0
    assert granted(channel, CAP, MIDNIGHT + DAY_S + SPAN_S) == 50


def test_without_a_cap_nothing_is_counted(channel: Channel) -> None:
    Channel.objects.update(daily_cap=None)
    assert pacing.reserve(channel, 5 * CAP).count == 5 * CAP
    assert not ChannelUsage.objects.exists()


def test_spans_that_are_over_are_deleted(channel: Channel) -> None:
    for number in range(4):
        granted(channel, 10, MIDNIGHT + number * SPAN_S)
    granted(channel, 10, MIDNIGHT + DAY_S + 3 * SPAN_S)
    assert sorted(ChannelUsage.objects.values_list("messages", flat=True)) == [10, 10]


def test_channels_have_a_cap_each(channel: Channel) -> None:
    other, _ = channel_and_template("qiscus", rate_per_second=1_000, daily_cap=CAP)
    pacing.reserve(channel, CAP)
    assert pacing.reserve(other, CAP).count == CAP
