"""Audience to rows: each person once, whatever happens in between, and nobody whom it must not reach."""

from datetime import timedelta

import pytest
from django.utils import timezone

from broadcaster.audience import consent
from broadcaster.models import Batch, Broadcast, Channel, Contact, Membership, Message
from broadcaster.sending import expansion, schedule
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


@pytest.mark.parametrize(
    ("kind", "skipped"),
    [("rapidpro", {}), ("khoros", dict.fromkeys(("group:1", "contact:2"), "not_here")),
     ("kaleyra", dict.fromkeys(("group:1", "contact:2", "grouped"), "no_phone"))],
)  # fmt: skip
def test_what_a_provider_keeps_goes_through_its_own_channel_only(kind: str, skipped: dict[str, str]) -> None:
    broadcast = preparing(1, kind=kind)
    made = [Contact.objects.create(identifier=identifier) for identifier in ("group:1", "contact:2", "grouped")]
    both = Contact.objects.create(identifier="group:3", phone=phone(900))
    broadcast.contacts.set([*made, both])
    expand(broadcast)
    told = Message.objects.filter(broadcast=broadcast, state="skipped").exclude(error_text="")
    assert dict(told.values_list("address", "error_code")) == skipped
    assert states_of(broadcast).get("pending") == 5 - len(skipped)


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


@pytest.mark.parametrize("everywhere", [True, False])
def test_people_who_opted_out_by_their_identifier_are_skipped_at_their_phone(*, everywhere: bool) -> None:
    broadcast = preparing(2)
    Contact.objects.filter(phone=phone(100)).update(identifier="C-1")
    consent.suppress(["C-1"], channel=None if everywhere else broadcast.sender, reason="STOP", source="inbound")
    expand(broadcast)
    skipped = Message.objects.filter(state="skipped").values_list("address", "error_code")
    assert list(skipped) == [(phone(100), "opted_out")]
    assert states_of(broadcast) == {"skipped": 1, "pending": 1}


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
