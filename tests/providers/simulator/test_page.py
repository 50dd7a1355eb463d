"""The page, as far as it can be told without a browser: what it serves, and that it trusts no message."""

import pytest
import requests

from providers.simulator.magic import MAGIC_NUMBERS
from tests.providers.simulator.kaleyra_samples import post, text_request
from tests.simulating import Simulator

HOSTILE = "<script>alert(1)</script>"


def get(simulator: Simulator, path: str) -> requests.Response:
    return requests.get(simulator.url + path, timeout=10)


def test_the_page_lists_every_magic_number(simulator: Simulator) -> None:
    page = get(simulator, "/").text
    for number in MAGIC_NUMBERS:
        assert f"…{number.ending}</code>" in page


def test_the_page_loads_only_its_own_files(simulator: Simulator) -> None:
    answer = get(simulator, "/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "https://" not in answer.text


@pytest.mark.parametrize(("name", "kind"), [("simulator.css", "/css"), ("simulator.js", "/javascript")])
def test_stylesheet_and_script_are_files_of_the_server(simulator: Simulator, name: str, kind: str) -> None:
    answer = get(simulator, f"/_simulator/static/{name}")
    assert answer.status_code == 200
    assert kind in answer.headers["Content-Type"]


def test_the_script_never_writes_markup(simulator: Simulator) -> None:
    script = get(simulator, "/_simulator/static/simulator.js").text
    assert not any(word in script for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"))


def test_the_feed_groups_messages_by_phone_newest_first(simulator: Simulator) -> None:
    for to in ("+919812345671", "+919812345672", "+919812345671"):
        post(simulator, text_request(to))
    phones = get(simulator, "/_simulator/feed").json()["phones"]
    assert [(phone["address"], len(phone["messages"])) for phone in phones] == [
        ("+919812345671", 2),
        ("+919812345672", 1),
    ]


def test_the_feed_can_be_asked_for_one_provider(simulator: Simulator) -> None:
    post(simulator, text_request())
    assert get(simulator, "/_simulator/feed?provider=khoros").json()["phones"] == []
    assert get(simulator, "/_simulator/feed?provider=nobody").status_code == 400


def test_hostile_text_travels_as_json_only(simulator: Simulator) -> None:
    body = text_request()
    body["messaging_object"]["text"]["body"] = HOSTILE
    post(simulator, body)
    assert HOSTILE not in get(simulator, "/").text
    feed = get(simulator, "/_simulator/feed")
    assert feed.headers["Content-Type"].startswith("application/json")
    assert feed.json()["phones"][0]["messages"][0]["text"] == HOSTILE
