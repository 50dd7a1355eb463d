"""Expansion when it is cut short, by a death, a person or the end of its turn: the next goes on there."""

from datetime import timedelta

import pytest
from django.utils import timezone

from broadcaster.audience import segments
from broadcaster.models import Broadcast, Group, Membership
from broadcaster.sending import batches, expansion, ledger, recovery, schedule
from tests.audiences import phone
from tests.sending.broadcasts import LONG_AGO, people, preparing, reload, rows, states_of

pytestmark = pytest.mark.django_db


class Died(Exception):  # noqa: N818
    """What a worker does not live to see."""


def expand(broadcast: Broadcast, worker: str = "worker") -> bool:
    return expansion.expand(broadcast.pk, worker=worker)


def addresses(broadcast: Broadcast) -> list[str]:
    return sorted(row.address for row in rows(broadcast))


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "CHUNK", 4)


def die_in_chunk(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker die in the middle of this chunk's transaction."""
    counted, calls = ledger.counts_of, iter(range(1, 100))

    def counts_of(batch_ids: list[int]) -> None:
        if next(calls) == number:
            raise Died
        counted(batch_ids)

    monkeypatch.setattr(ledger, "counts_of", counts_of)


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_another_worker_goes_on_after_a_death(chunk: int, small_chunks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    broadcast = preparing(10)
    with monkeypatch.context() as dying:
        die_in_chunk(chunk, dying)
        with pytest.raises(Died):
            expand(broadcast, "dead")
    assert len(rows(broadcast)) == 4 * (chunk - 1)
    assert batches.claim("worker") is None
    Broadcast.objects.update(prepare_until=timezone.now() - timedelta(seconds=1))
    assert expand(broadcast, "alive")
    assert addresses(broadcast) == [phone(100 + n) for n in range(10)]
    assert states_of(broadcast) == {"pending": 10}


def test_only_one_worker_expands(small_chunks: None) -> None:
    broadcast = preparing(3)
    Broadcast.objects.update(prepare_worker="other", prepare_until=timezone.now() + timedelta(seconds=30))
    assert not expand(broadcast)
    assert rows(broadcast) == []


def test_what_is_prepared_is_not_expanded_again() -> None:
    broadcast = preparing(3)
    expand(broadcast)
    Membership.objects.create(group=broadcast.groups.get(), contact=people([900])[0])
    assert not expand(broadcast)
    assert len(rows(broadcast)) == 3


@pytest.mark.parametrize("state", ["draft", "scheduled", "paused", "cancelled", "failed"])
def test_nothing_is_expanded_in_other_states(state: str) -> None:
    broadcast = preparing(3)
    Broadcast.objects.update(state=state)
    assert not expand(broadcast)
    assert rows(broadcast) == []


@pytest.mark.parametrize("stop", [schedule.pause, schedule.cancel])
def test_a_stop_between_two_chunks_ends_it(stop: object, small_chunks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    broadcast = preparing(10)
    after_chunk(1, lambda: stop(broadcast), monkeypatch)  # type: ignore[operator]
    assert not expand(broadcast)
    assert len(rows(broadcast)) == 4
    assert reload(broadcast).prepared_at is None
    assert reload(broadcast).prepare_until is None


def test_a_broadcast_paused_while_preparing_is_prepared_after_its_resume(
    small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = preparing(10)
    after_chunk(1, lambda: schedule.pause(broadcast), monkeypatch)
    expand(broadcast)
    schedule.resume(broadcast)
    assert broadcast.state == "preparing"
    assert expand(broadcast, "another")
    assert len(addresses(broadcast)) == len(set(addresses(broadcast))) == 10


@pytest.mark.parametrize("chunks", [0, 1, 2])
def test_who_slept_while_it_was_scheduled_anew_neither_goes_on_nor_seals_it(chunks: int, small_chunks: None) -> None:
    broadcast = preparing(10)
    asleep = expansion._lease(broadcast.pk, "host:7")
    assert asleep
    for _ in range(chunks):
        expansion._chunk(asleep)
    Broadcast.objects.update(send_at=LONG_AGO)
    assert schedule.miss_late() == [broadcast.pk]
    schedule.unschedule(broadcast)
    schedule.schedule(broadcast, send_at=timezone.now())
    schedule.start_due()
    for act in (expansion._chunk, expansion._seal):
        with pytest.raises(batches.LeaseLost):
            act(asleep)
    assert expand(broadcast, "host:8")
    assert addresses(broadcast) == [phone(100 + n) for n in range(10)]


def test_a_namesake_of_who_prepares_it_now_does_not_seal_it(small_chunks: None) -> None:
    broadcast = preparing(10)
    stale = expansion._lease(broadcast.pk, "host:7")
    Broadcast.objects.update(prepare_until=None)
    current = expansion._lease(broadcast.pk, "host:7")
    assert stale
    assert current
    expansion._chunk(current)
    with pytest.raises(batches.LeaseLost):
        expansion._seal(stale)


def test_a_turn_ends_in_time_and_the_next_goes_on_there(small_chunks: None) -> None:
    broadcast = preparing(10)
    turns = [expansion.expand(broadcast.pk, worker=f"worker {number}", life_s=0) for number in range(4)]
    assert turns == [False, False, False, True]
    assert addresses(broadcast) == [phone(100 + n) for n in range(10)]
    assert states_of(broadcast) == {"pending": 10}


def test_between_two_turns_nobody_holds_the_lease(small_chunks: None) -> None:
    broadcast = preparing(10)
    expansion.expand(broadcast.pk, worker="worker", life_s=0)
    assert (len(rows(broadcast)), reload(broadcast).prepare_until) == (4, None)
    assert recovery.stalled_preparations() == [broadcast.pk]


def test_a_pause_that_is_taken_back_at_once_does_not_look_like_the_end_of_the_audience(
    small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = preparing(10)
    after_chunk(1, lambda: schedule.pause(broadcast), monkeypatch)
    after_chunk(2, lambda: schedule.resume(broadcast), monkeypatch)
    assert not expand(broadcast)
    assert reload(broadcast).prepared_at is None
    assert expand(broadcast)
    assert states_of(broadcast) == {"pending": 10}


def test_a_rule_that_cannot_be_used_any_more_ends_it_with_a_sentence_and_nothing_is_sent(
    small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = preparing(10)
    group = Group.objects.create(name="Odd", rule={"match": "all", "conditions": [{"of": "language", "value": "xyz"}]})
    broadcast.exclude_groups.add(group)
    after_chunk(1, lambda: Group.objects.filter(pk=group.pk).update(rule={"match": "some"}), monkeypatch)
    assert not expand(broadcast)
    ended = reload(broadcast)
    assert (ended.state, ended.prepared_at, len(rows(broadcast))) == ("failed", None, 4)
    assert "The rule of a group cannot be used. Odd: Choose whether all" in ended.state_reason
    assert batches.claim("worker") is None


def test_a_stretch_without_anybody_is_passed_and_the_next_turn_goes_on_behind_it(
    small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "WIDEST", 3)
    others = people(range(200, 210))
    broadcast = preparing(2)
    turns = [expansion.expand(broadcast.pk, worker="worker", life_s=0) for _ in range(3)]
    assert (turns, rows(broadcast)) == ([False] * 3, [])
    assert reload(broadcast).expanded_through == min(other.pk for other in others) + 8
    assert expand(broadcast)
    assert addresses(broadcast) == [phone(100), phone(101)]


def after_chunk(number: int, act: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a person act right after this chunk was written, or was found to be another's."""
    chunk, calls = expansion._chunk, iter(range(1, 100))

    def then(broadcast: Broadcast) -> bool:
        try:
            return chunk(broadcast)
        finally:
            if next(calls) == number:
                act()  # type: ignore[operator]

    monkeypatch.setattr(expansion, "_chunk", then)
