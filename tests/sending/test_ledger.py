"""The ledger: many rows written at once, their times and words, and counts that agree with a recount."""

from datetime import UTC, datetime

import pytest

from broadcaster.models import Batch, Broadcast, Channel, Message
from broadcaster.sending import ledger
from broadcaster.sending.ledger import Change, Retry
from tests.sending.broadcasts import channel_and_template, prepared, rows, states_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LATER = datetime(2026, 3, 4, 6, tzinfo=UTC)


@pytest.fixture
def broadcast() -> Broadcast:
    return prepared(4)


def write(broadcast: Broadcast, *states: str, now: datetime = NOW, **words: str) -> list[Message]:
    changes = [
        Change(row.pk, row.batch_id, row.state, state, **words)
        for row, state in zip(rows(broadcast), states, strict=False)
    ]
    assert ledger.write(changes, now=now) == len(states)
    return rows(broadcast)


def test_each_row_gets_its_own_state_and_the_counts_follow(broadcast: Broadcast) -> None:
    write(broadcast, "accepted", "failed", "unknown")
    assert states_of(broadcast) == {"accepted": 1, "failed": 1, "unknown": 1, "pending": 1}


def test_counts_agree_after_one_change_upon_another(broadcast: Broadcast) -> None:
    write(broadcast, "accepted", "accepted", "unknown", "failed")
    write(broadcast, "read", "delivered", "sent", "failed")
    assert states_of(broadcast) == {"read": 1, "delivered": 1, "sent": 1, "failed": 1}


def test_changes_of_several_batches_count_in_each() -> None:
    channel, _ = channel_and_template()
    Channel.objects.filter(pk=channel.pk).update(rate_per_second=1)
    broadcast = prepared(12)
    write(broadcast, *["accepted"] * 7)
    assert [batch.accepted for batch in broadcast.batches.all()] == [5, 2, 0]
    assert states_of(broadcast) == {"accepted": 7, "pending": 5}


def test_nothing_to_write_writes_nothing(broadcast: Broadcast) -> None:
    assert ledger.write([], now=NOW) == 0


def test_what_the_provider_said_is_on_record(broadcast: Broadcast) -> None:
    sentence = "Näh: 'no'; %s \\ 😀"
    row = write(broadcast, "failed", provider_id="wamid.1", error_code="E7", error_text=sentence)[0]
    assert (row.provider_id, row.error_code, row.error_text) == ("wamid.1", "E7", sentence)
    assert row.changed_at == NOW


def test_an_answer_without_an_id_keeps_the_one_that_is_known(broadcast: Broadcast) -> None:
    write(broadcast, "accepted", provider_id="wamid.1")
    assert write(broadcast, "sent")[0].provider_id == "wamid.1"


def test_success_clears_what_an_earlier_try_said(broadcast: Broadcast) -> None:
    write(broadcast, "unknown", error_code="E7", error_text="Busy.")
    row = write(broadcast, "delivered")[0]
    assert (row.error_code, row.error_text) == ("", "")


def test_words_that_are_too_long_are_cut(broadcast: Broadcast) -> None:
    row = write(broadcast, "failed", error_code="c" * 100, error_text="t" * 1000)[0]
    assert (len(row.error_code), len(row.error_text)) == (64, 300)


TIMES = {
    "accepted": (NOW, None, None),
    "delivered": (None, NOW, None),
    "read": (None, NOW, NOW),
    "failed": (None, None, None),
}


@pytest.mark.parametrize("state", TIMES)
def test_the_times_are_those_of_the_state(broadcast: Broadcast, state: str) -> None:
    row = write(broadcast, state)[0]
    assert (row.accepted_at, row.delivered_at, row.read_at) == TIMES[state]


def test_reading_keeps_the_time_of_delivery(broadcast: Broadcast) -> None:
    write(broadcast, "delivered")
    row = write(broadcast, "read", now=LATER)[0]
    assert (row.delivered_at, row.read_at) == (NOW, LATER)


def test_others_are_left_alone(broadcast: Broadcast) -> None:
    other = prepared([500])
    write(broadcast, "accepted", "accepted", "accepted", "accepted", provider_id="p")
    assert states_of(other) == {"pending": 1}
    assert rows(other)[0].changed_at is None


def test_a_count_from_the_rows_mends_wrong_counts(broadcast: Broadcast) -> None:
    write(broadcast, "accepted", "failed")
    Batch.objects.update(pending=17, accepted=0, read=4)
    ledger.counts_of([batch.pk for batch in broadcast.batches.all()])
    assert states_of(broadcast) == {"accepted": 1, "failed": 1, "pending": 2}


def test_postponed_rows_are_numbered_anew_in_the_order_given(broadcast: Broadcast) -> None:
    later = Batch.objects.create(broadcast=broadcast, number=9, size=2, not_before=NOW)
    first, _, third, _ = rows(broadcast)
    retries = [Retry(row.pk, 0, True, "busy", "x" * 1000) for row in (third, first)]
    ledger.postpone(retries, batch_id=later.pk, now=NOW)
    moved = Message.objects.filter(batch=later).order_by("seq")
    assert [(row.pk, row.seq) for row in moved] == [(third.pk, 1), (first.pk, 2)]
    assert {(row.error_code, len(row.error_text), row.changed_at) for row in moved} == {("busy", 300, NOW)}
