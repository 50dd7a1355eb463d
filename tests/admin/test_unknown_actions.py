"""The message log filtered by "unknown": two actions for chosen rows, each behind a page that asks."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from broadcaster.models import Broadcast, Message
from tests.admin.people import logged_in, messages_of, text_of
from tests.admin.reading import visible
from tests.sending.broadcasts import rows, states_of
from tests.sending.test_unknowns import left_unknown, receipts_for

pytestmark = pytest.mark.django_db

LOG = reverse("admin:broadcaster_message_changelist")
UNKNOWN = f"{LOG}?state__exact=unknown"
DECISIONS = {"treat_as_sent": "accepted", "send_again": "pending"}
EACH = pytest.mark.parametrize(("action", "outcome"), DECISIONS.items(), ids=DECISIONS)


@pytest.fixture
def operator() -> Client:
    return logged_in("view_message", "view_broadcast", "send_broadcast")


def choose(client: Client, action: str, *chosen: Message, everything: bool = False, url: str = UNKNOWN) -> Any:
    """The answer to an action for the chosen rows."""
    form = {"action": action, "_selected_action": [row.pk for row in chosen], "select_across": int(everything)}
    return client.post(url, form, follow=True)


def confirm(client: Client, asked: Any, url: str = UNKNOWN) -> Any:
    """What follows when the button of the page that asks is pressed."""
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text_of(asked))
    form: dict[str, list[str]] = {}
    for name, value in fields:
        form.setdefault(name, []).append(value)
    return client.post(url, form, follow=True)


def offered(client: Client, url: str) -> bool:
    return "Send again…" in visible(text_of(client.get(url)))


def test_the_actions_are_offered_where_the_log_shows_only_unknown_ones(operator: Client) -> None:
    left_unknown(1)
    assert offered(operator, UNKNOWN)
    assert not offered(operator, LOG)
    assert not offered(operator, f"{LOG}?state__exact=failed")


def test_the_actions_are_for_those_who_may_send(client: Client) -> None:
    broadcast = left_unknown(1)
    viewer = logged_in("view_message", "view_broadcast")
    assert not offered(viewer, UNKNOWN)
    for action in DECISIONS:
        asked = choose(viewer, action, *rows(broadcast))
        assert "The risk" not in text_of(asked)
    assert states_of(broadcast) == {"unknown": 1}


@EACH
def test_choosing_asks_and_does_nothing(operator: Client, action: str, outcome: str) -> None:
    broadcast = left_unknown(3)
    asked = visible(text_of(choose(operator, action, *rows(broadcast)[:2])))
    assert "The risk:" in asked
    assert "2 messages" in asked
    assert states_of(broadcast) == {"unknown": 3}


@EACH
def test_confirmed_the_chosen_ones_move(operator: Client, action: str, outcome: str) -> None:
    broadcast = left_unknown(3)
    done = confirm(operator, choose(operator, action, *rows(broadcast)[:2]))
    assert "2 messages are" in messages_of(done)
    assert states_of(broadcast) == {"unknown": 1, outcome: 2}


@EACH
def test_all_of_a_filter_move_whatever_broadcast_they_are_of(operator: Client, action: str, outcome: str) -> None:
    first, second = left_unknown(2), left_unknown(2)
    asked = choose(operator, action, rows(first)[0], everything=True)
    assert "4 messages" in visible(text_of(asked))
    confirm(operator, asked)
    assert (states_of(first), states_of(second)) == ({outcome: 2}, {outcome: 2})


@EACH
def test_a_receipt_that_was_quicker_wins(operator: Client, action: str, outcome: str) -> None:
    broadcast = left_unknown(2)
    asked = choose(operator, action, *rows(broadcast))
    receipts_for(rows(broadcast)[:1])
    assert "1 message is" in messages_of(confirm(operator, asked))
    assert states_of(broadcast) == {"delivered": 1, outcome: 1}


def test_with_nothing_left_the_page_does_not_ask(operator: Client) -> None:
    broadcast = left_unknown(1)
    receipts_for(rows(broadcast))
    assert "Nothing was left to decide" in messages_of(
        choose(operator, "send_again", *rows(broadcast), everything=True)
    )


def test_what_cannot_be_sent_again_is_named_and_the_rest_goes(operator: Client) -> None:
    gone, good = left_unknown(1, name="June"), left_unknown(1, name="July")
    Broadcast.objects.filter(pk=gone.pk).update(state="cancelled")
    done = messages_of(confirm(operator, choose(operator, "send_again", *rows(gone), *rows(good))))
    assert "June: This broadcast was cancelled, so nothing more of it is sent." in done
    assert "1 message is queued to be sent again." in done
    assert (states_of(gone), states_of(good)) == ({"unknown": 1}, {"pending": 1})


def test_outside_the_filter_no_action_is_taken(operator: Client) -> None:
    broadcast = left_unknown(1)
    choose(operator, "send_again", *rows(broadcast), url=LOG)
    assert states_of(broadcast) == {"unknown": 1}
