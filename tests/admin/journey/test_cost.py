"""The cost on the review: it comes by itself, warns, and keeps nobody from confirming."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from broadcaster import forecasts
from broadcaster.forecasts import Forecast
from broadcaster.models import Broadcast
from tests.admin.journey.conftest import FRAGMENT, Draft, address, person, words
from tests.content.conftest import make_channel, make_template

PRICED = {"name": "invoice", "language": "id", "namespace": "ns", "template_id": 172, "variables": ["@contact.name"]}


@pytest.fixture
def broadcast(draft: Draft) -> Broadcast:
    channel = make_channel("qiscus", config={"app_id": "a", "channel_id": 1}, secrets={"secret_key": "s"})
    return draft(channel=channel, template=make_template("template", eng=PRICED))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Forecast]:
    """The answers that are still to come."""
    answers: list[Forecast] = []
    monkeypatch.setattr(forecasts, "forecast", lambda _broadcast: answers.pop())
    return answers


def cost(browser: Client, broadcast: Broadcast) -> Any:
    return browser.get(address("cost", broadcast), headers=FRAGMENT)


def test_the_review_asks_by_itself_after_it_is_shown(browser: Client, broadcast: Broadcast, told: list[Any]) -> None:
    page = words(browser.get(address("review", broadcast)))  # an answer asked for here would fail: there is none
    assert f'hx-get="{address("cost", broadcast)}" hx-trigger="load"' in page
    assert "You need not wait for it." in page


def test_the_answer_is_in_the_providers_words(browser: Client, broadcast: Broadcast, told: list[Forecast]) -> None:
    told.append(Forecast("It costs 2 credits (5 left).", asked=2, recipients=2))
    page = words(cost(browser, broadcast))
    assert "It costs 2 credits (5 left)." in page
    assert "Mind:" not in page
    assert "first" not in page


def test_a_share_is_said_to_be_one(browser: Client, broadcast: Broadcast, told: list[Forecast]) -> None:
    told.append(Forecast("It costs 1,000 credits.", asked=1_000, recipients=12_000))
    page = words(cost(browser, broadcast))
    assert "For the first 1,000 of 12,000 recipients: It costs 1,000 credits." in page
    assert "All of them take about 12 times as much, so compare that with what is left." in page


def test_a_balance_that_does_not_cover_it_warns_and_blocks_nothing(
    browser: Client, broadcast: Broadcast, told: list[Forecast]
) -> None:
    told.append(Forecast("It costs 9 credits (5 left).", is_enough=False, asked=2, recipients=2))
    assert "The balance does not cover it." in words(cost(browser, broadcast))
    assert 'class="button primary" type="submit">' in words(browser.get(address("review", broadcast)))


def test_an_error_is_a_sentence(browser: Client, broadcast: Broadcast, told: list[Forecast]) -> None:
    told.append(Forecast(problem="The key is wrong."))
    assert "Not known. The key is wrong. You can send all the same." in words(cost(browser, broadcast))


def test_other_channels_are_not_asked(browser: Client, draft: Draft, told: list[Forecast]) -> None:
    broadcast = draft()
    assert address("cost", broadcast) not in words(browser.get(address("review", broadcast)))
    assert cost(browser, broadcast).status_code == 200


def test_a_draft_that_cannot_be_sent_is_not_asked_about(browser: Client, broadcast: Broadcast) -> None:
    broadcast.sender.enabled = False
    broadcast.sender.save()
    assert reverse("admin:broadcast_cost", args=[broadcast.pk]) not in words(browser.get(address("review", broadcast)))


def test_only_who_may_send_asks(client: Client, broadcast: Broadcast) -> None:
    client.force_login(person("view_broadcast", name="viewer"))
    assert cost(client, broadcast).status_code == 403
    assert "What it costs" not in words(client.get(address("review", broadcast)))
