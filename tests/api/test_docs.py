"""The page of the API and the files of its description are for everybody, and run without a script of another's."""

import json
import re

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.test import Client

from tests.api.calling import user

pytestmark = pytest.mark.django_db


def test_the_description_is_there_in_both_forms() -> None:
    client = Client()
    told = {place: client.get(f"/api/v2/{place}") for place in ("schema", "schema.json", "schema.yaml")}
    assert [answer.headers["Content-Type"] for answer in told.values()] == [
        *["application/json"] * 2,
        "application/yaml",
    ]
    assert json.loads(told["schema"].content) == json.loads(told["schema.json"].content)
    assert json.loads(told["schema"].content) == yaml.safe_load(told["schema.yaml"].content)


@pytest.mark.parametrize("place", ["/api/v2/", "/api/v2"])
def test_the_page_takes_nothing_from_elsewhere_and_has_no_script_in_it(place: str) -> None:
    answer = Client().get(place)
    html = answer.content.decode()
    sources = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert answer.status_code == 200
    assert [source for source in sources if not source.startswith("/")] == []
    assert all(finders.find(source.removeprefix("/static/")) for source in sources if source.startswith("/static/"))
    assert re.findall(r"<script(?! src=)|\son\w+=", html) == []
    assert (
        "'unsafe-inline'" not in answer.headers["Content-Security-Policy"].partition("script-src")[2].partition(";")[0]
    )


def test_only_whoever_is_signed_in_gets_a_form_token() -> None:
    client = Client()
    assert "data-csrf-token" not in client.get("/api/v2/").content.decode()
    client.force_login(user())
    assert re.search(r'data-csrf-token="\w{64}"', client.get("/api/v2/").content.decode())


def test_whoever_calls_with_a_session_learns_what_a_program_adds_and_finds_back() -> None:
    client = Client()
    client.force_login(user())
    html = client.get("/api/v2/").content.decode()
    assert '-H "Authorization: Token …"' in html
    assert '<a href="/">Back to Broadcaster</a>' in html


@pytest.mark.parametrize("place", ["", "schema.json", "schema.yaml"])
def test_nothing_can_be_posted_there(place: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(f"/api/v2/{place}", {})
    assert (answer.status_code, answer.json()) == (405, {"detail": 'Method "POST" not allowed.'})
    assert answer.headers["Allow"] == "GET, HEAD"
