"""Broadcasts as a program makes and reads them."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcaster.models import Broadcast, Channel, Contact, Group
from broadcaster.sending import schedule
from tests.api.calling import Program
from tests.sending.broadcasts import group_of, people, prepared

URNS = ["tel:+628123456789", "ext:C-1042"]
KEYS = [
    "id", "uuid", "status", "progress", "urns", "contacts", "groups", "text", "attachments", "quick_replies",
    "base_language", "created_on",
]  # fmt: skip


def test_a_new_broadcast_is_answered_as_rapidpro_answers(
    program: Program, woken: list[object], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        told = program.post("broadcasts.json", {"text": " Hello @contact.name ", "urns": URNS})
    broadcast = Broadcast.objects.get()
    assert program.status == 201
    assert list(told)[: len(KEYS)] == KEYS
    assert {name: told[name] for name in KEYS if name != "created_on"} == {
        "id": broadcast.pk,
        "uuid": str(broadcast.uuid),
        "status": "pending",
        "progress": {"total": -1, "started": 0},
        "urns": URNS,
        "contacts": [],
        "groups": [],
        "text": {"eng": "Hello @contact.name"},
        "attachments": {"eng": []},
        "quick_replies": {"eng": []},
        "base_language": "eng",
    }
    assert told["created_on"] == broadcast.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert woken == [("prepare_broadcast", broadcast.pk)]


def test_it_goes_to_everybody_who_is_named_once(program: Program) -> None:
    known, named = people([100, 101])
    group_of([known], "Reporters")
    body = {
        "text": {"eng": "Hello", "ind": "Halo"},
        "base_language": "ind",
        "urns": [f"tel:{known.phone}", f"whatsapp:{(known.phone or '')[1:]}"],
        "contacts": [str(named.uuid), f"tel:{named.phone}"],
        "groups": ["rEPORTERS"],
        "name": "June",
        "nonsense": 1,
    }
    told = program.post("broadcasts", body)
    broadcast = Broadcast.objects.get()
    assert (told["urns"], told["base_language"], broadcast.name) == ([f"tel:{known.phone}"], "ind", "June")
    assert told["contacts"] == [{"uuid": str(named.uuid), "name": named.name}]
    assert told["groups"] == [{"uuid": str(Group.objects.get().uuid), "name": "Reporters"}]
    assert set(broadcast.contacts.all()) == {known, named}
    assert Contact.objects.count() == 2


def test_a_text_that_stands_nowhere_else_survives_the_way_back_to_the_desk(program: Program) -> None:
    program.post("broadcasts", {"text": "Hello", "urns": URNS})
    broadcast = Broadcast.objects.get()
    schedule.unschedule(broadcast)
    assert schedule.copy(broadcast).content == broadcast.content
    schedule.schedule(broadcast, send_at=timezone.now())
    assert broadcast.content["translations"] == {"eng": {"text": "Hello"}}


def test_the_token_says_on_which_channel(channel: Channel) -> None:
    other = Channel.objects.create(name="Other", kind="rapidpro", config=channel.config, secrets=channel.secrets)
    body = {"text": "Hello", "urns": URNS}
    status, told = Program().told("POST", "broadcasts", body)
    assert (status, list(told)) == (400, ["channel"])
    assert channel.name in told["channel"][0]
    assert Program(channel=other).post("broadcasts", body)["channel"]["name"] == "Other"


def test_drafts_are_not_listed(program: Program) -> None:
    Broadcast.objects.create(name="Mine")
    shown = prepared(2)
    told = program.get("broadcasts.json")
    assert [told["next"], told["previous"]] == [None, None]
    assert [(each["id"], each["progress"]) for each in told["results"]] == [(shown.pk, {"total": 2, "started": 0})]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("scheduled", "pending"), ("preparing", "queued"), ("sending", "started"), ("paused", "started"),
        ("completed", "completed"), ("failed", "failed"), ("missed", "failed"), ("cancelled", "interrupted"),
    ],
)  # fmt: skip
def test_a_state_has_rapidpros_word(program: Program, state: str, status: str) -> None:
    Broadcast.objects.filter(pk=prepared(1).pk).update(state=state)
    (told,) = program.get("broadcasts.json")["results"]
    assert (told["state"], told["status"]) == (state, status)


def test_a_longer_list_takes_no_more_questions(program: Program) -> None:
    counts = []
    for number in (1, 9):
        for _ in range(number):
            program.post("broadcasts", {"text": "Hello", "urns": URNS})
        with CaptureQueriesContext(connection) as asked:
            assert program.get("broadcasts.json")["results"]
        counts.append(len(asked))
    assert counts[0] == counts[1]
