"""Opt-outs are taken back by those who may, with a reason, and on record."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from broadcaster.models import Channel, Revival, Suppression
from tests.admin.people import logged_in, messages_of, text_of

pytestmark = pytest.mark.django_db

LIST = reverse("admin:broadcaster_suppression_changelist")
RECORD = reverse("admin:broadcaster_revival_changelist")


@pytest.fixture
def admin() -> Client:
    return logged_in("view_suppression", "delete_suppression", "view_revival")


def opt_out(address: str = "+6281234567890", channel: Channel | None = None) -> Suppression:
    return Suppression.objects.create(address=address, channel=channel, reason="STOP", source="reply")


def page_of(row: Suppression) -> str:
    return reverse("admin:broadcaster_suppression_delete", args=[row.pk])


def selected(*rows: Suppression, whole: str = "0") -> dict[str, Any]:
    """What the list posts for these rows, or for the whole of it."""
    return {"action": "take_back", "_selected_action": [row.pk for row in rows], "select_across": whole}


def asked(admin: Client, chosen: dict[str, Any]) -> dict[str, Any]:
    """What the page that asks about them posts, once a reason stands in it."""
    hidden = admin.post(LIST, chosen).context["hidden"]
    return {name: [value for key, value in hidden if key == name] for name, _ in hidden} | {"reason": "They wrote"}


def test_it_needs_its_permission() -> None:
    person, row = logged_in("view_suppression", "add_suppression"), opt_out()
    assert [person.get(page_of(row)).status_code, person.post(page_of(row), {"reason": "x"}).status_code] == [403, 403]
    assert "Take back" not in text_of(person.get(reverse("admin:broadcaster_suppression_change", args=[row.pk])))
    assert Suppression.objects.exists()


def test_the_page_says_what_it_means(admin: Client) -> None:
    html = text_of(admin.get(page_of(opt_out())))
    assert "Take back +6281234567890 (all channels)?" in html
    assert "the next broadcast can reach them again" in html
    assert Suppression.objects.exists()


def test_the_record_leads_there_and_deletes_nothing_itself(admin: Client) -> None:
    row = opt_out()
    html = text_of(admin.get(reverse("admin:broadcaster_suppression_change", args=[row.pk])))
    assert html.count(page_of(row)) == 1
    assert "Take back\u2026" in html


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_without_a_fitting_reason_nothing_is_taken_back(admin: Client, reason: str) -> None:
    response = admin.post(page_of(opt_out()), {"reason": reason})
    assert response.status_code == 400
    assert Suppression.objects.exists()


def test_it_is_taken_back_and_on_record(admin: Client) -> None:
    channel = Channel.objects.create(name="WhatsApp", kind="rapidpro")
    row = opt_out(channel=channel)
    assert "Taken back: 1 opt-out." in messages_of(admin.post(page_of(row), {"reason": "They called us"}, follow=True))
    assert not Suppression.objects.exists()
    revival = Revival.objects.get()
    assert (revival.address, revival.channel, revival.reason) == (row.address, channel, "They called us")
    assert (revival.opted_out_at, revival.opted_out_reason, revival.opted_out_source) == (
        row.created_at,
        "STOP",
        "reply",
    )
    assert revival.author is not None


@pytest.mark.parametrize("key", ["abc", "999", "1e9", "\u00b2", "9" * 30])
def test_what_is_no_opt_out_is_not_found(admin: Client, key: str) -> None:
    address = reverse("admin:broadcaster_suppression_delete", args=[key])
    assert [admin.get(address).status_code, admin.post(address, {"reason": "x"}).status_code] == [404, 404]
    assert logged_in("view_suppression").get(address).status_code == 403


def test_several_are_asked_about_together(admin: Client) -> None:
    chosen = selected(opt_out(), opt_out("+6281111111111"))
    kept = opt_out("+6282222222222")
    assert "Take back 2 opt-outs?" in text_of(admin.post(LIST, chosen))
    assert admin.post(LIST, asked(admin, chosen) | {"reason": ""}).status_code == 400
    assert Suppression.objects.count() == 3
    admin.post(LIST, asked(admin, chosen))
    assert [row.pk for row in Suppression.objects.all()] == [kept.pk]
    assert Revival.objects.count() == 2


def test_all_that_the_list_holds_can_be_chosen(admin: Client) -> None:
    chosen = selected(opt_out(), whole="1")
    opt_out("+6281111111111")
    admin.post(LIST, asked(admin, chosen))
    assert not Suppression.objects.exists()


def test_who_opts_out_after_the_question_stays_out(admin: Client) -> None:
    answer = asked(admin, selected(opt_out(), whole="1"))
    later = opt_out("+6281111111111")
    assert "Taken back: 1 opt-out." in messages_of(admin.post(LIST, answer, follow=True))
    assert Suppression.objects.get() == later


@pytest.mark.parametrize("whole", ["0", "1"])
def test_others_than_were_asked_about_are_not_taken_back(admin: Client, whole: str) -> None:
    rows = [opt_out(f"+628111111111{number}") for number in range(3)]
    answer = asked(admin, selected(*rows, whole=whole))
    rows[0].delete()
    sentence = "You were asked about 3 opt-outs, and these are 2 now. Nothing was taken back; choose them again."
    assert sentence in messages_of(admin.post(LIST, answer, follow=True))
    assert Suppression.objects.count() == 2


@pytest.mark.parametrize("said", [{"highest": "x"}, {"highest": "9" * 30}, {"asked": ""}, {"asked": []}])
def test_an_answer_without_its_question_takes_nothing_back(admin: Client, said: dict[str, Any]) -> None:
    admin.post(LIST, asked(admin, selected(opt_out(), whole="1")) | said)
    assert Suppression.objects.exists()


def test_about_nobody_it_does_not_ask(admin: Client) -> None:
    response = admin.post(LIST, {"action": "take_back", "_selected_action": ["999"]}, follow=True)
    assert "None of these opt-outs is there any more." in messages_of(response)


def test_too_many_at_once_are_refused(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadcaster.admin.taking_back.MOST", 1)
    chosen = selected(opt_out(), opt_out("+6281111111111")) | {"reason": "x"}
    assert "at most 1 opt-outs at once" in messages_of(admin.post(LIST, chosen, follow=True))
    assert Suppression.objects.count() == 2


def test_the_record_is_listed_found_and_never_changed(admin: Client) -> None:
    admin.post(page_of(opt_out()), {"reason": "They called us"})
    admin.post(page_of(opt_out("+6281111111111")), {"reason": "They wrote"})
    html = text_of(admin.get(RECORD, {"q": "+62 812 3456 7890"}))
    assert "They called us" in html
    assert "They wrote" not in html
    row = Revival.objects.all()[0]
    assert admin.post(reverse("admin:broadcaster_revival_change", args=[row.pk]), {"reason": "x"}).status_code == 403
    assert admin.post(reverse("admin:broadcaster_revival_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_the_list_leads_to_the_record(admin: Client) -> None:
    assert RECORD in text_of(admin.get(LIST))
    assert RECORD not in text_of(logged_in("view_suppression").get(LIST))
