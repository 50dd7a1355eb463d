"""Audience to rows: each person once, whatever happens in between, and nobody whom it must not reach."""

from datetime import timedelta

import pytest
from django.utils import timezone

from broadcaster.audience import consent
from broadcaster.models import Batch, Broadcast, Channel, Contact, Membership, Message
from broadcaster.sending import batches, expansion, ledger, schedule
from tests.audiences import imported, messy_csv, phone
from tests.sending.broadcasts import (
    channel_and_template,
    composed,
    group_of,
    people,
    preparing,
    reload,
    rows,
    states_of,
)

pytestmark = pytest.mark.django_db


class Died(Exception):  # noqa: N818
    """What a worker does not live to see."""


def expand(broadcast: Broadcast, worker: str = "worker") -> bool:
    return expansion.expand(broadcast.pk, worker=worker)


def addresses(broadcast: Broadcast) -> list[str]:
    return sorted(row.address for row in rows(broadcast))


# -- who -------------------------------------------------------------------------------------------------------------


def test_everyone_gets_a_row_and_the_broadcast_is_ready() -> None:
    broadcast = preparing(3)
    assert expand(broadcast)
    assert addresses(broadcast) == [phone(100), phone(101), phone(102)]
    assert states_of(broadcast) == {"pending": 3}
    assert (reload(broadcast).total, reload(broadcast).state) == (3, "preparing")
    assert reload(broadcast).prepared_at


def test_somebody_in_the_file_in_two_groups_and_chosen_gets_one_row() -> None:
    upload = imported(messy_csv(3))
    broadcast = preparing([500], upload=upload)
    in_file = list(Contact.objects.exclude(phone=phone(500)))
    broadcast.groups.add(group_of(in_file, "One"), group_of(in_file, "Two"))
    broadcast.contacts.set(in_file)
    expand(broadcast)
    assert addresses(broadcast) == [phone(100), phone(101), phone(102), phone(500)]


def test_an_exclusion_wins_over_everything() -> None:
    broadcast = preparing(3)
    unwanted = Contact.objects.get(phone=phone(101))
    broadcast.contacts.set([unwanted])
    broadcast.exclude_groups.set([group_of([unwanted], "Never")])
    expand(broadcast)
    assert addresses(broadcast) == [phone(100), phone(102)]


def test_people_who_opted_out_are_skipped_with_the_reason() -> None:
    broadcast = preparing(3)
    consent.suppress([phone(100)], channel=None, reason="STOP", source="inbound")
    consent.suppress([phone(101)], channel=broadcast.sender, reason="STOP", source="inbound")
    expand(broadcast)
    skipped = Message.objects.filter(state="skipped").values_list("address", "error_code", "error_text")
    assert {row[1:] for row in skipped} == {("opted_out", "This person has opted out.")}
    assert {row[0] for row in skipped} == {phone(100), phone(101)}
    assert states_of(broadcast) == {"skipped": 2, "pending": 1}


def test_an_opt_out_of_another_channel_is_none_of_this_one() -> None:
    broadcast = preparing(1)
    other, _ = channel_and_template("qiscus")
    consent.suppress([phone(100)], channel=other, reason="STOP", source="inbound")
    expand(broadcast)
    assert states_of(broadcast) == {"pending": 1}


@pytest.mark.parametrize(("kind", "state", "code"), [("kaleyra", "skipped", "no_phone"), ("rapidpro", "pending", "")])
def test_people_without_a_phone_are_skipped_where_the_channel_needs_one(kind: str, state: str, code: str) -> None:
    broadcast = preparing([100], kind=kind)
    broadcast.contacts.set([Contact.objects.create(name="Page visitor", identifier="fb-1")])
    expand(broadcast)
    row = Message.objects.get(address="fb-1")
    assert (row.state, row.error_code) == (state, code)
    assert len(rows(broadcast)) == 2


# -- what ------------------------------------------------------------------------------------------------------------


def test_only_the_variables_that_the_content_uses_are_copied() -> None:
    broadcast = preparing([100])
    Contact.objects.update(name="Ann Lee", language="ind", fields={"city": "Solo", "salary": "secret"})
    expand(broadcast)
    row = Message.objects.get()
    assert row.variables == {"contact.first_name": "Ann", "fields.city": "Solo"}
    assert row.language == "ind"


def test_what_the_file_says_goes_with_the_person() -> None:
    broadcast = preparing([500], upload=imported(messy_csv(2)))
    base = {"kind": "text", "base_language": "eng"}
    content = {**base, "translations": {"eng": {"text": "You owe @row.jumlah, @contact"}}}
    Broadcast.objects.update(content=content)
    expand(broadcast)
    amounts = {row.address: row.variables["row.jumlah"] for row in rows(broadcast)}
    assert amounts == {phone(100): "100", phone(101): "101", phone(500): None}


# -- batches -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "sizes"), [(1, [5, 5, 2]), (2, [10, 2]), (1000, [12])])
def test_a_batch_is_a_few_seconds_of_the_channels_pace(rate: int, sizes: list[int]) -> None:
    broadcast = preparing(12)
    Channel.objects.update(rate_per_second=rate)
    expand(broadcast)
    assert [batch.size for batch in broadcast.batches.all()] == sizes
    assert [len(set(batch.messages.values_list("seq"))) for batch in broadcast.batches.all()] == sizes
    assert [batch.number for batch in broadcast.batches.all()] == list(range(1, len(sizes) + 1))


def test_sequence_numbers_count_from_one() -> None:
    broadcast = preparing(7)
    Channel.objects.update(rate_per_second=1)
    expand(broadcast)
    assert [row.seq for row in rows(broadcast)] == [1, 2, 3, 4, 5, 1, 2]


def test_a_batch_of_nobody_who_may_be_written_to_is_done() -> None:
    broadcast = preparing(7)
    Channel.objects.update(rate_per_second=1)
    consent.suppress([phone(100 + n) for n in range(5)], channel=None, reason="STOP", source="inbound")
    expand(broadcast)
    assert [batch.state for batch in broadcast.batches.all()] == ["done", "ready"]


def test_batches_wait_for_the_time_of_the_broadcast() -> None:
    send_at = timezone.now() + timedelta(minutes=3)
    broadcast = preparing(send_at=send_at)
    expand(broadcast)
    assert {batch.not_before for batch in broadcast.batches.all()} == {send_at}


# -- whatever happens in between --------------------------------------------------------------------------------------


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


# -- nobody ------------------------------------------------------------------------------------------------------------


def test_an_empty_audience_fails_with_a_sentence() -> None:
    broadcast = preparing(0)
    assert not expand(broadcast)
    assert reload(broadcast).state == "failed"
    assert "Choose a file or groups" in reload(broadcast).state_reason


def test_an_audience_that_opted_out_fails_with_a_sentence() -> None:
    broadcast = preparing(2)
    consent.suppress([phone(100), phone(101)], channel=None, reason="STOP", source="inbound")
    assert not expand(broadcast)
    assert (reload(broadcast).state, reload(broadcast).total) == ("failed", 2)
    assert "All 2 recipients" in reload(broadcast).state_reason


def test_a_failed_broadcast_looks_at_its_audience_anew() -> None:
    broadcast = preparing(0)
    expand(broadcast)
    schedule.unschedule(broadcast)
    Membership.objects.create(group=broadcast.groups.get(), contact=people([900])[0])
    schedule.schedule(broadcast, send_at=timezone.now())
    schedule.start_due()
    assert expand(broadcast)
    assert addresses(broadcast) == [phone(900)]
    assert Batch.objects.get().number == 1


def test_a_draft_is_left_alone() -> None:
    assert not expand(composed())
