"""A provider's groups in the journey: chosen in the first step, bound to their channel, told on the review."""

import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from broadcaster import provider_groups, queue
from broadcaster.models import Broadcast, Channel, Contact, ListedGroup
from tests.admin.journey.conftest import FRAGMENT, Draft, address, group_of, person, words
from tests.content.conftest import make_channel, make_template

GROUP = "5f05311e-8f81-4a67-a5b5-1501b6d6496a"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What workers were told to do."""
    told: list[tuple[Any, ...]] = []
    monkeypatch.setattr(queue, "enqueue", lambda *task: told.append(task))
    return told


def workspace(name: str = "SMS", **fields: Any) -> Channel:
    return make_channel("rapidpro", name, **{"groups_at": timezone.now()} | fields)


@pytest.fixture
def reporters(db: None) -> ListedGroup:
    return ListedGroup.objects.create(channel=workspace(), group_id=GROUP, name="Reporters", count=120)


def post_new(browser: Client, **fields: Any) -> Any:
    return browser.post(address("new"), {"name": "June", **fields})


def to_the_group(reporters: ListedGroup, draft: Draft, **fields: Any) -> Broadcast:
    template = make_template(eng={"text": "Hello"})
    broadcast = draft(**{"channel": reporters.channel, "template": template} | fields)
    provider_groups.choose(broadcast, [reporters])
    return broadcast


# -- the audience


def test_without_such_a_channel_nothing_is_offered(browser: Client) -> None:
    assert "Groups at" not in words(browser.get(address("new")))


def test_the_groups_are_offered_with_their_size(browser: Client, reporters: ListedGroup) -> None:
    page = words(browser.get(address("new")))
    assert "Groups at RapidPro / TextIt · SMS" in page
    assert "Reporters (120 people)" in page


def test_a_group_alone_is_an_audience(browser: Client, reporters: ListedGroup) -> None:
    response = post_new(browser, provider_groups=[reporters.pk])
    broadcast = Broadcast.objects.get()
    assert response.headers["Location"] == address("message", broadcast)
    assert [contact.identifier for contact in broadcast.contacts.all()] == [f"group:{GROUP}"]


def test_reload_shows_it_chosen_and_it_can_be_taken_out(browser: Client, reporters: ListedGroup) -> None:
    post_new(browser, provider_groups=[reporters.pk])
    broadcast = Broadcast.objects.get()
    assert f'value="{reporters.pk}" id="id_provider_groups_0" checked' in words(
        browser.get(address("audience", broadcast))
    )
    rest = {"name": "June", "groups": [group_of("+6281234567890").pk], "shown_groups": str(reporters.pk)}
    browser.post(address("audience", broadcast), rest)
    assert not broadcast.contacts.exists()


def test_somebody_must_be_chosen_still(browser: Client, reporters: ListedGroup) -> None:
    post_new(browser, provider_groups=[reporters.pk])
    rest = {"name": "June", "shown_groups": str(reporters.pk)}
    response = browser.post(address("audience", Broadcast.objects.get()), rest)
    assert "Choose who gets it" in words(response)


def test_groups_of_two_channels_are_refused(browser: Client, reporters: ListedGroup) -> None:
    other = ListedGroup.objects.create(channel=workspace("Other"), group_id="g-2", name="Farmers")
    response = post_new(browser, provider_groups=[reporters.pk, other.pk])
    assert "Choose groups of one channel only; these are of Other and SMS." in words(response)


def test_the_estimate_counts_groups_apart_and_leaves_nothing_behind(browser: Client, reporters: ListedGroup) -> None:
    chosen = {"name": "June", "groups": [group_of("+6281234567890").pk], "provider_groups": [reporters.pk]}
    page = words(browser.post(address("new"), chosen, headers=FRAGMENT))
    assert "<strong>1</strong> recipient " in page
    assert "and 1 group at a provider" in page
    assert not Contact.objects.filter(identifier__startswith="group:").exists()


# -- looking


def look(browser: Client, channel: Channel, **fields: Any) -> Any:
    return browser.post(reverse("admin:broadcast_look_groups", args=[channel.pk]), fields, headers=FRAGMENT)


@pytest.mark.parametrize("age_h", [None, 2])
def test_opening_the_page_asks_where_the_list_is_old(browser: Client, asked: list[Any], age_h: int | None) -> None:
    at = None if age_h is None else timezone.now() - provider_groups.EVERY * age_h
    channel = workspace(groups_at=at)
    assert "Looking for groups" in words(browser.get(address("new")))
    assert asked == [("list_groups", channel.pk)]


def test_opening_the_page_asks_nobody_where_the_list_is_new(
    browser: Client, reporters: ListedGroup, asked: list[Any]
) -> None:
    assert "decides who is in a group." in words(browser.get(address("new")))
    assert asked == []


def test_the_button_asks_and_the_page_waits_for_the_answer(
    browser: Client, reporters: ListedGroup, asked: list[Any]
) -> None:
    channel = reporters.channel
    Channel.objects.update(groups_at=timezone.now() - provider_groups.EVERY)
    assert "Looking for groups" in words(look(browser, channel))
    assert asked == [("list_groups", channel.pk)]
    since = int(time.time())
    assert "Looking for groups" in words(look(browser, channel, since=since))
    Channel.objects.update(groups_at=timezone.now())
    assert "Looking for groups" not in words(look(browser, channel, since=since))
    assert len(asked) == 1


def test_waiting_has_an_end(browser: Client, reporters: ListedGroup, asked: list[Any]) -> None:
    Channel.objects.update(groups_at=timezone.now() - provider_groups.EVERY)
    page = words(look(browser, reporters.channel, since=int(time.time()) - 60))
    assert "RapidPro / TextIt has not answered." in page
    assert "every" not in page


def test_what_is_ticked_stays_ticked(browser: Client, reporters: ListedGroup, asked: list[Any]) -> None:
    assert "checked" in words(look(browser, reporters.channel, provider_groups=[reporters.pk]))


def test_a_look_needs_the_right_to_write_and_a_channel_with_groups(
    browser: Client, client: Client, reporters: ListedGroup
) -> None:
    assert look(browser, make_channel("kaleyra")).status_code == 404
    client.force_login(person("view_broadcast", name="viewer"))
    assert look(client, reporters.channel).status_code == 403


# -- message and review


def test_the_message_step_offers_only_the_groups_channel(browser: Client, reporters: ListedGroup, draft: Draft) -> None:
    make_channel("khoros", "RCS")
    response = browser.get(address("message", to_the_group(reporters, draft)))
    assert [option.name for option in response.context["channels"]] == ["SMS"]
    assert "Only a channel whose account keeps Reporters can reach this group." in words(response)


def test_the_review_tells_the_size_and_who_decides(browser: Client, reporters: ListedGroup, draft: Draft) -> None:
    page = words(browser.get(address("review", to_the_group(reporters, draft))))
    assert "<strong>2</strong> recipients" in page
    assert "<strong>1</strong> group of about 120 people: Reporters" in page
    assert "RapidPro / TextIt decides who is in it; opt-outs kept here are not applied inside it." in page
    assert "disabled aria-describedby" not in page


def test_a_group_that_came_in_by_a_local_group_is_counted_too(
    browser: Client, reporters: ListedGroup, draft: Draft
) -> None:
    broadcast = draft(channel=reporters.channel, template=make_template(eng={"text": "Hello"}))
    group = broadcast.groups.get()
    group.contacts.add(provider_groups.contact_for(reporters))
    page = words(browser.get(address("review", broadcast)))
    assert "<strong>2</strong> recipients" in page
    assert "<strong>1</strong> group at a provider, by contacts in the audience that stand for it" in page


def test_a_group_on_another_channel_cannot_be_confirmed(
    browser: Client, reporters: ListedGroup, draft: Draft, settings: Settings
) -> None:
    broadcast = to_the_group(reporters, draft, channel=make_channel("khoros", "RCS"))
    page = words(browser.get(address("review", broadcast)))
    assert "RCS cannot reach “Reporters (group at SMS)”. Choose SMS, or another audience." in page
    assert browser.post(address("confirm", broadcast)).status_code == 400
