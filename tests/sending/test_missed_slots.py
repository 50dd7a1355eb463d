"""Posts that missed their slots: they take other ones, and where the cap for 24 hours has none left they wait."""

from collections import Counter

import pytest

from broadcaster.models import Channel, Message
from broadcaster.sending import outcomes, pacing, pump
from tests.sending.broadcasts import prepared, states_of
from tests.sending.pumps import WIDTH, arrived, everyone, mark_of_the_batch, miss, narrow_channel
from tests.simulating import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel(simulator: Simulator) -> Channel:
    return narrow_channel(simulator)


EIGHT = 2 * WIDTH  # people: two windows


@pytest.fixture
def granted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many slots were given out, each time."""
    granted: list[int] = []
    reserve = pacing.reserve

    def noted(channel: Channel, count: int) -> pacing.Slots:
        slots = reserve(channel, count)
        granted.append(slots.count)
        return slots

    monkeypatch.setattr(pacing, "reserve", noted)
    return granted


def test_a_post_that_missed_its_slot_takes_another_one_and_goes_out_once(
    channel: Channel, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, granted: list[int]
) -> None:
    miss(monkeypatch, 5)
    broadcast = prepared(EIGHT, goes_on_refused=True)
    pump.run()
    assert sum(granted) == EIGHT + 5
    assert arrived(simulator) == everyone(broadcast)
    assert states_of(broadcast) == {"accepted": EIGHT}


def test_posts_that_missed_their_slots_wait_at_no_cost_where_the_cap_for_24_hours_ends(
    channel: Channel, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, granted: list[int]
) -> None:
    cap = EIGHT + WIDTH
    Channel.objects.update(daily_cap=cap)
    miss(monkeypatch, 1_000)
    broadcast = prepared(EIGHT, goes_on_refused=True)
    pump.run()
    assert sum(granted) == cap
    assert arrived(simulator) == Counter()
    assert states_of(broadcast) == {"pending": EIGHT}
    assert set(Message.objects.values_list("attempts", "error_code")) == {(0, "")}
    held = Channel.objects.get()
    assert held.hold_reason == f"It has sent the {cap} messages that it may in 24 hours, and goes on by itself."
    assert held.hold_until
    assert held.is_held()

    miss(monkeypatch, 0)
    outcomes.release(held)
    Channel.objects.update(daily_cap=None)
    pump.run()
    assert arrived(simulator) == everyone(broadcast)
    assert set(Message.objects.values_list("state", "attempts")) == {("accepted", 1)}


def test_a_cap_that_ends_inside_a_window_lets_out_what_it_allows_and_holds_the_channel(
    channel: Channel, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    Channel.objects.update(daily_cap=WIDTH + 1)
    miss(monkeypatch, 0)
    broadcast = prepared(EIGHT, goes_on_refused=True)
    pump.run()
    assert states_of(broadcast) == {"accepted": WIDTH + 1, "pending": EIGHT - WIDTH - 1}
    assert len(arrived(simulator)) == mark_of_the_batch() == WIDTH + 1
    assert Channel.objects.get().is_held()
