"""Opt-outs: typed in any form, found in any form, never rewritten."""

import pytest
from django.test import Client
from django.urls import reverse

from broadcaster.audience import consent, erasure
from broadcaster.models import Channel, Contact, Erasure, OptOutSpike, Suppression
from tests.admin.people import logged_in, text_of

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
    return Suppression.objects.create(address=address, channel=channel, reason="STOP", source="reply")


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


@pytest.mark.parametrize("in_a_spike", [False, True])
def test_one_that_only_a_provider_reported_is_confirmed(
    operator: Client, channel: Channel, *, in_a_spike: bool
) -> None:
    spike = OptOutSpike.objects.create(channel=channel) if in_a_spike else None
    consent.suppress(["+6281234567890"], channel=channel, reason="Reported", source="receipt", spike=spike)
    since = Suppression.objects.get().created_at
    operator.post(ADD, {"address": "+6281234567890", "channel": channel.pk, "reason": "By letter"})
    row = Suppression.objects.get()
    assert (row.source, row.spike, row.reason, row.created_at) == ("person", None, "By letter", since)


def test_one_that_was_decided_to_be_real_is_refused(operator: Client, channel: Channel) -> None:
    spike = OptOutSpike.objects.create(channel=channel, decision="kept")
    consent.suppress(["+6281234567890"], channel=channel, reason="Reported", source="receipt", spike=spike)
    html = text_of(operator.post(ADD, {"address": "+6281234567890", "channel": channel.pk, "reason": ""}))
    assert "has opted out of WhatsApp already." in html


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
    assert "reply" in text_of(operator.get(url))


def test_an_empty_list_says_who_will_stand_here(operator: Client) -> None:
    assert "No opt-outs yet" in text_of(operator.get(LIST))


def test_an_identifier_of_digits_is_no_phone(operator: Client) -> None:
    Contact.objects.create(identifier="10023456")
    operator.post(ADD, {"address": "10023456", "channel": "", "reason": ""})
    assert Suppression.objects.get().address == "10023456"


def test_somebody_who_was_erased_need_not_opt_out(operator: Client) -> None:
    Erasure.objects.create(digest=erasure.digest_of("+6281234567890"))
    html = text_of(operator.post(ADD, {"address": "+62 812 3456 7890", "channel": "", "reason": ""}))
    assert "This person was erased on request" in html
    assert not Suppression.objects.exists()


def test_nothing_on_the_list_deletes_without_a_reason(operator: Client) -> None:
    person = logged_in("view_suppression", "delete_suppression")
    opt_out()
    assert "delete_selected" not in text_of(person.get(LIST))
    person.post(LIST, {"action": "delete_selected", "_selected_action": [1], "post": "yes"})
    assert Suppression.objects.exists()
