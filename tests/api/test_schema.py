"""The description of the API is complete, valid, and true."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import resolve

from broadcaster.api import docs, schema_examples, urls
from broadcaster.models import Channel
from tests.api.calling import Program
from tests.api.describing import METHODS, UUID, answer_of, calls, description, wrong_with
from tests.sending.broadcasts import prepared

WHOLE = description()
CALLS = calls(WHOLE)
VIEWS = {pattern.name: pattern.callback.cls for pattern in urls.urlpatterns if hasattr(pattern.callback, "cls")}
TEXT = {"text": "Hello", "urns": ["tel:+628123456789"]}


def view_at(path: str) -> str:
    """The name of the address that a described path is."""
    return str(resolve(path.replace("{uuid}", UUID)).url_name)


def test_it_is_valid_and_nothing_of_it_is_guessed(tmp_path: Path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))
    assert WHOLE["openapi"].startswith("3.1.")


def test_every_address_and_method_is_described_and_no_other() -> None:
    needed = {(method, name) for name, view in VIEWS.items() for method in view.needs}
    assert {(method, view_at(path)) for method, path in CALLS} == needed
    assert {pattern.name for pattern in urls.urlpatterns} - VIEWS.keys() - {each.name for each in docs.addresses} == {
        None
    }


@pytest.mark.parametrize("name", VIEWS)
def test_every_method_says_who_may_call_it(name: str) -> None:
    view = VIEWS[name]
    assert {method for method in METHODS if hasattr(view, method)} == {method.lower() for method in view.needs}


def test_every_call_has_its_name_its_area_and_one_success() -> None:
    names = [call["operationId"] for call in CALLS.values()]
    assert sorted(names) == sorted(set(names))
    for call in CALLS.values():
        assert call["summary"], call
        assert "`" not in call["summary"]
        assert "Scope: " in call["description"]
        assert set(call["tags"]) <= {tag["name"] for tag in WHOLE["tags"]}
        assert [status for status in call["responses"] if status < "300"], call


def test_the_calls_of_a_broadcast_stand_together() -> None:
    tags = {path: call["tags"] for (_method, path), call in CALLS.items()}
    assert {tuple(of) for path, of in tags.items() if path.startswith("/api/v2/broadcasts")} == {("Broadcasts",)}
    assert tags["/api/v2/org"] == tags["/api/v2/workspace"] == ["Workspace"]


def test_the_key_is_told_of_where_it_is_kept() -> None:
    keyed = {path for (method, path), call in CALLS.items() if "Idempotency-Key" in str(call.get("parameters"))}
    assert {path for method, path in CALLS if method == "POST"} - keyed == {"/api/v2/webhooks/{uuid}/test"}
    assert {
        call["operationId"]
        for (method, _), call in CALLS.items()
        if method != "POST" and "Idempotency-Key" in str(call)
    } == set()


def test_no_description_speaks_of_the_code() -> None:
    words = " ".join(str(schema.get("description")) for schema in WHOLE["components"]["schemas"].values())
    assert [word for word in ("handled", "context", "prepare", "view") if f" {word}" in words] == []


def test_every_call_tells_the_refusals_that_it_can_meet() -> None:
    for (method, _path), call in CALLS.items():
        assert {"400", "403", "404", "429"} <= call["responses"].keys()
        assert ("415" in call["responses"]) == (method == "POST")
    assert WHOLE["components"]["responses"]["TooManyRequests"]["headers"]["Retry-After"]["schema"]["type"] == "integer"


@pytest.mark.parametrize("name", sorted(schema_examples.REQUESTS.keys() | schema_examples.ANSWERS.keys()))
def test_an_example_is_as_described(name: str) -> None:
    call = next(call for call in CALLS.values() if call["operationId"] == name)
    bodies = [call["requestBody"]] if name in schema_examples.REQUESTS else []
    if name in schema_examples.ANSWERS:
        bodies += [told for status, told in call["responses"].items() if status < "300"]
    for body in bodies:
        assert wrong_with(WHOLE, body, body["content"]["application/json"]["example"]) == []


REAL: list[tuple[str, str, Any, int]] = [
    ("GET", "broadcasts", None, 200),
    ("POST", "broadcasts", TEXT, 201),
    ("POST", "broadcasts", {"text": {"en": ""}, "urns": ["0788"]}, 400),
    ("POST", "broadcasts", "{", 400),
    ("GET", "broadcasts?cursor=x", None, 404),
]


@pytest.mark.parametrize(("method", "place", "body", "status"), REAL)
def test_a_real_answer_is_as_described(channel: Channel, method: str, place: str, body: Any, status: int) -> None:
    prepared(2)
    program = Program(channel=channel)
    told = program.call(method, place, body)
    described = answer_of(WHOLE, CALLS[method, f"/api/v2/{place.partition('?')[0]}"], status)
    assert program.status == status, told
    assert wrong_with(WHOLE, described, told) == []
