"""Choices that are kept at once: however slowly they arrive, the last one stays."""

import pytest
from playwright.sync_api import Page, Route

from broadcaster.models import Broadcast
from tests.audiences import demo_channel
from tests.running import Site

pytestmark = pytest.mark.browser


def test_a_choice_that_arrives_late_takes_no_later_one_back(page: Page, site: Site) -> None:
    channel, template = demo_channel("kaleyra", site.simulator.url)
    broadcast = Broadcast.objects.create(name="June")
    held: list[Route] = []
    page.goto(f"{site.url}/admin/broadcaster/broadcast/{broadcast.pk}/message/")
    page.route("**/message/", lambda route: held.append(route), times=1)  # noqa: PLW0108  a method cannot be a handler
    page.get_by_role("radio", name=channel.name).check()
    while not held:
        page.wait_for_timeout(20)  # the browser's events arrive meanwhile
    page.get_by_role("radio", name=template.name).check()  # and waits for the first choice
    page.get_by_role("button", name="Continue").click()  # and waits for both
    page.get_by_role("button", name="Continue").click()
    assert page.url.endswith("/message/")

    held[0].continue_()
    page.wait_for_url("**/schedule/")
    broadcast.refresh_from_db()
    assert (broadcast.channel, broadcast.template) == (channel, template)
