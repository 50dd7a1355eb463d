"""A person is asked about so many opt-outs at once, wherever they may look, and decides for all of them."""

import pytest
from django.test import Client
from django.urls import reverse

from broadcaster.models import Channel, OptOutSpike, Revival, Suppression
from broadcaster.receipts import spikes
from broadcaster.sending import outcomes
from tests.admin.people import logged_in, messages_of, text_of

pytestmark = pytest.mark.django_db

LIST = reverse("admin:broadcaster_suppression_changelist")
CHANNELS = reverse("admin:broadcaster_channel_changelist")
KEPT, TAKEN_BACK = {"decision": "kept"}, {"decision": "taken_back", "reason": "Their outage"}


@pytest.fixture
def admin() -> Client:
    return logged_in("view_suppression", "view_channel", "change_channel", "change_optoutspike", "view_optoutspike")


@pytest.fixture
def spike() -> OptOutSpike:
    channel = Channel.objects.create(name="WhatsApp", kind="rapidpro")
    spike = OptOutSpike.objects.create(channel=channel)
    Suppression.objects.bulk_create(
        Suppression(address=f"+62812{place:07}", channel=channel, source=spikes.SOURCE, spike=spike)
        for place in range(30)
    )
    outcomes.hold(channel, reason=spikes.HELD, until=None)
    return spike


def page_of(spike: OptOutSpike) -> str:
    return reverse("admin:broadcaster_optoutspike_decide", args=[spike.pk])


@pytest.mark.parametrize("where", ["opt-outs", "channel"])
def test_it_is_shown_where_a_person_looks(admin: Client, spike: OptOutSpike, where: str) -> None:
    channel = reverse("admin:broadcaster_channel_change", args=[spike.channel_id])
    html = text_of(admin.get(LIST if where == "opt-outs" else channel))
    assert "30 people opted out of WhatsApp at once." in html
    assert page_of(spike) in html


def test_a_decided_one_is_not_shown(admin: Client, spike: OptOutSpike) -> None:
    OptOutSpike.objects.update(decision="kept")
    assert page_of(spike) not in text_of(admin.get(LIST))


def test_the_page_says_what_happened_and_what_is_asked(admin: Client, spike: OptOutSpike) -> None:
    html = text_of(admin.get(page_of(spike)))
    assert "30 people opted out of WhatsApp at once" in html
    assert html.count("+62812") == 20
    assert "Take all back" in html
    assert "They are real" in html


@pytest.mark.parametrize("answer", [KEPT, TAKEN_BACK])
def test_deciding_needs_its_permission(spike: OptOutSpike, answer: dict[str, str]) -> None:
    person = logged_in("view_suppression")
    assert "Take all back" not in text_of(person.get(page_of(spike)))
    assert person.post(page_of(spike), answer).status_code == 403
    assert logged_in("view_contact").get(page_of(spike)).status_code == 403
    assert Suppression.objects.count() == 30


def test_they_are_kept(admin: Client, spike: OptOutSpike) -> None:
    said = messages_of(admin.post(page_of(spike), KEPT, follow=True))
    assert "30 opt-outs are kept. WhatsApp sends again." in said
    assert Suppression.objects.count() == 30
    assert not Channel.objects.get().is_held()


def test_they_are_taken_back(admin: Client, spike: OptOutSpike) -> None:
    said = messages_of(admin.post(page_of(spike), TAKEN_BACK, follow=True))
    assert "30 opt-outs are taken back. WhatsApp sends again." in said
    assert (Suppression.objects.count(), Revival.objects.count()) == (0, 30)
    assert not Channel.objects.get().is_held()


@pytest.mark.parametrize(
    "answer", [{"decision": "taken_back"}, {"decision": "forgotten", "reason": "x"}, {"reason": "x"}]
)
def test_an_answer_that_is_none_decides_nothing(admin: Client, spike: OptOutSpike, answer: dict[str, str]) -> None:
    assert admin.post(page_of(spike), answer).status_code == 400
    assert OptOutSpike.objects.get().decision == ""


def test_the_second_person_is_told(admin: Client, spike: OptOutSpike) -> None:
    admin.post(page_of(spike), KEPT)
    assert "Somebody has decided this already." in messages_of(admin.post(page_of(spike), TAKEN_BACK, follow=True))
    assert Suppression.objects.count() == 30
    assert "Decided: the opt-outs are real" in text_of(admin.get(page_of(spike)))


@pytest.mark.parametrize("several", [False, True])
def test_its_channel_stays_until_it_is_decided(spike: OptOutSpike, *, several: bool) -> None:
    admin = logged_in("view_channel", "delete_channel")
    one, of_all = reverse("admin:broadcaster_channel_delete", args=[spike.channel_id]), CHANNELS
    chosen = {"action": "delete_selected", "_selected_action": [spike.channel_id]} if several else {}
    html = text_of(admin.post(of_all if several else one, {"post": "yes", **chosen}))
    assert "opted out of WhatsApp at once. Decide first" in html
    assert Suppression.objects.filter(spike=spike).count() == 30
    OptOutSpike.objects.update(decision="kept")
    admin.post(of_all if several else one, {"post": "yes", **chosen})
    assert not Channel.objects.exists()
