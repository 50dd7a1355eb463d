"""Who may come in where: each page asks for its own permission, and a confirmed broadcast is locked."""

import pytest
from django.test import Client
from django.urls import reverse

from broadcaster.models import Broadcast
from broadcaster.sending import schedule
from tests.admin.journey.conftest import Draft, address, person, words

STEPS = ("audience", "columns", "message", "schedule", "review")
NEEDS = {
    "new": "add_broadcast",
    **dict.fromkeys(STEPS, "change_broadcast"),
    "review": "view_broadcast",
    "recipients": "view_broadcast",
    "compose": "view_broadcast",
    "watch": "view_broadcast",
    "live": "view_broadcast",
    "import": "view_broadcast",
}
ACTIONS = ("confirm", "pause", "resume", "cancel", "unschedule")


def test_nobody_comes_in_without_a_login(client: Client, draft: Draft) -> None:
    response = client.get(address("review", draft()))
    assert response.status_code == 302
    assert "/login/" in response.headers["Location"]


@pytest.mark.parametrize("page", NEEDS)
def test_staff_without_permissions_see_nothing(client: Client, draft: Draft, page: str) -> None:
    client.force_login(person(name="nobody"))
    assert client.get(address(page, None if page == "new" else draft())).status_code == 403


@pytest.mark.parametrize("page", NEEDS)
def test_the_page_opens_with_its_permission(client: Client, draft: Draft, page: str) -> None:
    client.force_login(person("view_broadcast", NEEDS[page], name="somebody"))
    assert client.get(address(page, None if page == "new" else draft())).status_code in (200, 302)


def test_a_viewer_reads_a_draft_on_its_review(client: Client, draft: Draft) -> None:
    client.force_login(person("view_broadcast", name="viewer"))
    response = client.get(address("compose", draft()), follow=True)
    assert response.status_code == 200
    assert "Change" not in words(response)


@pytest.mark.parametrize("page", [step for step in STEPS if step != "review"])
def test_a_viewer_may_not_write_a_draft(client: Client, draft: Draft, page: str) -> None:
    client.force_login(person("view_broadcast", name="viewer"))
    assert client.post(address(page, draft()), {"name": "Mine now"}).status_code == 403


@pytest.mark.parametrize("action", ACTIONS)
def test_writing_a_broadcast_is_not_sending_it(client: Client, draft: Draft, action: str) -> None:
    client.force_login(person("view_broadcast", "change_broadcast", name="writer"))
    broadcast = draft()
    assert client.post(address(action, broadcast)).status_code == 403
    broadcast.refresh_from_db()
    assert broadcast.state == Broadcast.State.DRAFT


def test_a_copy_needs_the_right_to_add(client: Client, draft: Draft) -> None:
    client.force_login(person("view_broadcast", name="viewer"))
    assert client.post(address("copy", draft())).status_code == 403
    assert Broadcast.objects.count() == 1


def test_a_file_needs_the_right_to_upload(client: Client, db: None) -> None:
    client.force_login(person("add_broadcast", name="writer"))
    assert "You may not upload files." in client.get(address("new")).content.decode()


def test_refused_rows_need_the_right_to_see_files(client: Client, with_file: Draft) -> None:
    client.force_login(person("view_broadcast", name="viewer"))
    link = reverse("admin:upload_rejects", args=[with_file().upload_id])
    assert client.get(link).status_code == 403


@pytest.mark.parametrize("action", [*ACTIONS, "copy"])
def test_nothing_acts_on_a_link(browser: Client, draft: Draft, action: str) -> None:
    assert browser.get(address(action, draft())).status_code == 405


@pytest.mark.parametrize("page", STEPS)
def test_a_confirmed_broadcast_is_locked(browser: Client, draft: Draft, page: str) -> None:
    broadcast = draft()
    schedule.schedule(broadcast, send_at=broadcast.created_at)
    response = browser.post(address(page, broadcast), {"name": "Changed"})
    assert response.headers["Location"] == address("watch", broadcast)
    broadcast.refresh_from_db()
    assert broadcast.name == "June reminder"


@pytest.mark.parametrize("page", [*STEPS, "watch", "live", "compose"])
def test_an_unknown_broadcast_is_not_found(browser: Client, page: str) -> None:
    assert browser.get(reverse(f"admin:broadcast_{page}", args=[999])).status_code == 404


def test_a_draft_is_not_watched(browser: Client, draft: Draft) -> None:
    broadcast = draft()
    assert browser.get(address("watch", broadcast)).headers["Location"] == address("compose", broadcast)
