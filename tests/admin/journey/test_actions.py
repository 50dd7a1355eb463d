"""Pause, resume, cancel, back to draft, copy: done once, said in words, refused where the state does not allow it."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from broadcaster import tasks
from broadcaster.models import Broadcast
from tests.admin.journey.conftest import Draft, address

S = Broadcast.State
MOVES = {
    "pause": (S.SENDING, S.PAUSED),
    "resume": (S.PAUSED, S.PREPARING),
    "cancel": (S.SENDING, S.CANCELLED),
    "unschedule": (S.SCHEDULED, S.DRAFT),
}


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(tasks, "wake", lambda broadcast: told.append(broadcast.state))
    return told


def in_state(draft: Draft, state: str) -> Broadcast:
    return draft(state=state, send_at=timezone.now())


@pytest.mark.parametrize("action", MOVES)
def test_an_action_moves_the_broadcast_and_tells_the_workers(
    browser: Client, draft: Draft, woken: list[str], action: str
) -> None:
    before, after = MOVES[action]
    broadcast = in_state(draft, before)
    response = browser.post(address(action, broadcast))
    broadcast.refresh_from_db()
    assert response.headers["Location"] == address("compose", broadcast)
    assert (broadcast.state, woken) == (after, [after])


@pytest.mark.parametrize("action", MOVES)
def test_an_action_that_the_state_does_not_allow_is_said(
    browser: Client, draft: Draft, woken: list[str], action: str
) -> None:
    broadcast = in_state(draft, S.COMPLETED if action != "resume" else S.CANCELLED)
    response = browser.post(address(action, broadcast))
    (message,) = get_messages(response.wsgi_request)
    assert message.level_tag == "error"
    assert "cannot become" in message.message
    assert woken == []


def test_back_to_draft_leads_to_the_desk_with_the_time_kept(browser: Client, draft: Draft, woken: list[str]) -> None:
    broadcast = in_state(draft, S.SCHEDULED)
    response = browser.post(address("unschedule", broadcast), follow=True)
    assert response.redirect_chain[-1][0] == address("review", broadcast)


def test_a_copy_is_a_new_draft_of_its_own_author(browser: Client, draft: Draft) -> None:
    broadcast = in_state(draft, S.COMPLETED)
    response = browser.post(address("copy", broadcast))
    twin = Broadcast.objects.get(parent=broadcast)
    assert response.headers["Location"] == address("audience", twin)
    assert (twin.state, twin.send_at, twin.channel) == (S.DRAFT, None, broadcast.channel)
    assert list(twin.groups.all()) == list(broadcast.groups.all())
