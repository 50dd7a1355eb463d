"""Groups as a program reads and writes them."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcaster.audience import rules_counts
from broadcaster.models import Broadcast, Contact, ContactField, Group
from tests.api.calling import Program
from tests.sending.broadcasts import group_of, people, preparing

NOBODY = "00000000-0000-4000-8000-000000000000"
BY_CITY = {"match": "all", "conditions": [{"of": "field", "key": "city", "is": "equals", "value": "Solo"}]}


@pytest.fixture(autouse=True)
def counting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The groups that a worker is to count; a test's own transaction never ends, so nothing waits for it."""
    asked: list[int] = []
    monkeypatch.setattr("django.db.transaction.on_commit", lambda task, **_options: task())
    monkeypatch.setattr("broadcaster.tasks.wake_counts", asked.extend)
    return asked


@pytest.fixture
def admin(channel: Any) -> Program:
    return Program(scope="admin", name="admin")


def test_a_list_of_people_is_told_as_rapidpro_tells_it(program: Program, counting: list[int]) -> None:
    group = group_of(people(range(3)))
    assert program.get("groups.json")["results"] == [
        {
            "uuid": str(group.uuid),
            "name": "Customers",
            "query": None,
            "status": "ready",
            "system": False,
            "count": 3,
        }
    ]
    assert counting == []


def test_a_rule_is_told_in_words_and_counted_by_a_worker(program: Program, counting: list[int]) -> None:
    ContactField.objects.create(key="city", label="Home town")
    group = Group.objects.create(name="Solo", rule=BY_CITY)
    told = program.get("groups.json")["results"][0]
    assert [told[key] for key in ("query", "status", "count")] == ["Home town is Solo", "evaluating", -1]
    assert counting == [group.pk]
    Group.objects.update(counted=7, counted_at=timezone.now())
    told = program.get("groups.json")["results"][0]
    assert [told[key] for key in ("query", "status", "count")] == ["Home town is Solo", "ready", 7]
    assert counting == [group.pk]


def test_a_worker_is_woken_only_when_a_call_is_done(
    program: Program, counting: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    later: list[Any] = []
    monkeypatch.setattr("django.db.transaction.on_commit", lambda task, **_options: later.append(task))
    group = Group.objects.create(name="Solo", rule=BY_CITY)
    program.post(f"groups.json?uuid={group.uuid}", {"name": "Java"}, **{"Idempotency-Key": "one"})
    assert (program.status, counting) == (200, [])
    for task in later:
        task()
    assert counting == [group.pk]


@pytest.mark.parametrize("rule", [{"match": "some"}, {"match": "all", "conditions": [{"of": "group", "group": 0}]}])
def test_a_rule_that_cannot_be_used_is_invalid(program: Program, rule: Any) -> None:
    Group.objects.create(name="Broken", rule=rule)
    told = program.get("groups.json")["results"][0]
    assert (told["status"], told["count"]) == ("invalid", -1)
    assert told["query"]


def test_a_large_list_is_not_counted_while_a_program_waits(
    program: Program, counting: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules_counts, "LIST_ROWS", 2)
    group = group_of(people(range(4)))
    told = program.get("groups.json")["results"][0]
    assert (told["status"], told["count"], counting) == ("evaluating", -1, [group.pk])
    rules_counts.refresh(group.pk)
    told = program.get("groups.json")["results"][0]
    assert (told["status"], told["count"], counting) == ("ready", 4, [group.pk])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "cba"),
        ("uuid={b}", "b"),
        ("uuid=" + NOBODY, ""),
        ("name=B", "b"),
        ("name=nobody", ""),
        ("manual_only=1", "ba"),
        ("after=2026-01-02", "cb"),
        ("before=2026-01-02", "ba"),
        ("after=yesterday", ""),
    ],
)
def test_a_list_has_what_the_call_asks_for(program: Program, query: str, found: str) -> None:
    made = {name: Group.objects.create(name=name, rule=BY_CITY if name == "c" else {}) for name in "abc"}
    for day, group in enumerate(made.values(), start=1):
        Group.objects.filter(pk=group.pk).update(created_at=f"2026-01-0{day}T00:00:00Z")
    told = program.get(f"groups.json?{query.format(**{name: group.uuid for name, group in made.items()})}")
    assert [each["name"] for each in told["results"]] == list(found)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("uuid=x", "Param 'uuid': x is not a valid UUID."),
        (f"uuid={NOBODY}&name=x", "You may only specify one of the uuid, name parameters"),
        ("name=%00", "Param 'name': NUL is no character."),
    ],
)
def test_a_crooked_filter_is_refused(program: Program, query: str, detail: str) -> None:
    assert program.told("GET", f"groups.json?{query}") == (400, {"detail": detail})


def test_a_longer_list_takes_no_more_questions(program: Program) -> None:
    program.get("groups.json")
    counts = []
    for numbers in (range(1), range(1, 5)):
        for number in numbers:
            group_of(people(range(3)), f"List {number}")
            other = {"of": "group", "group": Group.objects.get(name="List 0").pk}
            rule = BY_CITY | {"conditions": [*BY_CITY["conditions"], other]}
            Group.objects.create(name=f"Rule {number}", rule=rule)
        with CaptureQueriesContext(connection) as asked:
            assert len(program.get("groups.json")["results"]) == 2 * numbers[-1] + 2
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_group_is_made_and_gets_another_name(program: Program) -> None:
    status, told = program.told("POST", "groups.json", {"name": " Reporters ", "query": "x"})
    group = Group.objects.get()
    expected = {
        "uuid": str(group.uuid), "name": "Reporters", "query": None, "status": "ready", "system": False, "count": 0
    }  # fmt: skip
    assert (status, told) == (201, expected)
    place = f"groups.json?uuid={group.uuid}"
    assert program.told("POST", place, {"name": "reporters"}) == (200, expected | {"name": "reporters"})
    words = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert list(words) == ["Added by the program Test.", "Changed by the program Test."]


REFUSALS: dict[str, tuple[Any, Any]] = {
    "a list": ([], {"non_field_errors": ["Request body should be a single JSON object"]}),
    "nothing": ({}, {"name": ["This field is required."]}),
    "null": ({"name": None}, {"name": ["This field may not be null."]}),
    "blank": ({"name": " "}, {"name": ["This field may not be blank."]}),
    "an object": ({"name": {"x": [[]]}}, {"name": ["Not a valid string."]}),
    "true": ({"name": True}, {"name": ["Not a valid string."]}),
    "too long": ({"name": "x" * 65}, {"name": ["Ensure this field has no more than 64 characters."]}),
    "a huge number": ({"name": 10**100}, {"name": ["Ensure this field has no more than 64 characters."]}),
    "another's": ({"name": "vip"}, {"name": ["This field must be unique."]}),
}


@pytest.mark.parametrize(("body", "refusal"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_name_is_refused_in_the_words_that_clients_know(program: Program, body: Any, refusal: Any) -> None:
    Group.objects.create(name="VIP")
    other = Group.objects.create(name="Other")
    for place in ("groups.json", f"groups.json?uuid={other.uuid}"):
        assert program.told("POST", place, body) == (400, refusal)
    assert sorted(map(str, Group.objects.all())) == ["Other", "VIP"]


def test_a_group_goes_and_its_people_stay(admin: Program) -> None:
    group = group_of(people(range(2)))
    place = f"groups?uuid={group.uuid}"
    assert admin.told("DELETE", place) == (204, None)
    assert admin.told("DELETE", place) == (404, {"detail": "Not found."})
    assert (Contact.objects.count(), Group.objects.count()) == (2, 0)
    assert LogEntry.objects.get().change_message == "Deleted by the program Test."


def test_a_group_that_something_needs_stays(admin: Program) -> None:
    group = preparing(1).groups.get()
    user = Group.objects.create(
        name="By rule", rule={"match": "all", "conditions": [{"of": "group", "group": group.pk}]}
    )
    Broadcast.objects.create(name="Mine").exclude_groups.add(group)
    status, told = admin.told("DELETE", f"groups?uuid={group.uuid}")
    assert status == 400
    assert "The rule of the group By rule names" in told["detail"]
    assert "The broadcast June is preparing and uses it." in told["detail"]
    assert "leaves these people out" in told["detail"]
    assert set(Group.objects.all()) == {group, user}


@pytest.mark.parametrize(
    ("method", "query", "status", "detail"),
    [
        ("DELETE", "", 400, "URL must contain one of the following parameters: uuid"),
        ("DELETE", "?uuid=x", 400, "Param 'uuid': x is not a valid UUID."),
        ("DELETE", f"?uuid={NOBODY}", 404, "Not found."),
        ("POST", f"?uuid={NOBODY}", 404, "Not found."),
        ("POST", "?uuid=%00", 400, "Param 'uuid': NUL is no character."),
        ("PUT", "", 405, 'Method "PUT" not allowed.'),
    ],
)
def test_a_group_that_is_not_named_well_is_refused(
    admin: Program, method: str, query: str, status: int, detail: str
) -> None:
    assert admin.told(method, f"groups.json{query}", {"name": "x"}) == (status, {"detail": detail})


def test_only_a_token_of_an_administrator_deletes(program: Program) -> None:
    group = group_of([])
    assert program.told("DELETE", f"groups?uuid={group.uuid}")[0] == 403
    assert Group.objects.exists()
