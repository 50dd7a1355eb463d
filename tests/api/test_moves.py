"""What a program does to a broadcast that goes out: it happens, it was done before, or the state does not allow it."""

from typing import Any

import pytest
from django.db.models import F

from broadcaster.models import Batch, Broadcast, Channel, Message
from broadcaster.sending import resending, unknowns
from tests.api.calling import Program
from tests.sending.broadcasts import claimed, prepared, reload, states_of

MOVES = ("pause", "resume", "cancel", "resend_failed")


def at(state: str, **fields: Any) -> Broadcast:
    """A broadcast in this state."""
    broadcast = prepared(2)
    Broadcast.objects.filter(pk=broadcast.pk).update(state=state, **fields)
    return reload(broadcast)


def place(broadcast: Broadcast, move: str) -> str:
    return f"broadcasts/{broadcast.uuid}/{move}"


@pytest.mark.parametrize(
    ("move", "state", "becomes"),
    [
        ("pause", "sending", "paused"), ("pause", "preparing", "paused"), ("pause", "paused", "paused"),
        ("resume", "paused", "preparing"), ("resume", "sending", "sending"), ("resume", "preparing", "preparing"),
        ("cancel", "scheduled", "cancelled"), ("cancel", "sending", "cancelled"), ("cancel", "paused", "cancelled"),
        ("cancel", "awaiting_approval", "cancelled"), ("cancel", "missed", "cancelled"),
        ("cancel", "cancelled", "cancelled"), ("resend_failed", "completed", "completed"),
        ("resend_failed", "sending", "sending"), ("resend_failed", "paused", "paused"),
    ],
)  # fmt: skip
def test_a_move_answers_with_the_broadcast(
    program: Program, woken: list[object], move: str, state: str, becomes: str
) -> None:
    broadcast = at(state)
    status, told = program.told("POST", place(broadcast, f"{move}.json"))
    assert (status, told["uuid"], told["state"]) == (200, str(broadcast.uuid), becomes)
    assert (reload(broadcast).state, told["progress"]) == (becomes, {"total": 2, "started": 0})


REFUSALS = [
    ("pause", "scheduled", "This broadcast is scheduled; it cannot become paused."),
    ("pause", "completed", "This broadcast is completed; it cannot become paused."),
    ("pause", "cancelled", "This broadcast is cancelled; it cannot become paused."),
    ("pause", "awaiting_approval", "This broadcast is waiting for approval; it cannot become paused."),
    ("resume", "awaiting_approval", "This broadcast is waiting for approval; it cannot become preparing."),
    ("resume", "scheduled", "This broadcast is scheduled; it cannot become preparing."),
    ("resume", "completed", "This broadcast is completed; it cannot become preparing."),
    ("resume", "missed", "This broadcast is missed; it cannot become preparing."),
    ("resume", "cancelled", "This broadcast is cancelled; it cannot become preparing."),
    ("cancel", "completed", "This broadcast is completed; it cannot become cancelled."),
    ("cancel", "failed", "This broadcast is failed; it cannot become cancelled."),
    ("resend_failed", "awaiting_approval",
     "This broadcast is waiting for approval, so nothing of it can be sent again."),
    ("resend_failed", "scheduled", "This broadcast is scheduled, so nothing of it can be sent again."),
    ("resend_failed", "preparing", "This broadcast is preparing, so nothing of it can be sent again."),
    ("resend_failed", "failed", "This broadcast is failed, so nothing of it can be sent again."),
    ("resend_failed", "cancelled", "This broadcast was cancelled, so nothing more of it is sent."),
]  # fmt: skip


@pytest.mark.parametrize(("move", "state", "detail"), REFUSALS)
def test_a_state_that_does_not_allow_it_is_409(
    program: Program, woken: list[object], move: str, state: str, detail: str
) -> None:
    broadcast = at(state)
    Message.objects.update(state="failed", attempts=1)
    assert program.told("POST", place(broadcast, move)) == (409, {"detail": detail})
    assert (reload(broadcast).state, woken) == (state, [])


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("uuid", ["00000000-0000-4000-8000-000000000000", "-" * 36])
def test_what_is_not_there_is_404(program: Program, move: str, uuid: str) -> None:
    assert program.told("POST", f"broadcasts/{uuid}/{move}") == (404, {"detail": "Not found."})


@pytest.mark.parametrize("move", MOVES)
def test_a_draft_is_moved_by_its_author_alone(program: Program, move: str) -> None:
    broadcast = Broadcast.objects.create(name="Mine")
    assert program.told("POST", place(broadcast, move)) == (404, {"detail": "Not found."})


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize(("role", "scope"), [("Operator", "read"), ("Viewer", "send")])
def test_whoever_may_not_send_may_not_move_it(channel: Channel, move: str, role: str, scope: str) -> None:
    broadcast = at("sending")
    program = Program(role=role, scope=scope)
    program.post(place(broadcast, move))
    assert (program.status, reload(broadcast).state) == (403, "sending")


@pytest.mark.parametrize("move", MOVES)
def test_nothing_but_a_post_moves_it(program: Program, move: str) -> None:
    broadcast = at("sending")
    assert program.told("GET", place(broadcast, move)) == (405, {"detail": 'Method "GET" not allowed.'})
    program.post(place(broadcast, f"{move}/"))
    assert (program.status, reload(broadcast).state) == (404, "sending")


@pytest.mark.parametrize("body", [None, {}, {"state": "cancelled"}, [], "x", "null", '{"x": "\\u0000"}'])
def test_a_body_is_left_aside(program: Program, woken: list[object], body: Any) -> None:
    broadcast = at("sending")
    program.post(place(broadcast, "pause"), body)
    assert (program.status, reload(broadcast).state) == (200, "paused")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("move", "state", "task"), [("resume", "paused", "run_pump"), ("cancel", "sending", "close_broadcast")]
)
def test_a_worker_is_woken_at_once(channel: Channel, woken: list[Any], move: str, state: str, task: str) -> None:
    broadcast = at(state, started_at="2026-06-01T12:00:00Z")
    Program().post(place(broadcast, move))
    assert task in [each[0] for each in woken]


@pytest.mark.django_db(transaction=True)
def test_resend_failed_sends_again_what_was_refused_and_nothing_else(channel: Channel, woken: list[Any]) -> None:
    broadcast = prepared(4)
    batch = claimed()
    refused, taken, unknown, read = batch.messages.order_by("seq")
    for row, state, fields in (
        (refused, "failed", {}), (taken, "failed", {"accepted_at": "2026-06-01T12:00:00Z"}), (unknown, "unknown", {}),
        (read, "read", {}),
    ):  # fmt: skip
        Message.objects.filter(pk=row.pk).update(state=state, attempts=1, **fields)
    Batch.objects.update(pending=0, failed=2, unknown=1, read=1, state="done", lease_until=None, lease_worker="")
    Broadcast.objects.update(state="completed")
    program = Program()
    for _ in range(2):
        assert program.post(place(broadcast, "resend_failed"))["state"] == "sending"
    assert states_of(broadcast) == {"pending": 1, "failed": 1, "unknown": 1, "read": 1}
    assert Message.objects.get(pk=refused.pk).error_code == unknowns.SENT_AGAIN
    assert "run_pump" in [each[0] for each in woken]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "order 17"}])
def test_resend_failed_leaves_what_is_much_to_a_worker(
    channel: Channel, woken: list[Any], monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setattr(resending, "FIRST", 2)
    broadcast = prepared(5)
    Message.objects.update(state="failed", attempts=1)
    Batch.objects.update(pending=0, failed=F("size"), state="done")
    Broadcast.objects.update(state="completed")
    assert Program().post(place(broadcast, "resend_failed"), **headers)["state"] == "sending"
    assert states_of(broadcast) == {"pending": 2, "failed": 3}
    (rest,) = resending.unfinished()
    assert ("send_refused_again", rest) in [each[:2] for each in woken]


def test_one_broadcast_is_told_as_the_list_has_it(program: Program) -> None:
    broadcast = prepared(2)
    (listed,) = program.get("broadcasts.json")["results"]
    for path in (f"broadcasts/{broadcast.uuid}.json", f"broadcasts/{str(broadcast.uuid).upper()}"):
        assert program.told("GET", path) == (200, listed)
