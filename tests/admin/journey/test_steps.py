"""The stepper: where a draft goes on, and which steps are behind it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from broadcaster.admin.journey.steps import first_unfinished, stepper
from broadcaster.models import AudienceUpload, Broadcast
from tests.admin.journey.conftest import Draft, address, upload_of


def states(broadcast: Broadcast | None, current: str) -> list[str]:
    return [step.state for step in stepper(broadcast, current)]


def test_a_new_broadcast_begins_with_its_audience() -> None:
    assert states(None, "audience") == ["current", "ahead", "ahead", "ahead", "ahead"]


def test_a_draft_without_an_audience_goes_on_there(db: None) -> None:
    assert first_unfinished(Broadcast.objects.create(name="Empty")) == "audience"


def test_a_draft_with_an_audience_goes_on_with_the_message(draft: Draft) -> None:
    assert first_unfinished(draft(channel=None)) == "message"


def test_a_draft_with_a_message_can_be_confirmed_at_once(draft: Draft) -> None:
    assert first_unfinished(draft()) == "review"


def test_a_complete_draft_goes_on_with_the_review(draft: Draft) -> None:
    assert first_unfinished(draft(send_at=timezone.now() + timedelta(days=1))) == "review"


def test_steps_behind_are_done_and_linked(draft: Draft) -> None:
    broadcast = draft()
    steps = stepper(broadcast, "schedule")
    assert [step.state for step in steps] == ["done", "done", "current", "ahead", "ahead"]
    assert steps[0].url == address("audience", broadcast)


def test_a_confirmed_broadcast_only_has_its_watch_page(draft: Draft) -> None:
    steps = stepper(draft(state="scheduled", send_at=timezone.now()), "watch")
    assert [step.state for step in steps] == ["done", "done", "done", "done", "current"]
    assert [bool(step.url) for step in steps] == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("state", "page"),
    [("uploaded", "columns"), ("importing", "message"), ("imported", "message"), ("failed", "audience")],
)
def test_the_file_decides_where_a_draft_goes_on(browser: Client, with_file: Draft, state: str, page: str) -> None:
    broadcast = with_file()
    AudienceUpload.objects.filter(pk=upload_of(broadcast).pk).update(state=state)
    assert browser.get(address("compose", broadcast)).headers["Location"] == address(page, broadcast)
