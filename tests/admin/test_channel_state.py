"""Channels: whether they work, the button that asks the provider, the button that releases a held one."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import responses
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from broadcaster.models import Channel
from tests.admin.people import logged_in, messages_of, text_of
from tests.admin.reading import visible
from tests.papering import URL, paper, paper_channel

pytestmark = pytest.mark.django_db

PROBE = "https://textit.com/api/v2/broadcasts.json"


@pytest.fixture
def admin() -> Client:
    return logged_in("view_channel", "change_channel")


def make_channel(**fields: Any) -> Channel:
    account = {"config": {}, "secrets": {"api_token": "secret"}}
    return Channel.objects.create(**{"name": "Main", "kind": "rapidpro", **account, **fields})


def button(channel: Channel, name: str) -> str:
    return reverse(f"admin:broadcaster_channel_{name}", args=[channel.pk])


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, "Working"),
        ({"enabled": False}, "Disabled"),
        ({"hold_reason": "No balance."}, "Held"),
        ({"hold_reason": "Busy.", "hold_until": timezone.now() + timedelta(hours=1)}, "Held"),
        ({"hold_reason": "Busy.", "hold_until": timezone.now() - timedelta(hours=1)}, "Working"),
        ({"secrets": {}}, "Not ready"),
    ],
)
def test_the_list_says_in_a_word_whether_a_channel_sends(admin: Client, fields: dict[str, Any], word: str) -> None:
    make_channel(**fields)
    html = text_of(admin.get(reverse("admin:broadcaster_channel_changelist")))
    said = [each for each in ("Working", "Disabled", "Held", "Not ready") if f">{each}</span>" in html]
    assert said == [word]


def test_the_list_says_what_recipients_see_and_why_a_channel_is_held(admin: Client) -> None:
    make_channel(hold_reason="The token was refused.")
    html = text_of(admin.get(reverse("admin:broadcaster_channel_changelist")))
    assert "SMS, WhatsApp, Telegram, Messenger" in html
    assert "The token was refused." in html


@pytest.mark.parametrize(
    ("rate", "factor", "said"),
    [(20, 0.25, "5 of 20"), (2, 0.25, "0.5 of 2"), (1000, 0.5625, "562 of 1000"), (1, 1 / 64, "0.016 of 1")],
)
def test_list_and_page_say_that_a_channel_was_slowed_down(admin: Client, rate: int, factor: float, said: str) -> None:
    channel = make_channel(rate_per_second=rate, rate_factor=factor)
    sentence = f"Sending at {said} messages a second, since the provider asked to slow down."
    assert sentence in text_of(admin.get(reverse("admin:broadcaster_channel_changelist")))
    assert sentence in text_of(admin.get(reverse("admin:broadcaster_channel_change", args=[channel.pk])))


def test_a_channel_at_its_own_rate_says_nothing_of_it(admin: Client) -> None:
    page = reverse("admin:broadcaster_channel_change", args=[make_channel().pk])
    assert "slow down" not in text_of(admin.get(page))


def test_a_held_channel_is_released_by_a_person(admin: Client) -> None:
    channel = make_channel(hold_reason="No balance.", hold_until=timezone.now() + timedelta(hours=1))
    response = admin.post(button(channel, "release"), follow=True)
    channel.refresh_from_db()
    assert (channel.hold_reason, channel.hold_until) == ("", None)
    assert "is released" in messages_of(response)
    assert LogEntry.objects.get().get_change_message() == "Released."


def test_releasing_twice_says_that_nothing_was_held(admin: Client) -> None:
    response = admin.post(button(make_channel(), "release"), follow=True)
    assert "was not held" in messages_of(response)


@pytest.mark.parametrize("name", ["release", "check"])
def test_the_buttons_take_no_link(admin: Client, name: str) -> None:
    assert admin.get(button(make_channel(), name)).status_code == 405


@pytest.mark.parametrize("name", ["release", "check"])
def test_the_buttons_are_for_those_who_may_change_channels(name: str) -> None:
    channel = make_channel(hold_reason="No balance.")
    assert logged_in("view_channel").post(button(channel, name)).status_code == 403
    channel.refresh_from_db()
    assert channel.hold_reason == "No balance."


@responses.activate
@pytest.mark.parametrize(("status", "level"), [(200, "success"), (401, "error")])
def test_the_provider_is_asked_and_its_answer_told(admin: Client, status: int, level: str) -> None:
    responses.get(PROBE, json={"results": []}, status=status)
    response = admin.post(button(make_channel(), "check"), follow=True)
    (message,) = response.context["messages"]
    assert message.level_tag == level
    assert "secret" not in str(message)


@responses.activate
def test_what_came_of_a_test_stands_on_the_page_and_in_the_list_with_its_age(admin: Client) -> None:
    responses.get(f"{URL}/check")
    responses.get(f"{URL}/balance", json={"left": "857"})
    with paper():
        channel = paper_channel()
        admin.post(button(channel, "check"))
        at = timezone.now() - timedelta(minutes=3)
        Channel.objects.update(checked_at=at, balance_at=at)
        words = visible(text_of(admin.get(reverse("admin:broadcaster_channel_change", args=[channel.pk]))))
        listed = text_of(admin.get(reverse("admin:broadcaster_channel_changelist")))
    assert "Works The mill turns. Tested" in words
    assert "(3 minutes ago). Balance: 857 sheets ." in words
    assert "Works</span>" in listed
    assert re.search(r'title="The mill turns\. Tested .* \(3 minutes ago\)\. Balance: 857 sheets\."', listed)


@pytest.mark.parametrize("checked_at", [None, timezone.now()])
def test_a_balance_that_another_question_brought_stands_there_with_its_own_time(
    admin: Client, checked_at: datetime | None
) -> None:
    at = timezone.now() - timedelta(hours=2)
    channel = make_channel(checked_at=checked_at, balance="quota 857 left", balance_at=at)
    words = visible(text_of(admin.get(reverse("admin:broadcaster_channel_change", args=[channel.pk]))))
    assert re.search(r"Balance: quota 857 left , as of \S.* \(2 hours ago\)\.", words)
    listed = text_of(admin.get(reverse("admin:broadcaster_channel_changelist")))
    assert re.search(r'Balance: quota 857 left, as of \S.* \(2 hours ago\)\."', listed)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, "Not tested"),
        ({"checked_at": timezone.now(), "check_ok": False, "check_sentence": "The key was refused."}, "Does not work"),
        ({"checked_at": timezone.now(), "check_sentence": "It answers."}, "Reached"),
    ],
)
def test_whoever_may_see_a_channel_sees_what_the_last_test_found(fields: dict[str, Any], word: str) -> None:
    page = reverse("admin:broadcaster_channel_change", args=[make_channel(**fields).pk])
    words = visible(text_of(logged_in("view_channel").get(page)))
    assert f"Connection {word}" in words
    assert fields.get("check_sentence", "") in words
    assert "Test connection" not in words


@responses.activate
def test_a_provider_that_breaks_is_a_sentence_and_no_broken_page(admin: Client) -> None:
    responses.get(f"{URL}/check", body=KeyError("slip"))
    with paper():
        response = admin.post(button(paper_channel(), "check"), follow=True)
    assert "Paper could not be asked whether the account works: KeyError." in messages_of(response)


def test_who_may_not_see_account_templates_sees_nothing_of_them_on_the_channel(admin: Client) -> None:
    with paper():
        page = reverse("admin:broadcaster_channel_change", args=[paper_channel().pk])
        without, seeing = admin.get(page), logged_in("view_channel", "view_listedtemplate").get(page)
    assert "Account templates" not in visible(text_of(without))
    assert "Account templates A look is on its way." in visible(text_of(seeing))


@responses.activate
def test_a_provider_that_offers_nothing_to_ask_says_so(admin: Client) -> None:
    responses.get("https://api.imiconnect.io/", status=404)
    channel = make_channel(kind="imiconnect", secrets={"service_key": "x"})
    (message,) = admin.post(button(channel, "check"), follow=True).context["messages"]
    assert message.level_tag == "warning"


def test_an_incomplete_account_is_not_asked_about(admin: Client) -> None:
    response = admin.post(button(make_channel(secrets={}), "check"), follow=True)
    assert "API token is missing." in messages_of(response)


def test_an_empty_list_says_what_a_channel_is(admin: Client) -> None:
    assert "No channels yet" in text_of(admin.get(reverse("admin:broadcaster_channel_changelist")))


def test_a_new_channel_is_not_ready_before_its_account_is_known(admin: Client) -> None:
    page = reverse("admin:broadcaster_channel_change", args=[make_channel(secrets={}).pk])
    assert "Not ready." in text_of(admin.get(page))
