"""Channels and broadcasts beside each other in one worker: who waits for whom."""

from collections.abc import Callable
from typing import Any

import pytest

from broadcaster.models import Batch, Broadcast, Channel
from broadcaster.sending import batches, pump, schedule
from tests.audiences import phone
from tests.sending.broadcasts import prepared, reload, states_of
from tests.sending.pumps import LIMIT_S, WIDTH, arrived, everyone, miss, narrow_channel, worker
from tests.simulating import Simulator, wait_until

with_a_worker = pytest.mark.django_db(transaction=True)
in_this_thread = pytest.mark.django_db


@pytest.fixture
def channel(simulator: Simulator, db: None) -> Channel:
    return narrow_channel(simulator)


def another(channel: Channel, name: str, url: str, **fields: Any) -> Channel:
    """One more channel of the same provider, at this address."""
    config = channel.config | {"base_url": f"{url}/kaleyra"}
    return Channel.objects.create(name=name, kind="kaleyra", config=config, secrets=channel.secrets, **fields)


def wait_for_end_of(broadcast: Broadcast) -> None:
    wait_until(lambda: reload(broadcast).state == "completed", limit_s=LIMIT_S)


def served() -> set[int]:
    """The broadcasts of which more than one message was accepted."""
    return set(Batch.objects.filter(accepted__gt=1).values_list("broadcast", flat=True))


@with_a_worker
def test_ten_slow_channels_do_not_keep_a_fast_one_waiting(channel: Channel, simulator: Simulator) -> None:
    slow = []
    for number in range(10):
        people = range(1_000 * (number + 1), 1_000 * (number + 1) + 40)
        sender = another(channel, f"Slow {number}", simulator.url, rate_per_second=1)
        slow.append(prepared(people, channel=sender, name=f"Slow {number}"))
    fast = prepared(200)
    with worker():
        wait_for_end_of(fast)
        assert {reload(broadcast).state for broadcast in slow} == {"sending"}
        wait_until(lambda: served() == {fast.pk, *(broadcast.pk for broadcast in slow)}, limit_s=LIMIT_S)
        assert {reload(broadcast).state for broadcast in slow} == {"sending"}
    assert set(arrived(simulator).values()) == {1}


@with_a_worker
def test_a_silent_channel_does_not_keep_a_quick_one_waiting(
    channel: Channel, simulator: Simulator, silent: Simulator
) -> None:
    sender = another(channel, "Silent", silent.url, concurrency=WIDTH)
    waiting = prepared(range(1_000, 1_040), channel=sender)
    with worker():
        wait_until(lambda: len(arrived(silent)) == WIDTH, limit_s=LIMIT_S)
        quick = prepared(200)
        wait_for_end_of(quick)
        assert states_of(waiting) == {"pending": 40}
        schedule.pause(reload(waiting))
        silent.stop()
    assert arrived(simulator) == everyone(quick)


BIG, SMALL = range(100, 300), range(1_000, 1_005)
BATCH = 20


@pytest.fixture
def order(channel: Channel, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[bool]]:
    """Send a big broadcast, and from its third batch on a small one of this priority beside it.

    For each message in the order in which they arrived: whether it is the small one's.
    """

    def sent(priority: int) -> list[bool]:
        Channel.objects.update(rate_per_second=BATCH // 5)  # a batch is five seconds of the pace
        prepared(BIG, name="Big")
        Channel.objects.update(rate_per_second=1_000)
        claim = batches.claim

        def claimed(*arguments: Any, **options: Any) -> Batch | None:
            if Batch.objects.exclude(handed_through=0).count() > 2 and Broadcast.objects.count() == 1:
                prepared(SMALL, name="Small", priority=priority)
            return claim(*arguments, **options)

        monkeypatch.setattr(batches, "claim", claimed)
        miss(monkeypatch, 0)  # not even where the machine is busy
        pump.run(life_s=LIMIT_S)
        small = {phone(number) for number in SMALL}
        return [address in small for address in simulator.addresses("kaleyra")]

    return sent


@in_this_thread
@pytest.mark.parametrize("priority", [Broadcast.Priority.HIGH, Broadcast.Priority.NORMAL])
def test_a_small_broadcast_overtakes_a_big_one_on_the_same_channel(
    order: Callable[[int], list[bool]], priority: int
) -> None:
    is_small = order(priority)
    assert sum(is_small) == len(SMALL)
    assert len(is_small) == len(BIG) + len(SMALL)
    assert True not in is_small[len(BIG) // 2 :]


@in_this_thread
def test_a_broadcast_that_is_not_urgent_waits_for_those_that_are(order: Callable[[int], list[bool]]) -> None:
    is_small = order(Broadcast.Priority.LOW)
    assert sum(is_small) == len(SMALL)
    assert True not in is_small[: len(BIG) - 2 * WIDTH]  # the last two windows may arrive in any order
