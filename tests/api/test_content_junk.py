"""Whatever a program sends for a field of a broadcast or a template, it is taken or refused, and never fails."""

from typing import Any

import pytest

from tests.api.calling import Program

KEY = "6cb25adc-47fe-11e4-bfe9-b8f6b119e9ab"
JUNK: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, 1e308, "", " ", "x", "x" * 5000, "\ufffd\u202e", KEY, "-" * 36, [],
    [None], [[]], [{}],
    ["x"] * 101, [10**30], {}, {"eng": None}, {"eng": []}, {"eng": {}}, {"eng": [None]}, {"eng": 10**30}, {"": ""},
    {"eng": [{"text": []}]}, {"eng": {"text": {}}}, {"eng": {"text": "@(1", "attachments": [KEY, 1, ""]}},
    {"eng": {"quick_replies": {}, "text": 1}}, [{"text": 10**30, "type": []}], {"a": {"b": {"c": [1]}}},
]  # fmt: skip
GOOD = {"text": "Hello", "urns": ["tel:+628123456789"]}
OF_A_BROADCAST = (
    "urns", "contacts", "groups", "text", "attachments", "quick_replies", "base_language", "name", "channel",
    "template", "variables", "upload", "exclude_groups", "send_at", "expires_at", "priority",
)  # fmt: skip


@pytest.mark.parametrize("field", OF_A_BROADCAST)
def test_a_field_of_a_broadcast_is_taken_or_refused(program: Program, field: str) -> None:
    for junk in JUNK:
        program.post("broadcasts.json", GOOD | {field: junk})
        assert program.status in {201, 400}, f"{field}: {junk!r}"


@pytest.mark.parametrize("field", ["name", "kind", "base_language", "content"])
@pytest.mark.parametrize("kind", ["text", "template", "event", "flow", "voice"])
def test_a_field_of_a_template_is_taken_or_refused(channel: object, field: str, kind: str) -> None:
    program = Program(scope="admin")
    for number, junk in enumerate(JUNK):
        body = {"name": f"{number}", "kind": kind, "content": {"eng": {"text": "x"}}}
        program.post("templates.json", body | {field: junk})
        assert program.status in {201, 400}, f"{field}: {junk!r}"
        program.get("templates.json")
        assert program.status == 200, f"{field}: {junk!r}"


@pytest.mark.parametrize("place", ["broadcasts", "templates", "channels"])
@pytest.mark.parametrize("query", ["uuid=%00", "uuid=x", "name=%00", "name=%ED%A0%80", "id=9" + "9" * 40, "cursor=%00"])
def test_a_list_takes_or_refuses_any_parameter(program: Program, place: str, query: str) -> None:
    program.get(f"{place}.json?{query}")
    assert program.status in {200, 400, 404}
