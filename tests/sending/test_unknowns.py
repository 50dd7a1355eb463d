"""What a person decides about an unknown fate: each row once, counts that agree, and the word of a receipt first."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from broadcaster.gateway import reference
from broadcaster.models import Batch, Broadcast, Channel, Message, Suppression
from broadcaster.receipts import apply
from broadcaster.sending import batches, ledger, schedule, states, unknowns
from broadcaster.sending.ledger import Change
from providers import DeliveryStatus, ReceiptEvent
from tests.audiences import phone
from tests.sending.broadcasts import claimed, in_threads, prepared, reload, rows, send_all, states_of
from tests.simulating import Simulator

pytestmark = pytest.mark.django_db

Decision = Callable[..., int]
DECISIONS = {"accepted": unknowns.treat_as_sent, "pending": unknowns.send_again}
CUT_OFF = 6  # the simulator takes the message and cuts the connection before the answer
BOTH = pytest.mark.parametrize(("outcome", "decide"), DECISIONS.items(), ids=DECISIONS)


@pytest.fixture
def person() -> User:
    return User.objects.create_user("olivia")


def move(messages: Sequence[Message], state: str) -> None:
    with transaction.atomic():
        changes = [Change(row.pk, row.batch_id, row.state, state, error_code="lost") for row in messages]
        ledger.write(changes, now=timezone.now())


def left_unknown(recipients: int = 3, **fields: Any) -> Broadcast:
    """A broadcast that was handed over, and no answer came."""
    broadcast = prepared(recipients, **fields)
    while Batch.objects.filter(broadcast=broadcast, state="ready", pending__gt=0).exists():
        batch = claimed()
        move(list(batch.messages.filter(state="pending")), "unknown")
        batches.release(batch)
    return reload(broadcast)


def everything(broadcast: Broadcast) -> Any:
    return unknowns.unknown_of(broadcast)


def receipts_for(messages: Sequence[Message], status: DeliveryStatus = DeliveryStatus.DELIVERED) -> None:
    broadcast = messages[0].broadcast
    events = [ReceiptEvent(status, reference=reference(broadcast, row.pk), address=row.address) for row in messages]
    with transaction.atomic():
        apply.apply_events(broadcast.sender, events)


# -- both ways ---------------------------------------------------------------------------------------------------------


@BOTH
def test_every_unknown_row_moves_and_the_counts_with_it(person: User, outcome: str, decide: Decision) -> None:
    broadcast = left_unknown(3)
    assert decide(broadcast, everything(broadcast), person=person) == 3
    assert states_of(broadcast) == {outcome: 3}


@BOTH
def test_a_second_time_nothing_more_happens(person: User, outcome: str, decide: Decision) -> None:
    broadcast = left_unknown(3)
    decide(broadcast, everything(broadcast), person=person)
    assert decide(broadcast, everything(broadcast), person=person) == 0
    assert (states_of(broadcast), LogEntry.objects.count()) == ({outcome: 3}, 1)


@BOTH
def test_only_what_was_chosen_moves(person: User, outcome: str, decide: Decision) -> None:
    broadcast, other = left_unknown(3), left_unknown(2)
    chosen = Message.objects.filter(pk__in=[rows(broadcast)[1].pk, *(row.pk for row in rows(other))])
    assert decide(broadcast, chosen, person=person) == 1
    assert (states_of(broadcast), states_of(other)) == ({outcome: 1, "unknown": 2}, {"unknown": 2})


@BOTH
def test_a_receipt_that_was_quicker_wins(person: User, outcome: str, decide: Decision) -> None:
    broadcast = left_unknown(3)
    chosen = Message.objects.filter(pk__in=[row.pk for row in rows(broadcast)])
    receipts_for(rows(broadcast)[:1])
    assert decide(broadcast, chosen, person=person) == 2
    assert states_of(broadcast) == {"delivered": 1, outcome: 2}


@BOTH
def test_many_go_in_chunks(person: User, outcome: str, decide: Decision, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unknowns, "CHUNK", 2)
    broadcast = left_unknown(5)
    assert decide(broadcast, everything(broadcast), person=person) == 5
    assert states_of(broadcast) == {outcome: 5}


@pytest.mark.parametrize(
    ("decide", "what"), [(unknowns.treat_as_sent, "Treated {} as sent."), (unknowns.send_again, "Sent {} again.")]
)
def test_the_decision_is_on_record(person: User, decide: Decision, what: str) -> None:
    broadcast, single = left_unknown(2), left_unknown(1)
    for each in (broadcast, single):
        decide(each, everything(each), person=person)
    entries = LogEntry.objects.order_by("pk").values_list("user__username", "object_id", "change_message")
    assert list(entries) == [
        ("olivia", str(broadcast.pk), what.format("2 unknown messages")),
        ("olivia", str(single.pk), what.format("1 unknown message")),
    ]


@pytest.mark.django_db(transaction=True)
@BOTH
def test_receipts_and_two_people_at_once_move_each_row_once(person: User, outcome: str, decide: Decision) -> None:
    broadcast = left_unknown(200)
    half = rows(broadcast)[::2]

    def move_them() -> int:
        return decide(broadcast, everything(broadcast), person=person)

    def receive() -> int:
        receipts_for(half)
        return 0

    def whose_turn_it_is() -> int:
        return next(work)()

    work = iter([receive, move_them, move_them])
    decided = in_threads(3, whose_turn_it_is)
    counts = states_of(broadcast)
    assert counts[outcome] + counts.get("delivered", 0) == 200
    assert sum(decided) >= counts[outcome]  # a receipt may come after a person's word


# -- treat as sent -----------------------------------------------------------------------------------------------------


def test_treated_as_sent_it_says_so_and_is_not_sent(person: User) -> None:
    broadcast = left_unknown(1)
    unknowns.treat_as_sent(broadcast, everything(broadcast), person=person)
    [row] = rows(broadcast)
    assert (row.error_code, row.error_text) == ("treated_as_sent", unknowns.TREATED)
    assert row.accepted_at
    assert (reload(broadcast).state, batches.claim("worker")) == ("completed", None)


@pytest.mark.parametrize("status", [DeliveryStatus.DELIVERED, DeliveryStatus.FAILED])
def test_a_later_receipt_corrects_it(person: User, status: DeliveryStatus) -> None:
    broadcast = left_unknown(1)
    unknowns.treat_as_sent(broadcast, everything(broadcast), person=person)
    receipts_for(rows(broadcast), status)
    assert states_of(broadcast) == {status.value: 1}
    assert rows(broadcast)[0].error_code != "treated_as_sent"


def test_of_a_cancelled_broadcast_too(person: User) -> None:
    broadcast = left_unknown(1)
    Broadcast.objects.update(state="cancelled")
    assert unknowns.treat_as_sent(reload(broadcast), everything(broadcast), person=person) == 1


# -- send again --------------------------------------------------------------------------------------------------------


def test_sent_again_it_begins_anew_in_new_batches(person: User) -> None:
    broadcast = left_unknown(12)
    Channel.objects.update(rate_per_second=1)
    Message.objects.update(attempts=5)
    assert unknowns.send_again(reload(broadcast), everything(broadcast), person=person) == 12
    new = list(broadcast.batches.filter(state="ready").order_by("number"))
    assert [(batch.size, batch.pending, batch.number) for batch in new] == [(5, 5, 2), (5, 5, 3), (2, 2, 4)]
    for batch in new:
        assert list(batch.messages.order_by("seq").values_list("seq", flat=True)) == list(range(1, batch.size + 1))
    told = (0, unknowns.SENT_AGAIN, unknowns.AGAIN)
    assert set(Message.objects.values_list("attempts", "error_code", "error_text")) == {told}


def test_a_completed_broadcast_sends_again(person: User) -> None:
    broadcast = left_unknown(1)
    assert broadcast.finished_at
    unknowns.send_again(broadcast, everything(broadcast), person=person)
    assert (reload(broadcast).state, reload(broadcast).finished_at) == ("sending", None)
    assert claimed().messages.get().pk == rows(broadcast)[0].pk


def test_a_paused_broadcast_stays_paused(person: User) -> None:
    broadcast = left_unknown(1)
    Broadcast.objects.update(state="paused")
    unknowns.send_again(reload(broadcast), everything(broadcast), person=person)
    assert (reload(broadcast).state, batches.claim("worker")) == ("paused", None)
    schedule.resume(reload(broadcast))
    assert claimed().messages.count() == 1


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "cancelled": ({"state": "cancelled"}, "This broadcast was cancelled, so nothing more of it is sent."),
    "expired": (
        {"send_at": timezone.now() - timedelta(hours=1), "expires_at": timezone.now()},
        "This broadcast has expired, so nothing more of it is sent.",
    ),
    "missed": ({"state": "missed"}, "This broadcast is missed, so nothing of it can be sent again."),
}


@pytest.mark.parametrize(("fields", "sentence"), REFUSALS.values(), ids=REFUSALS)
def test_what_may_not_send_any_more_refuses_in_words(person: User, fields: dict[str, Any], sentence: str) -> None:
    broadcast = left_unknown(2)
    Broadcast.objects.update(**fields)  # the object in hand is older: what counts is the row
    with pytest.raises(states.MoveRefused) as refusal:
        unknowns.send_again(broadcast, everything(broadcast), person=person)
    assert refusal.value.sentence == sentence == unknowns.why_not(reload(broadcast))
    assert (states_of(broadcast), Batch.objects.count(), LogEntry.objects.count()) == ({"unknown": 2}, 1, 0)


def test_who_has_opted_out_since_is_skipped(person: User) -> None:
    broadcast = left_unknown(1)
    Suppression.objects.create(address=rows(broadcast)[0].address, reason="stop", source="person")
    unknowns.send_again(broadcast, everything(broadcast), person=person)
    send_all(broadcast)
    assert states_of(broadcast) == {"skipped": 1}


def test_it_is_posted_exactly_once_more(person: User, simulator: Simulator) -> None:
    broadcast = prepared([CUT_OFF, 100], url=simulator.url)
    send_all(broadcast)
    assert states_of(broadcast) == {"unknown": 1, "accepted": 1}
    unknowns.send_again(reload(broadcast), everything(broadcast), person=person)
    send_all(broadcast)
    assert [len(simulator.accepted("kaleyra", phone(number))) for number in (CUT_OFF, 100)] == [2, 1]
    assert (states_of(broadcast), reload(broadcast).state) == ({"unknown": 1, "accepted": 1}, "completed")
