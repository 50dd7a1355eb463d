"""Unknown messages on a broadcast's page: what is said of them, and the two decisions behind a page that asks."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from broadcaster import tasks
from broadcaster.models import Broadcast, Channel, Message
from broadcaster.sending import unknowns
from tests.admin.journey.conftest import address, person, words
from tests.sending.broadcasts import prepared, reload, rows, states_of
from tests.sending.test_unknowns import left_unknown, receipts_for

pytestmark = pytest.mark.django_db

DECISIONS = {"treat_as_sent": "accepted", "send_again": "pending"}
EACH = pytest.mark.parametrize(("decision", "outcome"), DECISIONS.items(), ids=DECISIONS)


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(tasks, "wake", lambda broadcast: told.append(broadcast.state))
    return told


def shown_at(page: str) -> str:
    found = re.search(r'name="shown_at" value="([^"]+)"', page)
    assert found
    return found[1]


def answer(browser: Client, decision: str, broadcast: Broadcast, **form: str) -> str:
    """The page that follows when the button of the page that asks is pressed."""
    asked = shown_at(words(browser.get(address(decision, broadcast))))
    return words(browser.post(address(decision, broadcast), {"shown_at": asked, **form}, follow=True))


# -- the block on the live page ----------------------------------------------------------------------------------------


def test_the_page_says_how_many_and_what_can_be_done(browser: Client) -> None:
    page = words(browser.get(address("watch", left_unknown(2))))
    assert "2 messages have an unknown fate" in page
    assert "They were handed to the provider, and no answer came." in page
    assert 'id="treat-as-sent"' in page
    assert 'id="send-again"' in page


def test_one_is_spoken_of_as_one(browser: Client) -> None:
    page = words(browser.get(address("live", left_unknown(1))))
    assert "1 message has an unknown fate" in page
    assert "Most likely it has gone out" in page


def test_where_nothing_is_unknown_nothing_is_said(browser: Client) -> None:
    assert "unknown fate" not in words(browser.get(address("live", prepared(1))))


def test_the_block_leads_to_the_messages(browser: Client) -> None:
    broadcast = left_unknown(1)
    link = f"?broadcast__id__exact={broadcast.pk}&amp;state__exact=unknown"
    assert f'id="see-unknown" href="/admin/broadcaster/message/{link}"' in words(
        browser.get(address("live", broadcast))
    )


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("kaleyra", "A receipt that still comes in settles it. What stays"),
        ("rapidpro", "settles it, and for some hours the provider is asked every few minutes."),
        ("khoros", "This provider sends no receipts, so it stays unknown until you decide."),
    ],
)
def test_what_may_still_settle_it_depends_on_the_provider(browser: Client, kind: str, sentence: str) -> None:
    assert sentence in words(browser.get(address("live", left_unknown(1, kind=kind))))


def test_who_may_not_send_is_told_but_offered_nothing(client: Client) -> None:
    client.force_login(person("view_broadcast", name="viewer"))
    page = words(client.get(address("live", left_unknown(1))))
    assert "1 message has an unknown fate" in page
    assert "treat-as-sent" not in page
    assert "send-again" not in page


def test_a_cancelled_broadcast_says_why_it_cannot_be_sent_again(browser: Client) -> None:
    broadcast = left_unknown(1)
    Broadcast.objects.update(state="cancelled")
    page = words(browser.get(address("live", broadcast)))
    assert "This broadcast was cancelled, so nothing more of it is sent. What is unknown can still be" in page
    assert 'id="treat-as-sent"' in page
    assert 'id="send-again"' not in page


# -- the pages that ask ------------------------------------------------------------------------------------------------

RISKS = {
    "treat_as_sent": ("Treat 2 messages as sent?", "The risk: somebody never gets it.", "Treat 2 as sent"),
    "send_again": ("Send 2 messages again?", "The risk: somebody gets it twice.", "Send 2 again"),
}


@pytest.mark.parametrize(("decision", "said"), RISKS.items(), ids=RISKS)
def test_looking_says_the_risk_and_does_nothing(browser: Client, decision: str, said: tuple[str, ...]) -> None:
    broadcast = left_unknown(2)
    page = words(browser.get(address(decision, broadcast)))
    assert [sentence for sentence in said if sentence not in page] == []
    assert (states_of(broadcast), LogEntry.objects.count()) == ({"unknown": 2}, 0)


def test_a_paused_broadcast_says_when_it_goes_on(browser: Client) -> None:
    broadcast = left_unknown(1)
    Broadcast.objects.update(state="paused")
    assert "The broadcast is paused: it goes out when it goes on." in words(
        browser.get(address("send_again", broadcast))
    )


@EACH
def test_only_who_may_send_may_decide(client: Client, decision: str, outcome: str) -> None:
    client.force_login(person("view_broadcast", "change_broadcast", "view_message", name="writer"))
    broadcast = left_unknown(1)
    assert client.get(address(decision, broadcast)).status_code == 403
    asked = {"shown_at": timezone.now().isoformat()}
    assert client.post(address(decision, broadcast), asked).status_code == 403
    assert states_of(broadcast) == {"unknown": 1}


@EACH
def test_the_answer_acts_says_so_and_wakes_the_workers(
    browser: Client, operator: User, woken: list[str], decision: str, outcome: str
) -> None:
    broadcast = left_unknown(2)
    page = answer(browser, decision, broadcast)
    assert states_of(broadcast) == {outcome: 2}
    assert ("2 messages are now counted as sent." if outcome == "accepted" else "2 messages are queued") in page
    assert woken == [reload(broadcast).state]
    assert LogEntry.objects.get().user == operator


@EACH
def test_an_answer_given_twice_acts_once(browser: Client, decision: str, outcome: str) -> None:
    broadcast = left_unknown(1)
    form = {"shown_at": shown_at(words(browser.get(address(decision, broadcast))))}
    browser.post(address(decision, broadcast), form)
    page = words(browser.post(address(decision, broadcast), form, follow=True))
    assert "Nothing was left to decide" in page
    assert LogEntry.objects.count() == 1


@EACH
def test_what_became_unknown_after_the_page_was_shown_is_not_decided(
    browser: Client, decision: str, outcome: str
) -> None:
    broadcast = left_unknown(2)
    form = {"shown_at": shown_at(words(browser.get(address(decision, broadcast))))}
    Message.objects.filter(pk=rows(broadcast)[0].pk).update(changed_at=timezone.now())
    browser.post(address(decision, broadcast), form)
    assert states_of(broadcast) == {"unknown": 1, outcome: 1}


@EACH
def test_a_receipt_that_came_while_the_page_was_shown_wins(browser: Client, decision: str, outcome: str) -> None:
    broadcast = left_unknown(2)
    form = {"shown_at": shown_at(words(browser.get(address(decision, broadcast))))}
    receipts_for(rows(broadcast)[:1])
    browser.post(address(decision, broadcast), form)
    assert states_of(broadcast) == {"delivered": 1, outcome: 1}


@EACH
def test_with_nothing_left_the_page_does_not_ask(browser: Client, decision: str, outcome: str) -> None:
    broadcast = left_unknown(1)
    receipts_for(rows(broadcast))
    assert "Nothing was left to decide" in words(browser.get(address(decision, broadcast), follow=True))


@pytest.mark.parametrize("junk", ["", "now", "2030-13-01T00:00:00Z", "2030-01-01T00:00:00"])
@EACH
def test_an_answer_to_no_question_asks(browser: Client, decision: str, outcome: str, junk: str) -> None:
    broadcast = left_unknown(1)
    page = words(browser.post(address(decision, broadcast), {"shown_at": junk}))
    assert "The risk:" in page
    assert states_of(broadcast) == {"unknown": 1}


def test_a_broadcast_that_was_cancelled_meanwhile_is_not_sent_again(browser: Client, woken: list[str]) -> None:
    broadcast = left_unknown(1)
    form = {"shown_at": shown_at(words(browser.get(address("send_again", broadcast))))}
    Broadcast.objects.update(state="cancelled")
    page = words(browser.post(address("send_again", broadcast), form, follow=True))
    assert "This broadcast was cancelled, so nothing more of it is sent." in page
    assert (states_of(broadcast), woken) == ({"unknown": 1}, [])


def test_a_refusal_of_the_last_moment_is_said(
    browser: Client, woken: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = left_unknown(1)
    real = unknowns.why_not

    def cancelled_just_then(found: Broadcast) -> str:
        sentence = real(found)
        Broadcast.objects.update(state="cancelled")
        return sentence

    form = {"shown_at": shown_at(words(browser.get(address("send_again", broadcast))))}
    monkeypatch.setattr(unknowns, "why_not", cancelled_just_then)
    page = words(browser.post(address("send_again", broadcast), form, follow=True))
    assert "June: This broadcast was cancelled" in page
    assert (states_of(broadcast), woken) == ({"unknown": 1}, [])


def test_the_act_stands_in_the_history_of_the_broadcast(admin_client: Client) -> None:
    broadcast = left_unknown(2)
    answer(admin_client, "treat_as_sent", broadcast)
    history: Any = admin_client.get(f"/admin/broadcaster/broadcast/{broadcast.pk}/history/")
    assert "Treated 2 unknown messages as sent." in words(history)


def test_a_channel_that_is_held_keeps_them_waiting(browser: Client) -> None:
    broadcast = left_unknown(1)
    Channel.objects.update(hold_reason="No balance.")
    answer(browser, "send_again", broadcast)
    assert "The channel Demo WhatsApp (Kaleyra) is held: No balance." in words(browser.get(address("live", broadcast)))
