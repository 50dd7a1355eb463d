"""Deleting a group never changes silently whom a broadcast reaches."""

import pytest
from django.test import Client
from django.urls import reverse

from broadcaster.models import Broadcast, Group
from tests.admin.people import logged_in, text_of
from tests.sending.broadcasts import composed

pytestmark = pytest.mark.django_db

LATER = "2030-01-01T09:00Z"


@pytest.fixture
def operator() -> Client:
    return logged_in("view_contact", *(f"{verb}_group" for verb in ("view", "add", "change", "delete")))


@pytest.fixture
def vip() -> Group:
    return Group.objects.create(name="VIP")


def page(group: Group, name: str) -> str:
    return reverse(f"admin:broadcaster_group_{name}", args=[group.pk])


def deleted(operator: Client, group: Group) -> str:
    """What the page says that asks, once the group was to be deleted."""
    operator.post(page(group, "delete"), {"post": "yes"})
    return text_of(operator.get(page(group, "delete"))) if Group.objects.filter(pk=group.pk).exists() else ""


@pytest.mark.parametrize("state", ["draft", "missed", "failed", "awaiting_approval", "scheduled", "paused"])
def test_a_group_that_a_broadcast_leaves_out_stays_until_it_is_prepared(
    operator: Client, vip: Group, state: str
) -> None:
    broadcast = composed(1, name="Summer sale")
    broadcast.exclude_groups.add(vip)
    Broadcast.objects.update(state=state, send_at=LATER)
    assert f"Summer sale is {broadcast_state(state)}" in deleted(operator, vip)


def broadcast_state(state: str) -> str:
    return str(Broadcast.State(state).label).lower()


def test_a_group_whose_people_have_their_rows_may_go(operator: Client, vip: Group) -> None:
    composed(1).exclude_groups.add(vip)
    Broadcast.objects.update(state="paused", send_at=LATER, prepared_at="2026-01-01T00:00Z")
    assert deleted(operator, vip) == ""


def test_a_draft_goes_on_without_a_group_that_it_was_to_go_to(operator: Client) -> None:
    broadcast = composed(1)
    assert deleted(operator, broadcast.groups.get()) == ""
    assert not broadcast.groups.exists()


def test_a_change_counts_for_what_is_paused_before_it_is_prepared(operator: Client, vip: Group) -> None:
    composed(1, name="Summer sale").groups.add(vip)
    Broadcast.objects.update(state="paused", send_at=LATER)
    assert "Summer sale" in text_of(operator.get(page(vip, "change")))
