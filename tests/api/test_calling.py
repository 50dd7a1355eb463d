"""Who may call, and how every other call is refused: status and body as RapidPro's clients know them."""

from base64 import b64encode
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.test import Client
from django.utils import timezone
from redis.exceptions import RedisError

from broadcaster import tasks, tokens
from broadcaster.models import ApiToken, Broadcast, Group
from tests.api.calling import Program, user

NOT_GIVEN = "Authentication credentials were not provided."


def basic(name: str, password: str) -> str:
    return f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("", NOT_GIVEN),
        ("Bearer abc", NOT_GIVEN),
        ("Token abc", "Invalid token"),
        ("Token", "Invalid token header. No credentials provided."),
        ("Token a b", "Invalid token header. Token string should not contain spaces."),
        (basic("program", "abc"), "Invalid token or email"),
    ],
)
def test_a_call_without_a_valid_token_is_403(program: Program, header: str, detail: str) -> None:
    assert program.told("GET", "broadcasts.json", Authorization=header) == (403, {"detail": detail})
    assert "WWW-Authenticate" not in program.last.headers


@pytest.mark.parametrize("name", ["program", "program@example.com"])
def test_basic_takes_the_token_as_the_password(program: Program, name: str) -> None:
    program.get("broadcasts.json", Authorization=basic(name, program.key))
    assert program.status == 200
    program.get("broadcasts.json", Authorization=basic("other", program.key))
    assert program.status == 403


@pytest.mark.parametrize(
    "change", [{"revoked_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(seconds=1)}]
)
def test_a_token_that_is_over_opens_nothing(program: Program, change: dict[str, Any]) -> None:
    ApiToken.objects.update(**change)
    assert program.told("GET", "broadcasts.json") == (403, {"detail": "Invalid token"})


def test_whoever_may_not_sign_in_may_not_call(program: Program) -> None:
    type(program.token.user).objects.update(is_active=False)
    assert program.told("GET", "broadcasts.json") == (403, {"detail": "Invalid token"})


def test_the_token_is_not_kept_and_its_use_is(program: Program) -> None:
    program.get("broadcasts.json")
    kept = ApiToken.objects.values().get()
    assert program.key not in str(kept)
    assert kept["last_used_at"] is not None
    assert tokens.revoke(program.token)
    assert not tokens.revoke(program.token)


@pytest.mark.parametrize(
    ("role", "scope", "status"), [("Viewer", "admin", 403), ("Operator", "read", 403), ("Operator", "send", 201)]
)
def test_a_program_may_what_both_its_token_and_its_user_may(
    program: Program, role: str, scope: str, status: int
) -> None:
    other = Program(role=role, scope=scope, name="other")
    body = {"text": "Hello", "urns": ["tel:+628123456789"]}
    told = other.post("broadcasts.json", body)
    assert other.status == status, told
    assert Broadcast.objects.exists() == (status == 201)
    other.get("broadcasts.json")
    assert other.status == 200


def test_a_page_of_the_browser_calls_with_its_session_and_its_form_token(program: Program) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user())
    assert browser.get("/api/v2/broadcasts.json").status_code == 200
    answer = browser.post("/api/v2/broadcasts.json", "{}", content_type="application/json")
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "body", "options", "status", "detail"),
    [
        ("OPTIONS", None, {}, 405, 'Method "OPTIONS" not allowed.'),
        ("POST", " " * 5_000_001, {}, 413, "The request is too large."),
        ("DELETE", None, {}, 405, 'Method "DELETE" not allowed.'),
        ("PUT", {}, {}, 405, 'Method "PUT" not allowed.'),
        ("POST", "x", {"content_type": "text/plain"}, 415, 'Unsupported media type "text/plain" in request.'),
        ("POST", '{"a": "\\u0000"}', {}, 400, "JSON parse error - There is a NUL"),
        ("POST", '{"\\ud800": 1}', {}, 400, "JSON parse error - There is a NUL"),
        ("POST", "[" * 100_000, {}, 400, "JSON parse error - "),
        ("POST", '{"id": NaN}', {}, 400, "JSON parse error - "),
        ("POST", "{", {}, 400, "JSON parse error - "),
    ],
)
def test_a_call_in_a_wrong_form_is_refused(  # noqa: PLR0917  a table has its columns
    program: Program, method: str, body: Any, options: dict[str, str], status: int, detail: str
) -> None:
    told = program.call(method, "broadcasts.json", body, **options)
    assert program.status == status
    assert told["detail"].startswith(detail)


@pytest.mark.parametrize("place", ["broadcasts/", "broadcasts.json/", "nothing", "broadcasts.xml", "../nothing"])
def test_no_address_is_ever_redirected(program: Program, place: str) -> None:
    assert program.told("POST", place, {}) == (404, {"detail": "Not found."})


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "nonsense"])
def test_whatever_is_asked_for_the_answer_is_json(program: Program, accept: str) -> None:
    assert program.get("broadcasts", Accept=accept) == {"next": None, "previous": None, "results": []}


def test_a_token_that_calls_too_often_is_told_when_to_go_on(
    program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_CALLS_PER_HOUR = 2
    monkeypatch.setattr("time.time", lambda: 1_800_000_000 * 1.0 + 10.5)
    assert [program.told("GET", "broadcasts.json")[0] for _ in range(3)] == [200, 200, 429]
    wait = program.last.headers["Retry-After"]
    assert program.last.json() == {"detail": f"Request was throttled. Expected available in {wait} seconds."}
    assert wait == str(3600 - 11 + 1)
    assert Program(name="other").told("GET", "broadcasts.json")[0] == 200


def test_calls_are_answered_while_the_cache_is_away(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    Group.objects.create(name="Broken", rule={"match": "some"})  # which is to be counted
    away = Mock(**{f"{name}.side_effect": RedisError("away") for name in ("add", "incr", "delete")})
    for module in ("api.throttling", "tasks"):
        monkeypatch.setattr(f"broadcaster.{module}.cache", away)
    tasks.wake_counts([1])
    tasks.recount(1)
    assert [program.told("GET", place)[0] for place in ("broadcasts.json", "groups.json")] == [200, 200]
    assert away.add.call_count >= 2


def test_what_nobody_expected_is_answered_in_plain_text(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadcaster.api.broadcasts.item.prepare", lambda rows: 1 / 0)
    assert program.told("GET", "broadcasts.json") == (500, None)
    assert program.last.content == b"Server Error. Site administrators have been notified."


def test_answers_name_the_workspace(program: Program) -> None:
    program.get("broadcasts.json")
    assert program.last.headers["X-Temba-Workspace"]


def test_a_token_whose_user_lost_a_role_may_no_more_than_the_user(program: Program) -> None:
    someone = program.token.user
    body = {"text": "Hello", "urns": ["tel:+628123456789"]}
    assert program.told("POST", "broadcasts.json", body)[0] == 201
    user("Viewer", someone.username)
    assert [program.told("POST", "broadcasts.json", body)[0], program.told("GET", "broadcasts.json")[0]] == [403, 200]
    someone.groups.clear()
    assert program.told("GET", "broadcasts.json")[0] == 403
