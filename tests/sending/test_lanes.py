"""One lane: how much of it is on its way at a time, and where it stands when it is stopped between two windows."""

from collections.abc import Callable

import pytest

from broadcaster.models import Batch, Broadcast, Channel
from broadcaster.sending import outcomes, pump, schedule
from broadcaster.sending.refusals import FIRST
from tests.sending.broadcasts import prepared, reload, states_of
from tests.sending.pumps import (
    LIMIT_S,
    WIDTH,
    arrived,
    before_call,
    before_each,
    everyone,
    mark_of_the_batch,
    narrow_channel,
    worker,
)
from tests.simulating import Simulator, wait_until

PEOPLE = 10 * WIDTH
with_a_worker = pytest.mark.django_db(transaction=True)
in_this_thread = pytest.mark.django_db


@pytest.fixture
def channel(simulator: Simulator, db: None) -> Channel:
    return narrow_channel(simulator)


def unanswered() -> int:
    """How many messages of the one batch are marked and have no answer yet."""
    mark, accepted = Batch.objects.values_list("handed_through", "accepted").get()
    return mark - accepted


# -- how much is on its way --------------------------------------------------------------------------------------------


@with_a_worker
def test_no_more_than_two_windows_are_marked_and_unanswered_at_any_time(channel: Channel, simulator: Simulator) -> None:
    broadcast = prepared(PEOPLE, goes_on_refused=True)
    simulator.configure(latency_ms=20)
    seen: list[int] = []

    def looked() -> bool:
        seen.append(unanswered())
        return reload(broadcast).state == "completed"

    try:
        with worker():
            wait_until(looked, limit_s=LIMIT_S)
    finally:
        simulator.configure(latency_ms=0)
    assert max(seen) == 2 * WIDTH
    assert arrived(simulator) == everyone(broadcast)


@with_a_worker
def test_a_silent_provider_gets_one_window_and_the_second_waits_for_its_answers(
    channel: Channel, silent: Simulator
) -> None:
    Channel.objects.update(config=channel.config | {"base_url": f"{silent.url}/kaleyra"})
    broadcast = prepared(PEOPLE, goes_on_refused=True)
    with worker():
        wait_until(lambda: len(arrived(silent)) == WIDTH, limit_s=LIMIT_S)
        wait_until(lambda: unanswered() == 2 * WIDTH)
        schedule.pause(reload(broadcast))  # so that nothing follows what is given up here
        silent.stop()
    # Who had the message and nobody else can be unknown; for the others the provider could not be reached.
    assert states_of(broadcast) == {"unknown": WIDTH, "pending": PEOPLE - WIDTH}


@in_this_thread
def test_the_first_messages_of_a_broadcast_go_out_a_few_at_a_time_until_one_is_accepted(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    Channel.objects.update(concurrency=3 * FIRST)
    prepared(5 * FIRST)
    marks = []
    monkeypatch.setattr(outcomes, "decide", before_each(outcomes.decide, lambda: marks.append(mark_of_the_batch())))
    pump.run()
    assert marks[0] == FIRST
    assert marks[1] > 2 * FIRST


@in_this_thread
def test_a_later_batch_of_a_broadcast_begins_with_whole_windows(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    Channel.objects.update(concurrency=3 * FIRST, rate_per_second=2 * FIRST // 5)
    broadcast = prepared(4 * FIRST)
    Channel.objects.update(rate_per_second=1_000)
    _, second = broadcast.batches.order_by("number")
    marks: list[int] = []

    def look() -> None:
        second.refresh_from_db()
        if second.handed_through:
            marks.append(second.handed_through)

    monkeypatch.setattr(outcomes, "decide", before_each(outcomes.decide, look))
    pump.run()
    assert marks[0] == second.size == 2 * FIRST


# -- stopped between two windows ---------------------------------------------------------------------------------------

STOPS: dict[str, Callable[[Broadcast], object]] = {
    "paused": lambda broadcast: schedule.pause(reload(broadcast)),
    "channel disabled": lambda _: Channel.objects.update(enabled=False),
    "channel held": lambda broadcast: outcomes.hold(broadcast.sender, reason="Stopped by Ann.", until=None),
}


@in_this_thread
@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("stop", STOPS)
def test_after_a_stop_only_what_was_marked_goes_out_and_later_the_rest(
    channel: Channel, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, stop: str, nth: int
) -> None:
    broadcast = prepared(PEOPLE, goes_on_refused=True)
    stopped = before_call(nth, outcomes.decide, lambda: STOPS[stop](broadcast))
    monkeypatch.setattr(outcomes, "decide", stopped)
    pump.run()
    marked = (nth + 1) * WIDTH  # the window at hand, and the one beside it
    assert len(arrived(simulator)) == mark_of_the_batch() == marked
    assert states_of(broadcast) == {"accepted": marked, "pending": PEOPLE - marked}
    assert Batch.objects.get().state == "ready"

    if stop == "paused":
        schedule.resume(reload(broadcast))
    Channel.objects.update(enabled=True, hold_reason="")
    pump.run()
    assert arrived(simulator) == everyone(broadcast)
    assert states_of(broadcast) == {"accepted": PEOPLE}


@in_this_thread
def test_a_worker_that_lost_its_lease_between_two_windows_writes_and_posts_nothing_more(
    channel: Channel, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = prepared(PEOPLE, goes_on_refused=True)
    stolen = before_call(2, outcomes.decide, lambda: Batch.objects.update(lease_worker="thief"))
    monkeypatch.setattr(outcomes, "decide", stolen)
    with pump.Pump(pump.Tally()) as working:
        working.claim()
        while working.lanes:
            working.advance()
            working.collect()
    assert mark_of_the_batch() == 3 * WIDTH
    assert len(arrived(simulator)) <= 3 * WIDTH  # what was marked before, but for posts that have not begun
    assert states_of(broadcast) == {"accepted": WIDTH, "pending": PEOPLE - WIDTH}
    assert Batch.objects.get().lease_worker == "thief"
