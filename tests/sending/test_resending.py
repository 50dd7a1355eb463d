"""What the provider refused goes out again at a person's word, and nothing else does: nobody gets anything twice."""

from collections.abc import Callable
from typing import Any
from unittest.mock import Mock, call

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from broadcaster import queue, tasks
from broadcaster.models import Batch, Broadcast, Channel, Message
from broadcaster.sending import batches, ledger, resending, results, states, unknowns
from broadcaster.sending.ledger import Change
from broadcaster.sending.results import Results
from tests.audiences import phone
from tests.sending.broadcasts import claimed, in_threads, prepared, reload, rows, send_all, states_of
from tests.simulating import Simulator

pytestmark = pytest.mark.django_db

REFUSED, CUT_OFF = 1, 6  # the simulator refuses the one; it takes the other and cuts the connection before the answer


@pytest.fixture
def person() -> User:
    return User.objects.create_user("olivia")


def refuse(batch: Batch) -> None:
    """Record what is left of a leased batch as the worker does where the provider refuses every post of it."""
    pending = list(batch.messages.filter(state="pending"))
    changes = [
        Change(row.pk, batch.pk, "pending", "failed", error_code="131026", error_text="Not on WhatsApp.")
        for row in pending
    ]
    results.record(batch, Results(changes=changes, posted=[row.pk for row in pending]))
    batches.release(batch)


def left_refused(recipients: int = 3, **fields: Any) -> Broadcast:
    """A broadcast of which every message was refused."""
    broadcast = prepared(recipients, **fields)
    refuse_all(broadcast)
    return reload(broadcast)


def refuse_all(broadcast: Broadcast) -> None:
    while Batch.objects.filter(broadcast=broadcast, state="ready", pending__gt=0).exists():
        refuse(claimed())


def move(row: Message, state: str) -> None:
    with transaction.atomic():
        ledger.write([Change(row.pk, row.batch_id, row.state, state)], now=timezone.now())
    row.refresh_from_db()


def test_what_was_refused_begins_anew_in_new_batches(person: User) -> None:
    broadcast = left_refused(12)
    assert broadcast.state == "completed"
    Channel.objects.update(rate_per_second=1)
    assert resending.send_again(reload(broadcast), person=person) == 12
    new = list(broadcast.batches.filter(state="ready").order_by("number"))
    assert [(batch.size, batch.pending, batch.number) for batch in new] == [(5, 5, 2), (5, 5, 3), (2, 2, 4)]
    told = (0, unknowns.SENT_AGAIN, resending.AGAIN)
    assert set(Message.objects.values_list("attempts", "error_code", "error_text")) == {told}
    assert (states_of(broadcast), reload(broadcast).state) == ({"pending": 12}, "sending")


def test_it_is_on_record(person: User) -> None:
    for number in (1, 2):
        resending.send_again(left_refused(number), person=person)
    entries = LogEntry.objects.order_by("pk").values_list("user__username", "change_message")
    assert list(entries) == [("olivia", "Sent 1 refused message again."), ("olivia", "Sent 2 refused messages again.")]


def taken_and_failed(row: Message) -> None:
    Message.objects.filter(pk=row.pk).update(accepted_at=timezone.now())


def unknown_and_failed_by_receipt(row: Message) -> None:
    Batch.objects.update(failed=1, unknown=1)
    Message.objects.filter(pk=row.pk).update(state="unknown")
    row.refresh_from_db()
    move(row, "failed")


def sent_again_when_unknown_and_then_refused(row: Message) -> None:
    Batch.objects.update(failed=1, unknown=1)
    Message.objects.filter(pk=row.pk).update(state="unknown")
    broadcast, person = row.broadcast, User.objects.get()
    unknowns.send_again(broadcast, unknowns.unknown_of(broadcast), person=person)
    refuse_all(broadcast)


def never_posted(row: Message) -> None:
    Message.objects.filter(pk=row.pk).update(attempts=0, error_code="not_writable")


def unknown(row: Message) -> None:
    Batch.objects.update(failed=1, unknown=1)
    Message.objects.filter(pk=row.pk).update(state="unknown")


def erased(row: Message) -> None:
    Message.objects.filter(pk=row.pk).update(contact=None, address="erased", variables={})


def skipped(row: Message) -> None:
    Batch.objects.update(failed=1, skipped=1)
    Message.objects.filter(pk=row.pk).update(state="skipped")


@pytest.mark.parametrize(
    "happened",
    [
        taken_and_failed, unknown_and_failed_by_receipt, sent_again_when_unknown_and_then_refused, never_posted,
        unknown, erased, skipped,
    ],
)  # fmt: skip
def test_only_what_was_surely_refused_goes_again(person: User, happened: Callable[[Message], None]) -> None:
    broadcast = left_refused(2)
    other, left = rows(broadcast)
    happened(left)
    state = Message.objects.get(pk=left.pk).state
    assert list(resending.refused(broadcast)) == [other]
    assert resending.send_again(reload(broadcast), person=person) == 1
    assert dict(Message.objects.values_list("pk", "state")) == {other.pk: "pending", left.pk: state}
    states_of(broadcast)


def test_what_a_person_sends_again_is_marked_and_is_written_as_before(person: User) -> None:
    broadcast = prepared(1)
    before = rows(broadcast)[0].variables
    Batch.objects.update(pending=0, unknown=1)
    Message.objects.update(state="unknown")
    Broadcast.objects.update(state="sending")
    unknowns.send_again(broadcast, unknowns.unknown_of(broadcast), person=person)
    assert rows(broadcast)[0].variables == before | {unknowns.MARK: True}


def test_other_broadcasts_stay_as_they_are(person: User) -> None:
    broadcast, other = left_refused(2), left_refused(2)
    resending.send_again(broadcast, person=person)
    assert (states_of(broadcast), states_of(other)) == ({"pending": 2}, {"failed": 2})


def test_a_second_call_finds_nothing(person: User) -> None:
    broadcast = left_refused(3)
    assert [resending.send_again(reload(broadcast), person=person) for _ in range(2)] == [3, 0]
    assert LogEntry.objects.count() == 1


def test_what_is_refused_once_more_waits_for_another_call(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is quicker than the call must not keep it going for ever."""
    broadcast = left_refused(5)
    monkeypatch.setattr(resending, "CHUNK", 2)
    whole = resending._queue

    def queue_and_be_refused(*given: Any) -> int:
        queued = whole(*given)
        refuse_all(broadcast)
        return queued

    monkeypatch.setattr(resending, "_queue", queue_and_be_refused)
    assert resending.send_again(broadcast, person=person) == 5
    assert resending.send_again(reload(broadcast), person=person) == 5
    assert states_of(broadcast) == {"failed": 5}


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("cancelled", "This broadcast was cancelled, so nothing more of it is sent."),
        ("missed", "This broadcast is missed, so nothing of it can be sent again."),
    ],
)
def test_what_may_not_send_any_more_refuses_in_words(person: User, state: str, sentence: str) -> None:
    broadcast = left_refused(2)
    Broadcast.objects.update(state=state)
    with pytest.raises(states.MoveRefused) as refusal:
        resending.send_again(reload(broadcast), person=person)
    assert (refusal.value.sentence, states_of(broadcast)) == (sentence, {"failed": 2})


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("place", ["_take_out_of_their_batches", "_reopen"])
def test_who_dies_in_the_middle_leaves_the_rest_for_another_call(
    person: User, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    broadcast = left_refused(5)
    monkeypatch.setattr(resending, "CHUNK", 2)
    steps = iter([False, True])
    whole = getattr(unknowns, place)

    def deadly(*given: Any) -> None:
        whole(*given)
        if next(steps, False):
            raise Killed

    monkeypatch.setattr(unknowns, place, deadly)
    with pytest.raises(Killed):
        resending.send_again(broadcast, person=person)
    assert states_of(broadcast) == {"pending": 2, "failed": 3}
    assert resending.send_again(reload(broadcast), person=person) == 3
    assert states_of(broadcast) == {"pending": 5}


@pytest.mark.django_db(transaction=True)
def test_two_calls_at_the_same_moment_send_each_once(person: User, simulator: Simulator) -> None:
    numbers = list(range(100, 160))
    broadcast = prepared(numbers, url=simulator.url)
    refuse_all(broadcast)
    done = in_threads(4, lambda: resending.send_again(reload(broadcast), person=person))
    assert (sum(done), states_of(broadcast)) == (60, {"pending": 60})
    send_all(broadcast)
    assert [len(simulator.accepted("kaleyra", phone(number))) for number in numbers] == [1] * 60
    assert (states_of(broadcast), reload(broadcast).state) == ({"accepted": 60}, "completed")


def test_what_had_no_answer_is_never_among_them(person: User, simulator: Simulator) -> None:
    broadcast = prepared([REFUSED, CUT_OFF, 100], url=simulator.url)
    send_all(broadcast)
    assert states_of(broadcast) == {"failed": 1, "unknown": 1, "accepted": 1}
    assert resending.send_again(reload(broadcast), person=person) == 1
    send_all(broadcast)
    assert [len(simulator.accepted("kaleyra", phone(number))) for number in (REFUSED, CUT_OFF, 100)] == [0, 1, 1]
    assert states_of(broadcast) == {"failed": 1, "unknown": 1, "accepted": 1}


def test_a_request_sends_the_first_and_a_worker_the_rest(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    broadcast = left_refused(7)
    monkeypatch.setattr(resending, "FIRST", 2)
    monkeypatch.setattr(resending, "CHUNK", 2)
    rest = resending.begin(broadcast, person=person)
    assert rest is not None
    assert (states_of(broadcast), resending.unfinished()) == ({"pending": 2, "failed": 5}, [rest])
    refuse_all(broadcast)  # anew, which waits for another call
    assert resending.go_on(rest, life_s=0)
    assert not resending.go_on(rest, life_s=60)
    assert (states_of(broadcast), resending.unfinished()) == ({"pending": 5, "failed": 2}, [])
    assert not resending.go_on(rest, life_s=60)


@pytest.mark.parametrize("number", [0, 1])
def test_a_request_that_sends_all_of_it_leaves_nothing_behind(person: User, number: int) -> None:
    broadcast = left_refused(2)
    Message.objects.filter(pk__in=[row.pk for row in rows(broadcast)][number:]).update(attempts=0)
    assert resending.begin(broadcast, person=person) is None
    assert (resending.unfinished(), reload(broadcast).state) == ([], "sending" if number else "completed")


def test_a_worker_leaves_the_rest_of_what_was_cancelled(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    broadcast = left_refused(4)
    monkeypatch.setattr(resending, "FIRST", 2)
    rest = resending.begin(broadcast, person=person)
    assert rest is not None
    Broadcast.objects.update(state="cancelled")
    assert not resending.go_on(rest, life_s=60)
    assert (states_of(broadcast), resending.unfinished()) == ({"pending": 2, "failed": 2}, [])


def test_the_tick_finds_what_a_dead_worker_left_lying(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    broadcast = left_refused(6)
    monkeypatch.setattr(resending, "FIRST", 2)
    monkeypatch.setattr(resending, "CHUNK", 2)
    rest = resending.begin(broadcast, person=person)
    assert rest is not None
    with monkeypatch.context() as deadly:
        deadly.setattr(unknowns, "_reopen", Mock(side_effect=Killed))
        with pytest.raises(Killed):
            resending.go_on(rest, life_s=60)
    with monkeypatch.context() as watched:
        watched.setattr(queue, "enqueue", queued := Mock())
        tasks.tick()
    assert call("send_refused_again", rest) in queued.call_args_list
    tasks.send_refused_again(rest)
    assert (states_of(broadcast), resending.unfinished()) == ({"pending": 6}, [])


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_moment_queue_each_once(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    broadcast = left_refused(40)
    monkeypatch.setattr(resending, "FIRST", 4)
    monkeypatch.setattr(resending, "CHUNK", 4)
    placing = Mock(wraps=unknowns.place_anew)
    monkeypatch.setattr(unknowns, "place_anew", placing)
    rests = [resending.begin(broadcast, person=person) for _ in range(2)]
    in_threads(4, lambda: [resending.go_on(rest, life_s=60) for rest in rests if rest])
    while left := resending.unfinished():
        resending.go_on(left[0], life_s=60)
    placed = [row.pk for each in placing.call_args_list for row in each.args[0]]
    assert (len(placed), len(set(placed)), states_of(broadcast)) == (40, 40, {"pending": 40})
