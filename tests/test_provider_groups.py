"""Groups that a provider keeps: the list follows the account, and a contact stands for one in an audience."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses
from django.utils import timezone

from broadcaster import provider_groups, tasks
from broadcaster.models import Broadcast, Channel, Contact, ListedGroup
from tests.content.conftest import make_channel

pytestmark = pytest.mark.django_db
URL = "https://rapidpro.example"
REPORTERS, FARMERS = "5f05311e-8f81-4a67-a5b5-1501b6d6496a", "6b1d47b2-2b3c-4d4e-9f5a-0a1b2c3d4e5f"


def workspace(name: str = "SMS", **fields: Any) -> Channel:
    account = {"config": {"base_url": URL}, "secrets": {"api_token": "0123456789abcdef0123456789abcdef01234567"}}
    return make_channel("rapidpro", name, **account | fields)


def group(group_id: str, name: str, count: int | None = 12) -> dict[str, Any]:
    return {"uuid": group_id, "name": name, "count": count, "query": None, "status": "ready", "system": False}


@pytest.fixture
def account() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def answer(account: responses.RequestsMock, *groups: dict[str, Any], status: int = 200) -> None:
    body = {"next": None, "previous": None, "results": list(groups)}
    account.upsert(responses.GET, f"{URL}/api/v2/groups.json", json=body, status=status)


def listed() -> list[tuple[str, int | None]]:
    return list(ListedGroup.objects.order_by("name").values_list("name", "count"))


# -- looking


def test_the_list_follows_the_account(account: responses.RequestsMock) -> None:
    channel = workspace()
    answer(account, group(REPORTERS, "Reporters"), group(FARMERS, "Farmers", 3))
    assert provider_groups.look(channel.pk)
    first = ListedGroup.objects.get(group_id=REPORTERS)
    answer(account, group(REPORTERS, "Journalists", 14))
    assert provider_groups.look(channel.pk)
    assert listed() == [("Journalists", 14)]
    assert ListedGroup.objects.get(group_id=REPORTERS).pk == first.pk
    channel.refresh_from_db()
    assert not provider_groups.is_due(channel, timezone.now())


def test_what_was_known_stays_where_nobody_answers(account: responses.RequestsMock) -> None:
    channel = workspace()
    answer(account, group(REPORTERS, "Reporters"))
    provider_groups.look(channel.pk)
    answer(account, status=503)
    assert not provider_groups.look(channel.pk)
    assert listed() == [("Reporters", 12)]


def test_names_and_ids_that_no_column_holds_harm_nothing(account: responses.RequestsMock) -> None:
    answer(account, group(REPORTERS, "x" * 500), group("y" * 65, "Farmers"))
    assert provider_groups.look(workspace().pk)
    assert [len(name) for name, _ in listed()] == [128]


def test_a_list_of_the_former_account_is_not_kept(account: responses.RequestsMock) -> None:
    def answer_late(_: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        Channel.objects.update(config={"base_url": "https://other.example"})
        return 200, {}, json.dumps({"results": [group(REPORTERS, "Reporters")]})

    channel = workspace()
    account.add_callback(responses.GET, f"{URL}/api/v2/groups.json", answer_late)
    provider_groups.look(channel.pk)
    channel.refresh_from_db()
    assert (listed(), channel.groups_at) == ([], None)


@pytest.mark.parametrize("fields", [{"kind": "kaleyra"}, {"enabled": False}])
def test_a_channel_without_groups_is_not_asked(fields: dict[str, Any]) -> None:
    channel = workspace()
    Channel.objects.update(**fields)
    assert not provider_groups.look(channel.pk)


def test_an_account_that_cannot_be_used_is_not_asked() -> None:
    assert not provider_groups.look(workspace(secrets={}).pk)


def test_a_look_is_due_at_first_and_after_an_hour() -> None:
    now = timezone.now()
    old = workspace(groups_at=now - provider_groups.EVERY * 2)
    assert provider_groups.is_due(old, now)
    assert provider_groups.is_due(workspace("Other"), now)


def test_the_task_asks_once_for_several_presses(account: responses.RequestsMock) -> None:
    channel = workspace()
    answer(account)
    for _ in range(3):
        tasks.list_groups(channel.pk)
    assert len(account.calls) == 1


# -- choosing


def known(channel: Channel, group_id: str = REPORTERS, name: str = "Reporters") -> ListedGroup:
    return ListedGroup.objects.create(channel=channel, group_id=group_id, name=name, count=12)


def test_a_group_becomes_one_contact_whose_name_says_what_it_is() -> None:
    reporters = known(workspace())
    contact = provider_groups.contact_for(reporters)
    assert (contact.identifier, contact.name) == (f"group:{REPORTERS}", "Reporters (group at SMS)")
    assert provider_groups.contact_for(reporters) == contact


def test_choosing_replaces_groups_and_leaves_other_contacts() -> None:
    channel = workspace()
    reporters, farmers = known(channel), known(channel, FARMERS, "Farmers")
    ann = Contact.objects.create(phone="+628111111111")
    broadcast = Broadcast.objects.create(name="June", channel=channel)
    broadcast.contacts.set([ann, provider_groups.contact_for(reporters)])
    provider_groups.choose(broadcast, [farmers])
    assert provider_groups.chosen(broadcast) == [farmers]
    assert set(broadcast.contacts.all()) == {ann, provider_groups.contact_for(farmers)}
    provider_groups.choose(broadcast, [])
    assert list(broadcast.contacts.all()) == [ann]


def test_a_group_that_nobody_lists_stays_chosen_until_it_is_taken_out() -> None:
    channel = workspace()
    gone, farmers = known(channel), known(channel, FARMERS, "Farmers")
    broadcast = Broadcast.objects.create(name="June", channel=channel)
    provider_groups.choose(broadcast, [gone, farmers])
    contact = provider_groups.contact_for(gone)
    gone.delete()
    provider_groups.choose(broadcast, [])
    assert list(broadcast.contacts.all()) == list(provider_groups.unlisted(broadcast)) == [contact]
    provider_groups.choose(broadcast, [], without=[contact])
    assert not broadcast.contacts.exists()


def test_a_group_of_two_accounts_is_shown_as_the_broadcasts_channel_has_it() -> None:
    first, second = workspace("A"), workspace("B")
    known(first)
    theirs = known(second)
    broadcast = Broadcast.objects.create(name="June", channel=second)
    provider_groups.choose(broadcast, [theirs])
    assert provider_groups.chosen(broadcast) == [theirs]


def test_only_channels_that_have_all_the_groups_are_able() -> None:
    both, one = workspace("Both"), workspace("One")
    reporters, farmers = known(both), known(both, FARMERS, "Farmers")
    known(one)
    broadcast = Broadcast.objects.create(name="June")
    assert set(provider_groups.able(broadcast, Channel.objects.all())) == {both, one}
    provider_groups.choose(broadcast, [reporters, farmers])
    assert list(provider_groups.able(broadcast, Channel.objects.all())) == [both]
