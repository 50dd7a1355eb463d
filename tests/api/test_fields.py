"""Contact fields as a program reads and writes them."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from broadcaster.models import ContactField, Group
from tests.api.calling import Program
from tests.api.test_groups import BY_CITY


def item(key: str, name: str, kind: str = "text", older: str = "", groups: int = 0) -> dict[str, Any]:
    return {
        "key": key,
        "name": name,
        "type": kind,
        "featured": False,
        "priority": 0,
        "usages": {"flows": 0, "groups": groups, "campaign_events": 0},
        "agent_access": "view",
        "label": name,
        "value_type": older or kind,
    }


@pytest.fixture(autouse=True)
def there(channel: Any) -> None:
    for key, name, kind in (("city", "Home town", "text"), ("age", "Age", "number"), ("born", "Born", "date")):
        ContactField.objects.create(key=key, label=name, kind=kind)
    Group.objects.create(name="Solo", rule=BY_CITY)
    Group.objects.create(name="Broken", rule={"match": "some"})


def test_fields_are_told_as_rapidpro_tells_them(program: Program) -> None:
    assert program.get("fields.json") == {
        "next": None,
        "previous": None,
        "results": [
            item("born", "Born", "datetime"),
            item("age", "Age", "number", "numeric"),
            item("city", "Home town", groups=1),
        ],
    }


@pytest.mark.parametrize(("query", "status", "found"), [("age", 200, 1), ("x", 200, 0), ("%00", 400, 0)])
def test_a_field_is_found_by_its_key(program: Program, query: str, status: int, found: int) -> None:
    told = program.get(f"fields.json?key={query}")
    assert (program.status, len(told.get("results", []))) == (status, found)


def test_many_fields_come_in_pages_there_and_back(program: Program) -> None:
    ContactField.objects.bulk_create(ContactField(key=f"x{number}", label=f"X {number}") for number in range(300))
    first = program.get("fields.json")
    second = program.get(first["next"])
    keys = [each["key"] for page in (first, second) for each in page["results"]]
    assert keys == list(ContactField.objects.order_by("-pk").values_list("key", flat=True))
    assert (second["next"], program.get(second["previous"])["results"]) == (None, first["results"])


def test_a_longer_list_takes_no_more_questions(program: Program) -> None:
    program.get("fields.json")
    counts = []
    for number in (1, 9):
        ContactField.objects.bulk_create(ContactField(key=f"x{number}{each}", label="x") for each in range(number))
        with CaptureQueriesContext(connection) as asked:
            assert program.get("fields.json")["results"]
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "body", [{"name": "Nick-name 2", "type": "number"}, {"label": "Nick-name 2", "value_type": "numeric"}]
)
def test_a_new_field_gets_its_key_from_its_name(program: Program, body: dict[str, str]) -> None:
    assert program.told("POST", "fields.json", body) == (201, item("nick_name_2", "Nick-name 2", "number", "numeric"))
    told = program.told("POST", "fields.json?key=nick_name_2", {"name": "Nick", "type": "number"})
    assert told == (200, item("nick_name_2", "Nick", "number", "numeric"))
    assert ContactField.objects.get(key="nick_name_2").kind == "number"


REFUSALS: dict[str, tuple[Any, Any]] = {
    "a list": ([], {"non_field_errors": ["Request body should be a single JSON object"]}),
    "nothing": ({}, {"non_field_errors": ["Field 'name' is required."]}),
    "no type": ({"name": "goats"}, {"non_field_errors": ["Field 'type' is required."]}),
    "signs": (
        {"name": "!@#$%", "type": "video"},
        {"name": ["Can only contain letters, numbers and hypens."], "type": ['"video" is not a valid choice.']},
    ),
    "older words": (
        {"label": "!@#$%", "value_type": "video"},
        {"label": ["Can only contain letters, numbers and hypens."], "value_type": ['"video" is not a valid choice.']},
    ),
    "reserved": (
        {"name": "HAS", "type": "text"},
        {"name": ['Generated key "has" is invalid or a reserved name.']},
    ),
    "no letter": ({"name": "--", "type": "text"}, {"name": ['Generated key "" is invalid or a reserved name.']}),
    "a digit first": (
        {"name": "2 x", "type": "text"},
        {"name": ['Generated key "2_x" is invalid or a reserved name.']},
    ),
    "another's name": ({"label": "home TOWN", "value_type": "text"}, {"label": ["This field must be unique."]}),
    "another's key": (
        {"name": "City", "type": "text"},
        {"name": ['Generated key "city" belongs to the field “Home town”. Choose another name.']},
    ),
    "too long": (
        {"name": "x" * 37, "type": "text"},
        {"name": ["Ensure this field has no more than 36 characters."]},
    ),
    "null": (
        {"name": None, "type": None},
        {"name": ["This field may not be null."], "type": ["This field may not be null."]},
    ),
    "objects": (
        {"name": {}, "type": []},
        {"name": ["Not a valid string."], "type": ['"[]" is not a valid choice.']},
    ),
    "a huge number": (
        {"name": 10**60, "type": 10**60},
        {"name": ["Ensure this field has no more than 36 characters."], "type": [f'"{10**60}" is not a valid choice.']},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "refusal"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_field_is_refused_in_the_words_that_clients_know(program: Program, body: Any, refusal: Any) -> None:
    assert program.told("POST", "fields.json", body) == (400, refusal)
    assert ContactField.objects.count() == 3


def test_a_field_that_is_there_keeps_its_type(program: Program) -> None:
    status, told = program.told("POST", "fields.json?key=city", {"name": "City", "type": "number"})
    assert (status, told["type"][0][:28]) == (400, "This field is known as text,")
    assert ContactField.objects.get(key="city").label == "Home town"


@pytest.mark.parametrize(
    ("method", "query", "status"), [("POST", "?key=x", 404), ("POST", "?key=%00", 400), ("DELETE", "?key=city", 405)]
)
def test_a_field_that_is_not_there_is_not_found(program: Program, method: str, query: str, status: int) -> None:
    assert program.told(method, f"fields{query}", {"name": "x", "type": "text"})[0] == status
