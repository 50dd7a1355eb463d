"""The moves that a broadcast may make, each one tried, and those that a receipt may make with a message."""

import itertools

import pytest
from django.utils import timezone

from broadcaster.models import Broadcast, Message
from broadcaster.sending import states
from tests.sending.broadcasts import channel_and_template, reload

pytestmark = pytest.mark.django_db

MOVES = {
    "draft": "awaiting_approval scheduled cancelled",
    "awaiting_approval": "scheduled draft cancelled",
    "scheduled": "preparing missed draft cancelled",
    "preparing": "sending failed paused missed completed cancelled",
    "sending": "paused completed cancelled",
    "paused": "preparing sending completed cancelled",
    "missed": "draft cancelled",
    "failed": "draft",
    "completed": "sending",
    "cancelled": "",
}
PAIRS = list(itertools.product(Broadcast.State, Broadcast.State))
ALLOWED = [(old, new) for old, new in PAIRS if new in MOVES[old].split()]
REFUSED = [pair for pair in PAIRS if pair not in ALLOWED]
RANK = ["pending", "accepted", "sent", "failed", "expired", "delivered", "read"]


def in_state(state: str) -> Broadcast:
    channel, _ = channel_and_template()
    return Broadcast.objects.create(name="June", state=state, channel=channel, send_at=timezone.now())


@pytest.mark.parametrize(("old", "new"), ALLOWED)
def test_moves(old: str, new: str) -> None:
    broadcast = in_state(old)
    states.move(broadcast, Broadcast.State(new), state_reason="because")
    assert (broadcast.state, broadcast.state_reason) == (new, "because")


@pytest.mark.parametrize(("old", "new"), REFUSED)
def test_refuses(old: str, new: str) -> None:
    broadcast = in_state(old)
    with pytest.raises(states.MoveRefused):
        states.move(broadcast, Broadcast.State(new), state_reason="because")
    assert (reload(broadcast).state, reload(broadcast).state_reason) == (old, "")


def test_a_refusal_says_in_words_what_the_broadcast_is() -> None:
    with pytest.raises(states.MoveRefused) as refusal:
        states.move(in_state("awaiting_approval"), Broadcast.State.PAUSED)
    assert "waiting for approval" in refusal.value.sentence
    assert "paused" in refusal.value.sentence


def test_the_row_decides_and_not_the_object_at_hand() -> None:
    broadcast = in_state("sending")
    Broadcast.objects.filter(pk=broadcast.pk).update(state="cancelled")
    with pytest.raises(states.MoveRefused):
        states.move(broadcast, Broadcast.State.PAUSED)
    assert broadcast.state == "cancelled"


def test_a_caller_can_mean_fewer_moves_than_there_are() -> None:
    with pytest.raises(states.MoveRefused):
        states.move(in_state("completed"), Broadcast.State.SENDING, only_from={Broadcast.State.PAUSED})
    states.move(in_state("paused"), Broadcast.State.SENDING, only_from={Broadcast.State.PAUSED})


def test_batch_numbers_are_given_out_once() -> None:
    broadcast = in_state("sending")
    firsts = [states.next_batch_number(broadcast.pk, count) for count in (1, 3, 2)]
    assert firsts == [1, 2, 5]
    assert reload(broadcast).batch_count == 6


@pytest.mark.parametrize("old", RANK)
def test_a_receipt_only_moves_a_message_up(old: str) -> None:
    for new in states.RECEIPT_MOVES.get(old, ()):
        assert RANK.index(new) > RANK.index(old)


@pytest.mark.parametrize("state", ["pending", "skipped"])
def test_a_receipt_cannot_move_what_was_never_handed_out(state: str) -> None:
    assert state not in states.RECEIPT_MOVES


def test_a_receipt_resolves_an_unknown_but_never_sends_it_again() -> None:
    unknown = Message.State.UNKNOWN
    assert states.MESSAGE_MOVES[unknown] - states.RECEIPT_MOVES[unknown] == {"pending"}
