"""How a broadcast stands, in numbers that its batches have."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcaster.models import Batch, Broadcast, Message
from broadcaster.reports import summary
from broadcaster.sending import ledger
from tests.api.calling import Program
from tests.sending.broadcasts import prepared, rows

NONE_OF = dict.fromkeys(
    ("pending", "accepted", "sent", "delivered", "read", "failed", "expired", "skipped", "unknown"), 0
)


def report(program: Program, broadcast: Broadcast) -> Any:
    return program.get(f"broadcasts/{broadcast.uuid}/report.json")


def with_states(*states: tuple[str, str, str]) -> Broadcast:
    """A broadcast of messages in these states, each with a code and a sentence."""
    broadcast = prepared(len(states))
    for row, (state, code, text) in zip(rows(broadcast), states, strict=True):
        Message.objects.filter(pk=row.pk).update(state=state, error_code=code, error_text=text)
    ledger.counts_of(list(Batch.objects.filter(broadcast=broadcast).values_list("pk", flat=True)))
    return broadcast


MIXED = [
    ("read", "", ""), ("delivered", "", ""), ("accepted", "", ""), ("pending", "", ""),
    ("failed", "131026", "Not on WhatsApp."), ("failed", "131026", "Not on WhatsApp."), ("failed", "1", "No."),
    ("skipped", "opted_out", "This person has opted out."),
]  # fmt: skip


def test_counts_shares_and_reasons(program: Program) -> None:
    told = report(program, with_states(*MIXED))
    counts = {"read": 1, "delivered": 1, "accepted": 1, "pending": 1, "failed": 3, "skipped": 1}
    assert (told["total"], told["counts"]) == (8, NONE_OF | counts)
    assert told["percentages"] == {state: round(12.5 * number, 1) for state, number in told["counts"].items()}
    assert told["progress"] == {"done": 7, "percent": 87, "rate_per_second": 0.0, "seconds_left": None}
    assert told["failures"] == [
        {"state": "failed", "code": "131026", "sentence": "Not on WhatsApp.", "count": 2},
        {"state": "failed", "code": "1", "sentence": "No.", "count": 1},
        {"state": "skipped", "code": "opted_out", "sentence": "This person has opted out.", "count": 1},
    ]
    assert (told["failures_looked_at"], told["failures_total"]) == (4, 4)


def test_which_broadcast_when_and_on_which_channel(program: Program) -> None:
    broadcast = prepared(1)
    started = timezone.now()
    finished = started + timedelta(seconds=5)
    Broadcast.objects.update(state="completed", started_at=started, finished_at=finished, state_reason="Why not.")
    told = report(program, broadcast)
    form = "%Y-%m-%dT%H:%M:%S.%fZ"
    assert told["broadcast"] == {"uuid": str(broadcast.uuid), "name": broadcast.name}
    assert told["channel"] == {"uuid": str(broadcast.sender.uuid), "name": broadcast.sender.name}
    assert [told["status"], told["state"], told["state_reason"]] == ["completed", "completed", "Why not."]
    assert [told["started_on"], told["finished_on"]] == [started.strftime(form), finished.strftime(form)]
    assert told["send_at"] == broadcast.start.strftime(form)


def test_the_pace_and_what_is_left_of_it(program: Program) -> None:
    broadcast = prepared(10)
    now = timezone.now()
    Broadcast.objects.update(state="sending", started_at=now - timedelta(seconds=4))
    Batch.objects.update(
        pending=2, accepted=8, started_at=now - timedelta(seconds=4), recorded_at=now, state="leased", lease_until=now
    )
    told = report(program, broadcast)["progress"]
    assert (told["rate_per_second"], told["seconds_left"]) == (2.0, 1)


def test_a_broadcast_to_nobody_yet_has_no_shares(program: Program) -> None:
    broadcast = prepared(1)
    Message.objects.all().delete()
    Batch.objects.all().delete()
    Broadcast.objects.update(total=0, state="scheduled")
    told = report(program, broadcast)
    assert (told["total"], set(told["percentages"].values()), told["failures"]) == (0, {0.0}, [])


def test_of_many_failures_only_some_are_looked_at(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "LOOKED_AT", 2)
    told = report(program, with_states(*MIXED))
    assert (told["failures_looked_at"], told["failures_total"]) == (3, 4)
    assert sum(each["count"] for each in told["failures"]) == 3


def test_more_recipients_take_no_more_questions(program: Program) -> None:
    counts = []
    for number in (1, 9):
        broadcast = with_states(*MIXED[-2:] * number)
        report(program, broadcast)
        with CaptureQueriesContext(connection) as asked:
            report(program, broadcast)
        counts.append(len(asked))
    assert counts[0] == counts[1]
