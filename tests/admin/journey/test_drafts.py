"""A page that was open while somebody confirmed the broadcast writes nothing any more."""

import pytest
from django.test import Client

from broadcaster.admin.journey import access, drafts
from broadcaster.models import Broadcast
from tests.admin.journey.conftest import Draft, address, group_of


def confirmed_meanwhile(draft: Draft) -> Broadcast:
    """A draft as a page read it, before it was cancelled elsewhere."""
    broadcast = draft()
    Broadcast.objects.update(state="cancelled")
    return broadcast


def test_a_draft_keeps_what_is_chosen(draft: Draft) -> None:
    broadcast = draft()
    drafts.keep(broadcast, name="July")
    assert (broadcast.name, Broadcast.objects.get().name) == ("July", "July")


def test_nothing_else_is_written(draft: Draft) -> None:
    broadcast = confirmed_meanwhile(draft)
    with pytest.raises(drafts.NoLongerDraft):
        drafts.keep(broadcast, name="July")
    assert (broadcast.name, Broadcast.objects.get().name) == ("June reminder", "June reminder")


@pytest.mark.parametrize(
    ("step", "posted"),
    [
        ("audience", {"name": "July", "groups": "other"}),
        ("message", {"channel": "", "template": ""}),
        ("schedule", {"when": "now", "time_zone": "UTC", "priority": "3"}),
    ],
)
def test_the_page_leads_to_where_it_is_watched(
    browser: Client, draft: Draft, monkeypatch: pytest.MonkeyPatch, step: str, posted: dict[str, str]
) -> None:
    broadcast, other = confirmed_meanwhile(draft), group_of(name="Others")
    monkeypatch.setattr(access, "find", lambda _pk: broadcast)
    given = {name: other.pk if value == "other" else value for name, value in posted.items()}
    response = browser.post(address(step, broadcast), given)
    assert response.headers["Location"] == address("watch", broadcast)
    kept = Broadcast.objects.get()
    assert (kept.name, kept.priority, kept.groups.get().name) == ("June reminder", 2, "Customers")
    assert kept.channel is not None
