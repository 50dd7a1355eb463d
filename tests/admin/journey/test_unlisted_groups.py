"""A draft loses none of a provider's groups unless a person takes it out, whatever becomes of the channel meanwhile."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from broadcaster import accounts, provider_groups
from broadcaster.models import Broadcast, Channel, Contact, ListedGroup
from tests.admin.journey.conftest import FRAGMENT, address, words
from tests.content.conftest import make_channel

pytestmark = pytest.mark.django_db
GROUP = "5f05311e-8f81-4a67-a5b5-1501b6d6496a"


@pytest.fixture
def channel() -> Channel:
    return make_channel("rapidpro", "SMS", groups_at=timezone.now())


def listed(channel: Channel) -> ListedGroup:
    return ListedGroup.objects.create(channel=channel, group_id=GROUP, name="Reporters", count=120)


@pytest.fixture
def draft(channel: Channel) -> Broadcast:
    """A draft that goes to one group of the provider and to nobody else."""
    broadcast = Broadcast.objects.create(name="June", channel=channel)
    provider_groups.choose(broadcast, [listed(channel)])
    return broadcast


def relist(channel: Channel) -> ListedGroup:
    """What two looks do, between which the group was gone."""
    ListedGroup.objects.all().delete()
    return listed(channel)


def posted(html: str) -> dict[str, Any]:
    """What a browser posts of the page as it stands."""
    ticks = re.findall(r'name="provider_groups" value="([0-9]+)"[^>]* checked', html)
    return {"name": "July", "shown_groups": re.findall(r'"shown_groups" value="([0-9,]*)"', html)} | (
        {"provider_groups": ticks} if ticks else {}
    )


def rename(browser: Client, draft: Broadcast, html: str) -> None:
    assert browser.post(address("audience", draft), posted(html)).status_code == 302
    draft.refresh_from_db()
    assert draft.name == "July"


def goes_to(draft: Broadcast) -> list[str | None]:
    return [contact.identifier for contact in draft.contacts.all()]


def opened(browser: Client, draft: Broadcast) -> str:
    return words(browser.get(address("audience", draft)))


def test_a_rename_keeps_the_group_after_the_account_was_edited(
    browser: Client, draft: Broadcast, channel: Channel
) -> None:
    accounts.forget(channel)
    rename(browser, draft, opened(browser, draft))
    assert goes_to(draft) == [f"group:{GROUP}"]


def test_a_rename_keeps_a_group_that_nobody_lists(browser: Client, draft: Broadcast) -> None:
    ListedGroup.objects.all().delete()
    rename(browser, draft, opened(browser, draft))
    assert goes_to(draft) == [f"group:{GROUP}"]


def test_a_rename_keeps_a_group_that_was_listed_while_the_page_was_open(
    browser: Client, draft: Broadcast, channel: Channel
) -> None:
    ListedGroup.objects.all().delete()
    html = opened(browser, draft)
    relist(channel)
    rename(browser, draft, html)
    assert goes_to(draft) == [f"group:{GROUP}"]


def test_a_group_that_a_look_brings_back_is_ticked(browser: Client, draft: Broadcast, channel: Channel) -> None:
    ListedGroup.objects.all().delete()
    before = posted(opened(browser, draft))
    group = relist(channel)
    look = f"{reverse('admin:broadcast_look_groups', args=[channel.pk])}?draft={draft.pk}"
    html = words(browser.post(look, before | {"since": "1"}, headers=FRAGMENT))
    assert posted(html)["provider_groups"] == [str(group.pk)]
    assert posted(html)["shown_groups"] == [str(group.pk)]
    assert look in words(browser.post(look, before, headers=FRAGMENT))


@pytest.mark.parametrize("given", ["", "x", "9" * 19, "0"])
def test_a_look_for_no_draft_ticks_nothing(browser: Client, draft: Broadcast, channel: Channel, given: str) -> None:
    look = f"{reverse('admin:broadcast_look_groups', args=[channel.pk])}?draft={given}"
    html = words(browser.post(look, {"since": "1"}, headers=FRAGMENT))
    assert "Reporters" in html
    assert "checked" not in html


def test_a_group_that_nobody_lists_is_told_and_can_be_taken_out(browser: Client, draft: Broadcast) -> None:
    ListedGroup.objects.all().delete()
    html = opened(browser, draft)
    assert "Do without Reporters (group at SMS)" in html
    without = posted(html) | {"remove_groups": [Contact.objects.get().pk]}
    assert "Choose who gets it" in words(browser.post(address("audience", draft), without))
    ann = Contact.objects.create(phone="+6281234567890")
    draft.contacts.add(ann)
    assert browser.post(address("audience", draft), without).status_code == 302
    assert list(draft.contacts.all()) == [ann]


def test_a_page_whose_groups_are_all_listed_says_nothing_of_that(browser: Client, draft: Broadcast) -> None:
    assert "no channel lists" not in opened(browser, draft)
