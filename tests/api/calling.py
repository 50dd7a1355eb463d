"""A program that calls the API, as the tests make one."""

import json
from typing import Any

from django.contrib.auth.models import Group as Role
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from broadcaster import tokens
from broadcaster.models import ApiToken, Channel
from broadcaster.roles import ensure_roles


def user(role: str = "Operator", name: str = "program") -> User:
    """Somebody in this role, made once in a test."""
    ensure_roles()
    someone, _ = User.objects.get_or_create(username=name, defaults={"email": f"{name}@example.com", "is_staff": True})
    someone.groups.set([Role.objects.get(name=role)])
    return someone


class Program:
    """Calls with a token of its own; `last` is the answer as it came."""

    def __init__(
        self, *, role: str = "Operator", scope: str = "send", channel: Channel | None = None, name: str = "program"
    ) -> None:
        self.token, self.key = tokens.create(
            user(role, name), name="Test", scope=ApiToken.Scope(scope), channel=channel
        )
        self.client = Client()
        self.last: Any = HttpResponse()

    def call(self, method: str, place: str, body: Any = None, **headers: str) -> Any:
        """The answer's JSON, or None where it has none; a `body` that is no text goes out as JSON."""
        content = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        url = place if place.startswith("http") else f"/api/v2/{place}"
        kind = headers.pop("content_type", "application/json")
        self.last = self.client.generic(
            method, url, content, content_type=kind, headers={"Authorization": f"Token {self.key}"} | headers
        )
        is_json = self.last.headers.get("Content-Type", "").startswith("application/json")
        return json.loads(self.last.content) if is_json else None

    def get(self, place: str, **headers: str) -> Any:
        """The answer to a GET."""
        return self.call("GET", place, **headers)

    def post(self, place: str, body: Any = None, **headers: str) -> Any:
        """The answer to a POST."""
        return self.call("POST", place, body, **headers)

    @property
    def status(self) -> int:
        """The status of the last answer."""
        return int(self.last.status_code)

    def told(self, method: str, place: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of the answer."""
        found = self.call(method, place, body, **headers)
        return self.status, found
