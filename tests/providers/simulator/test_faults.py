"""Faults on demand, as a plain HTTP client sees them; tests/faults/test_every_answer.py shows what we do about them."""

from typing import Any

import pytest
import requests

from providers.simulator.documented import DOCUMENTED
from tests.providers.simulator.kaleyra_samples import RECIPIENT, post, text_request
from tests.simulating import Simulator


def misbehaving(simulator: Simulator, kind: str, **more: Any) -> None:
    simulator.misbehave({"whom": RECIPIENT, "kind": kind, **more})


@pytest.mark.parametrize("kind", ["reset_read", "half", "gzip_bomb", "long_headers"])
def test_an_accepted_message_may_be_answered_by_what_no_client_can_read(simulator: Simulator, kind: str) -> None:
    misbehaving(simulator, kind)
    try:
        answer = post(simulator, text_request())
    except requests.RequestException:
        pass
    else:
        assert kind == "gzip_bomb"
        assert len(answer.content) == 100_000_000
    assert len(simulator.accepted()) == 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [("garbage", "<html>"), ("empty", ""), ("wrong_json", '{"welcome": ["to", "another", "service"]}')],
)
def test_an_accepted_message_may_get_a_yes_that_says_nothing(simulator: Simulator, kind: str, body: str) -> None:
    misbehaving(simulator, kind)
    answer = post(simulator, text_request())
    assert answer.ok
    assert answer.text.startswith(body)
    assert len(answer.text) < 100
    assert len(simulator.accepted()) == 1


def test_silence_lasts_as_long_as_asked_for(simulator: Simulator) -> None:
    misbehaving(simulator, "silence", seconds=0.2)
    answer = post(simulator, text_request())
    assert answer.json()["code"] == "WA202"
    assert answer.elapsed.total_seconds() > 0.2


def test_a_redirect_accepts_nothing_but_what_a_client_posts_that_follows_it(simulator: Simulator) -> None:
    misbehaving(simulator, "redirect")
    [redirect] = post(simulator, text_request()).history
    assert redirect.status_code == 307
    assert redirect.headers["Location"].startswith("http://localhost:")
    assert len(simulator.accepted()) == 1


def test_a_reset_before_reading_meets_the_next_request_of_a_provider(simulator: Simulator) -> None:
    simulator.misbehave({"whom": "kaleyra", "kind": "reset_unread"})
    with pytest.raises(requests.ConnectionError):
        post(simulator, text_request())
    assert simulator.accepted() == []
    assert post(simulator, text_request()).ok


def test_a_connection_is_closed_while_it_rests(simulator: Simulator) -> None:
    misbehaving(simulator, "idle_close")
    assert post(simulator, text_request()).ok


@pytest.mark.parametrize("code", DOCUMENTED["kaleyra"])
def test_each_documented_error_can_be_asked_for_as_often_as_wanted(simulator: Simulator, code: str) -> None:
    misbehaving(simulator, "error", provider="kaleyra", code=code, times=2)
    answers = [post(simulator, text_request()) for _ in range(3)]
    expected = DOCUMENTED["kaleyra"][code]
    assert [answer.status_code for answer in answers] == [expected.status, expected.status, 202]
    assert answers[0].json() == expected.body
    assert len(simulator.accepted()) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"whom": RECIPIENT, "kind": "boredom"},
        {"whom": RECIPIENT},
        {"whom": RECIPIENT, "kind": "reset_unread"},
        {"whom": "kaleyra", "kind": "garbage"},
        {"whom": RECIPIENT, "kind": "error", "provider": "kaleyra", "code": "WA999"},
        {"whom": RECIPIENT, "kind": "error"},
    ],
)
def test_a_fault_that_there_is_not_is_refused(simulator: Simulator, fault: dict[str, str]) -> None:
    answer = requests.post(f"{simulator.url}/_simulator/faults", json=[fault], timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")


def test_a_reset_forgets_what_was_planned(simulator: Simulator) -> None:
    misbehaving(simulator, "garbage")
    simulator.reset()
    assert post(simulator, text_request()).json()["code"] == "WA202"
