"""When a new broadcast goes out, how urgently, and to whom beyond those whom it names."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcaster.models import ApiToken, Broadcast, Channel, Contact
from tests.api.calling import Program, user
from tests.content.conftest import make_upload
from tests.sending.broadcasts import group_of, people

URN = "tel:+628123456789"
BODY: dict[str, Any] = {"text": "Hello", "urns": [URN]}
PAST = "This time is past. Choose a later one, or send now."
EARLY = "It would expire before it is sent."
NO_ZONE = "Give the time with its zone, such as 2030-01-01T09:00:00+07:00."
NO_PRIORITY = "Choose one of: low, normal, high."


def test_all_that_was_chosen_comes_back(program: Program) -> None:
    one, other = people([100, 101])
    upload, never = make_upload(one, other), group_of([other], "Never")
    body = {
        "text": "@row.amount",
        "upload": str(upload.uuid),
        "exclude_groups": ["never"],
        "name": "June",
        "send_at": "2099-06-01T09:00:00+07:00",
        "expires_at": "2099-06-01T03:00:00Z",
        "priority": "high",
    }
    told = program.post("broadcasts.json", body)
    assert program.status == 201, told
    own = {name: told[name] for name in ("upload", "exclude_groups", "name", "send_at", "expires_at", "priority")}
    assert own == {
        "upload": {"uuid": str(upload.uuid), "name": "june.csv"},
        "exclude_groups": [{"uuid": str(never.uuid), "name": "Never"}],
        "name": "June",
        "send_at": "2099-06-01T02:00:00.000000Z",
        "expires_at": "2099-06-01T03:00:00.000000Z",
        "priority": "high",
    }
    assert (told["state"], told["urns"], told["contacts"], told["groups"]) == ("scheduled", [], [], [])
    assert program.get("broadcasts.json")["results"] == [told]


def test_without_a_time_it_goes_out_at_once(program: Program) -> None:
    program.post("broadcasts.json", BODY | {"send_at": None})
    assert abs(Broadcast.objects.get().start - timezone.now()) < timedelta(minutes=1)


REFUSALS: dict[str, tuple[dict[str, Any], Any]] = {
    "a past time": ({"send_at": "2020-01-01T00:00:00Z"}, {"send_at": [PAST]}),
    "over before it begins": (
        {"send_at": "2099-06-02T00:00:00Z", "expires_at": "2099-06-01T00:00:00Z"},
        {"expires_at": [EARLY]},
    ),
    "over already": ({"expires_at": "2020-01-01T00:00:00Z"}, {"expires_at": [EARLY]}),
    "no zone": ({"send_at": "2099-06-01T00:00:00"}, {"send_at": [NO_ZONE]}),
    "no time": ({"send_at": "soon", "expires_at": 5}, {"send_at": [NO_ZONE], "expires_at": [NO_ZONE]}),
    "a day": ({"send_at": "2099-06-01"}, {"send_at": [NO_ZONE]}),
    "before all time": ({"send_at": "0001-01-01T00:00:00+14:00"}, {"send_at": [NO_ZONE]}),
    "after all time": ({"send_at": "9999-12-31T23:59:59-14:00"}, {"send_at": [NO_ZONE]}),
    "no priority": ({"priority": "urgent"}, {"priority": [NO_PRIORITY]}),
    "a priority of the database": ({"priority": 3}, {"priority": [NO_PRIORITY]}),
    "a strange channel": ({"channel": "x"}, {"channel": ["No such object: x"]}),
    "a channel by its key": ({"channel": 1}, {"channel": ["No such object: 1"]}),
    "a channel that is none": ({"channel": {}}, {"channel": ["Must be a string or integer"]}),
    "a strange file": ({"upload": "june.csv"}, {"upload": ["No such object: june.csv"]}),
    "a strange exclusion": ({"exclude_groups": ["x"]}, {"exclude_groups": ["No such object: x"]}),
    "a long name": ({"name": "x" * 101}, {"name": ["Ensure this field has no more than 100 characters."]}),
}


@pytest.mark.parametrize(("change", "refusal"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_chosen_is_refused_at_its_place(program: Program, change: dict[str, Any], refusal: Any) -> None:
    assert program.told("POST", "broadcasts.json", BODY | change) == (400, refusal)
    assert [Broadcast.objects.count(), Contact.objects.count()] == [0, 0]


def test_a_file_must_be_imported(program: Program) -> None:
    (one,) = people([100])
    upload = make_upload(one, state="importing")
    told = program.post("broadcasts.json", {"text": "Hello", "upload": str(upload.uuid)})
    assert (program.status, list(told)) == (400, ["upload"])
    assert "is still being imported" in told["upload"][0]


@pytest.mark.parametrize(
    ("to", "place"),
    [
        (lambda: {"groups": [group_of([], "Empty").name]}, "groups"),
        (lambda: {"contacts": [str(people([100])[0].uuid)]}, "contacts"),
        (lambda: {"urns": [f"tel:{people([100])[0].phone}"]}, "urns"),
    ],
)
def test_an_audience_of_nobody_is_refused_where_it_was_named(program: Program, to: Any, place: str) -> None:
    group_of(people([100]), "Never")
    told = program.post("broadcasts.json", {"text": "Hello", "exclude_groups": ["Never"]} | to())
    refusal = "Nobody is in this audience, or everybody in it is excluded."
    assert (program.status, told) == (400, {place: [refusal]})


def test_a_hundred_urns_take_no_more_questions_than_one(program: Program) -> None:
    counts = []
    program.get("broadcasts.json")  # which notes that the token was used, as the first call of each minute does
    for first, number in ((1, 1), (2, 100)):
        urns = [f"tel:+62812345{first:02d}{each:03d}" for each in range(number)]
        with CaptureQueriesContext(connection) as asked:
            program.post("broadcasts.json", {"text": "Hello @contact.name", "urns": urns})
        assert program.status == 201
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_times_are_told_in_utc(program: Program) -> None:
    program.post("broadcasts.json", BODY | {"send_at": "2099-06-01T09:00:00+07:00"})
    assert Broadcast.objects.get().send_at == datetime(2099, 6, 1, 2, tzinfo=UTC)


def test_who_calls_without_a_token_is_not_told_of_one(program: Program) -> None:
    Channel.objects.create(name="Second", kind="rapidpro")
    ApiToken.objects.update(channel=None)
    sentence = program.post("broadcasts.json", BODY)["channel"][0]
    browser = Client()
    browser.force_login(user())
    assert "token" in sentence
    assert browser.post("/api/v2/broadcasts.json", BODY, "application/json").json() == {
        "channel": [sentence.partition(" Or give")[0]]
    }
