"""Groups: how many members, the way to them, and people who join."""

from typing import NoReturn

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from broadcaster.admin import membership
from broadcaster.audience import rules_counts
from broadcaster.models import Contact, Group, Membership
from tests.admin.people import logged_in, messages_of, text_of

pytestmark = pytest.mark.django_db

LIST = reverse("admin:broadcaster_group_changelist")


@pytest.fixture
def operator() -> Client:
    return logged_in("view_contact", *(f"{verb}_group" for verb in ("view", "add", "change", "delete")))


def make_group(name: str = "VIP", members: int = 0) -> Group:
    group = Group.objects.create(name=name)
    group.contacts.set(Contact.objects.create(identifier=f"{name}-{number}") for number in range(members))
    return group


def page(group: Group, name: str = "change") -> str:
    return reverse(f"admin:broadcaster_group_{name}", args=[group.pk])


@pytest.mark.parametrize(("members", "words"), [(0, "0 contacts"), (1, "1 contact<"), (3, "3 contacts")])
def test_the_list_counts_members_and_leads_to_them(operator: Client, members: int, words: str) -> None:
    group = make_group(members=members)
    html = text_of(operator.get(LIST))
    assert words in html
    link = f"{reverse('admin:broadcaster_contact_changelist')}?groups__id__exact={group.pk}"
    assert link in html
    assert operator.get(link).context["cl"].result_count == members


def test_large_groups_are_counted_so_far_and_on_their_own_page_to_the_last(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "COUNTED_ROWS", 2)
    groups = {members: make_group(f"{members} people", members) for members in (1, 2, 3, 4)}
    html = text_of(operator.get(LIST))
    assert html.count("more than 2 contacts") == 2
    assert "1 contact<" in html
    assert "2 contacts<" in html
    assert "4 contacts<" in text_of(operator.get(page(groups[4])))


def test_the_page_of_a_large_group_counts_it_once_and_that_of_a_small_one_never(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "COUNTED_ROWS", 2)
    for members, counts in ((2, 0), (3, 1)):
        group = make_group(f"{members} people", members)
        with CaptureQueriesContext(connection) as captured:
            assert f"{members} contacts<" in text_of(operator.get(page(group)))
        counted = [each for each in captured if each["sql"].startswith('SELECT COUNT(*) AS "__count"')]
        assert len(counted) == counts


def test_a_group_that_takes_too_long_to_count_is_told_as_in_the_list(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_long(limit_s: float) -> NoReturn:
        raise rules_counts.TookTooLong

    group = make_group(members=3)
    monkeypatch.setattr(membership, "COUNTED_ROWS", 2)
    monkeypatch.setattr(rules_counts, "within", too_long)
    assert "more than 2 contacts<" in text_of(operator.get(page(group)))


def queries_of_the_list(operator: Client) -> int:
    with CaptureQueriesContext(connection) as captured:
        operator.get(LIST)
    return len(captured)


def test_more_groups_take_no_more_queries(operator: Client) -> None:
    make_group("A", 2)
    queries_of_the_list(operator)  # the first one fills caches
    before = queries_of_the_list(operator)
    for name in "BCDE":
        make_group(name, 2)
    assert queries_of_the_list(operator) == before


def test_chosen_contacts_join(operator: Client) -> None:
    group = make_group(members=1)
    (member,) = group.contacts.all()
    other = Contact.objects.create(identifier="other")
    data = {"name": "VIP", "add_contacts": [member.pk, other.pk]}
    response = operator.post(page(group), data, follow=True)
    assert set(group.contacts.all()) == {member, other}
    assert "Added to VIP: 1." in messages_of(response)


def test_a_new_group_may_begin_with_members(operator: Client) -> None:
    contact = Contact.objects.create(identifier="a")
    operator.post(reverse("admin:broadcaster_group_add"), {"name": "VIP", "add_contacts": [contact.pk]})
    assert Group.objects.get().contacts.get() == contact


def test_renaming_keeps_the_members(operator: Client) -> None:
    group = make_group(members=2)
    operator.post(page(group), {"name": "Very important"})
    group.refresh_from_db()
    assert (group.name, group.contacts.count()) == ("Very important", 2)


def test_a_name_that_another_group_has_is_refused_whatever_its_case(operator: Client) -> None:
    make_group("VIP")
    html = text_of(operator.post(reverse("admin:broadcaster_group_add"), {"name": "vip"}))
    assert "There is a group of this name already." in html


def test_contacts_are_searched_while_one_types(operator: Client) -> None:
    Contact.objects.create(name="Ann Lee", identifier="a")
    source = {"app_label": "broadcaster", "model_name": "group", "field_name": "contacts"}
    found = operator.get(reverse("admin:broadcaster_contact_search"), {"term": "ann", **source}).json()["results"]
    assert [each["text"] for each in found] == ["Ann Lee (a)"]


def test_a_viewer_adds_nobody() -> None:
    html = text_of(logged_in("view_group").get(page(make_group(members=2))))
    assert "2 contacts" in html
    assert "add_contacts" not in html


def test_deleting_counts_the_memberships_and_keeps_the_people(operator: Client) -> None:
    group = make_group(members=3)
    html = text_of(operator.get(page(group, "delete")))
    assert "3 memberships" in html
    operator.post(page(group, "delete"), {"post": "yes"})
    assert (Group.objects.count(), Membership.objects.count(), Contact.objects.count()) == (0, 0, 3)


def test_an_empty_list_says_what_a_group_is(operator: Client) -> None:
    assert "No groups yet" in text_of(operator.get(LIST))
