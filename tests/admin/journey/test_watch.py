"""Step 5: how far it is, in words and numbers; the page looks again for as long as something may change."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from broadcaster.admin.journey.watch import time_left
from broadcaster.models import Batch, Broadcast, Channel
from tests.admin.journey.conftest import Draft, address, person, words

S = Broadcast.State


def running(draft: Draft, state: str = S.SENDING, **fields: Any) -> Broadcast:
    counts = {"pending": 60, "accepted": 10, "sent": 5, "delivered": 20, "read": 3, "failed": 1, "skipped": 1}
    broadcast = draft(state=state, **{"send_at": timezone.now(), "total": 100, **fields})
    Batch.objects.create(broadcast=broadcast, number=1, size=100, not_before=timezone.now(), **counts)
    return broadcast


def live(browser: Client, broadcast: Broadcast) -> str:
    return words(browser.get(address("live", broadcast)))


def test_the_bar_tells_its_value(browser: Client, draft: Draft) -> None:
    fragment = live(browser, running(draft))
    assert 'role="progressbar"' in fragment
    assert 'aria-valuenow="40"' in fragment
    assert 'aria-valuetext="40 of 100"' in fragment


def test_each_count_leads_to_its_messages(browser: Client, draft: Draft) -> None:
    broadcast = running(draft)
    fragment = live(browser, broadcast)
    assert f'?broadcast__id__exact={broadcast.pk}&amp;state__exact=delivered">20</a>' in fragment
    counted = [tile.count for tile in browser.get(address("live", broadcast)).context["tiles"]]
    assert sum(counted) == 100


def test_who_may_not_read_messages_sees_only_the_counts(client: Client, draft: Draft) -> None:
    client.force_login(person("view_broadcast", name="viewer"))
    assert "state__exact" not in live(client, running(draft))


def test_tenths_are_announced(browser: Client, draft: Draft) -> None:
    assert 'data-announce="Sending, 40 % done."' in live(browser, running(draft))


def test_a_held_channel_says_why(browser: Client, draft: Draft) -> None:
    broadcast = running(draft)
    Channel.objects.update(hold_reason="The account has no balance.")
    assert "The channel WhatsApp is held: The account has no balance." in live(browser, broadcast)


def test_the_reason_of_a_state_is_shown(browser: Client, draft: Draft) -> None:
    broadcast = running(draft, S.MISSED, state_reason="It was found more than 120 minutes after its time.")
    assert "found more than 120 minutes after its time." in live(browser, broadcast)


def test_a_scheduled_one_shows_its_time_on_both_clocks(browser: Client, draft: Draft) -> None:
    start = timezone.now().replace(year=2030, month=1, day=1, hour=2, minute=0)
    page = words(browser.get(address("watch", draft(state=S.SCHEDULED, send_at=start, time_zone="Asia/Jakarta"))))
    assert "1 Jan 2030, 09:00 WIB" in page
    assert "1 Jan 2030, 02:00 UTC" in page


# -- how often it looks

AGO, AHEAD = -1, 1
POLLS = {
    "preparing": (S.PREPARING, {}, 1),
    "sending": (S.SENDING, {}, 1),
    "paused": (S.PAUSED, {}, 3),
    "about to start": (S.SCHEDULED, {"send_at": 30}, 1),
    "starting tomorrow": (S.SCHEDULED, {"send_at": 86_400}, 10),
    "receipts still come in": (S.COMPLETED, {"finished_at": -60}, 3),
    "done": (S.COMPLETED, {"finished_at": -121}, 0),
    "just cancelled": (S.CANCELLED, {"finished_at": -60}, 3),
    "missed": (S.MISSED, {}, 0),
    "failed": (S.FAILED, {}, 0),
}


@pytest.mark.parametrize(("state", "times", "seconds"), POLLS.values(), ids=POLLS.keys())
def test_the_page_looks_as_often_as_things_change(
    browser: Client, draft: Draft, state: str, times: dict[str, int], seconds: int
) -> None:
    moments = {name: timezone.now() + timedelta(seconds=offset) for name, offset in times.items()}
    fragment = live(browser, running(draft, state, **moments))
    assert (f'hx-trigger="every {seconds}s"' in fragment) is bool(seconds)
    assert ("hx-get" in fragment) is bool(seconds)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (120, "2 minutes"),
        (3599, "1 hour"),
        (3600, "1 hour"),
        (9000, "2 hours 30 minutes"),
    ],
)
def test_the_rest_of_the_way_is_in_words(seconds: int | None, text: str) -> None:
    assert time_left(seconds) == text


# -- what can be done

BUTTONS = {
    S.SCHEDULED: {"unschedule", "cancel-dialog", "copy"},
    S.PREPARING: {"pause", "cancel-dialog", "copy"},
    S.SENDING: {"pause", "cancel-dialog", "copy"},
    S.PAUSED: {"resume", "cancel-dialog", "copy"},
    S.COMPLETED: {"copy"},
    S.CANCELLED: {"copy"},
    S.MISSED: {"unschedule", "cancel-dialog", "copy"},
    S.FAILED: {"unschedule", "copy"},
}
NAMES = ("pause", "resume", "unschedule", "copy")


def buttons(fragment: str) -> set[str]:
    found = {name for name in NAMES if f'id="broadcast_{name}"' in fragment}
    return found | ({"cancel-dialog"} if 'data-opens="cancel-dialog"' in fragment else set())


@pytest.mark.parametrize("state", BUTTONS)
def test_each_state_offers_what_it_allows(browser: Client, draft: Draft, state: Broadcast.State) -> None:
    assert buttons(live(browser, running(draft, state))) == BUTTONS[state]


def test_a_viewer_is_offered_nothing(client: Client, draft: Draft) -> None:
    client.force_login(person("view_broadcast", name="viewer"))
    broadcast = running(draft)
    assert buttons(live(client, broadcast)) == set()
    assert "<dialog" not in words(client.get(address("watch", broadcast)))
