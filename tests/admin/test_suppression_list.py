"""Opt-outs: typed in any form, found in any form, deleted only by those who may and who were told what it means."""

import pytest
from django.test import Client
from django.urls import reverse

from broadcaster.models import Channel, Contact, Suppression
from tests.admin.people import logged_in, messages_of, text_of

pytestmark = pytest.mark.django_db

LIST = reverse("admin:broadcaster_suppression_changelist")
ADD = reverse("admin:broadcaster_suppression_add")


@pytest.fixture
def operator() -> Client:
    return logged_in("view_suppression", "add_suppression", "view_channel")


@pytest.fixture
def channel() -> Channel:
    return Channel.objects.create(name="WhatsApp", kind="rapidpro", default_region="ID")


def opt_out(address: str = "+6281234567890", channel: Channel | None = None) -> Suppression:
    return Suppression.objects.create(address=address, channel=channel, reason="STOP", source="receipt")


@pytest.mark.parametrize("typed", ["+62 812-3456-7890", "0812 3456 7890", "0062 812 3456 7890"])
def test_a_typed_phone_is_stored_as_broadcasts_look_for_it(operator: Client, channel: Channel, typed: str) -> None:
    operator.post(ADD, {"address": typed, "channel": "", "reason": "Asked by mail"})
    stored = Suppression.objects.get()
    assert (stored.address, stored.channel, stored.source) == ("+6281234567890", None, "person")


def test_an_identifier_is_stored_as_it_is(operator: Client) -> None:
    operator.post(ADD, {"address": "customer-12", "channel": "", "reason": ""})
    assert Suppression.objects.get().address == "customer-12"


def test_a_local_phone_without_a_country_is_refused(operator: Client) -> None:
    html = text_of(operator.post(ADD, {"address": "0812 3456 7890", "channel": "", "reason": ""}))
    assert "The number has no country code." in html
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("where", ["WhatsApp", "all channels"])
def test_an_opt_out_that_exists_is_refused_in_words(operator: Client, channel: Channel, where: str) -> None:
    existing = opt_out(channel=channel if where == channel.name else None)
    given = existing.channel_id or ""
    html = text_of(operator.post(ADD, {"address": existing.address, "channel": given, "reason": ""}))
    assert f"{existing.address} has opted out of {where} already." in html


def test_the_same_person_may_opt_out_of_a_second_channel(operator: Client, channel: Channel) -> None:
    other = Channel.objects.create(name="SMS", kind="rapidpro")
    opt_out(channel=channel)
    operator.post(ADD, {"address": "+6281234567890", "channel": str(other.pk), "reason": ""})
    assert Suppression.objects.count() == 2


@pytest.mark.parametrize("term", ["+6281234567890", "+62 812 3456 7890", "0812-3456-7890"])
def test_a_phone_is_found_however_it_is_typed(operator: Client, channel: Channel, term: str) -> None:
    opt_out()
    opt_out("+6281111111111")
    html = text_of(operator.get(LIST, {"q": term}))
    assert "+6281234567890" in html
    assert "+6281111111111" not in html


def test_an_opt_out_is_looked_at_but_not_rewritten(operator: Client) -> None:
    url = reverse("admin:broadcaster_suppression_change", args=[opt_out().pk])
    assert operator.post(url, {"address": "+6281111111111"}).status_code == 403
    assert "receipt" in text_of(operator.get(url))


def test_deleting_needs_its_permission(operator: Client) -> None:
    url = reverse("admin:broadcaster_suppression_delete", args=[opt_out().pk])
    assert operator.post(url, {"post": "yes"}).status_code == 403
    assert Suppression.objects.exists()


def test_deleting_says_what_it_means_before_it_happens() -> None:
    url = reverse("admin:broadcaster_suppression_delete", args=[opt_out().pk])
    person = logged_in("view_suppression", "delete_suppression")
    assert "the next broadcast can reach them again" in text_of(person.get(url))
    assert Suppression.objects.exists()
    assert "deleted" in messages_of(person.post(url, {"post": "yes"}, follow=True))
    assert not Suppression.objects.exists()


def test_deleting_several_asks_the_same() -> None:
    chosen = {"action": "delete_selected", "_selected_action": [opt_out().pk, opt_out("+6281111111111").pk]}
    person = logged_in("view_suppression", "delete_suppression")
    assert "Forget that these people opted out?" in text_of(person.post(LIST, chosen))
    person.post(LIST, chosen | {"post": "yes"})
    assert not Suppression.objects.exists()


def test_an_empty_list_says_who_will_stand_here(operator: Client) -> None:
    assert "No opt-outs yet" in text_of(operator.get(LIST))


def test_an_identifier_of_digits_is_no_phone(operator: Client) -> None:
    Contact.objects.create(identifier="10023456")
    operator.post(ADD, {"address": "10023456", "channel": "", "reason": ""})
    assert Suppression.objects.get().address == "10023456"
