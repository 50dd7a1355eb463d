"""What an operator does about messages that nobody answered for: looks, sends them again, treats them as sent."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.admin.models import LogEntry
from playwright.sync_api import Page, expect

from broadcaster import queue
from broadcaster.models import Broadcast
from tests.audiences import phone
from tests.running import Site, wait_for
from tests.sending.broadcasts import prepared, reload, states_of

pytestmark = pytest.mark.browser

CUT_OFF, SOMEBODY = 6, 100  # the simulator takes the first message, and cuts the connection before its answer
GRAVE = ("serious", "critical")


@pytest.fixture
def broadcast(site: Site) -> Broadcast:
    """A broadcast that the workers have sent, with one message that nobody answered for."""
    broadcast = prepared([CUT_OFF, SOMEBODY], url=site.simulator.url)
    queue.enqueue_pumps()
    wait_for(lambda: reload(broadcast).state == "completed")
    assert states_of(broadcast) == {"unknown": 1, "accepted": 1}
    return broadcast


def posts(site: Site, number: int) -> int:
    return len(site.simulator.accepted("kaleyra", phone(number)))


def test_from_the_live_page_it_is_sent_again_once_and_then_treated_as_sent(
    page: Page, site: Site, broadcast: Broadcast
) -> None:
    page.goto(f"{site.url}/admin/broadcaster/broadcast/{broadcast.pk}/watch/")
    expect(page.get_by_role("heading", name="1 message has an unknown fate")).to_be_visible()

    page.get_by_role("link", name="Send again…").click()
    expect(page.get_by_text("The risk: somebody gets it twice.")).to_be_visible()
    page.get_by_role("link", name="Leave it unknown").click()
    page.get_by_role("link", name="Send again…").click()
    assert posts(site, CUT_OFF) == 1
    page.get_by_role("button", name="Send 1 again").click()
    expect(page.get_by_text("1 message is queued to be sent again.")).to_be_visible()
    wait_for(lambda: posts(site, CUT_OFF) == 2 and reload(broadcast).state == "completed")
    assert states_of(broadcast) == {"unknown": 1, "accepted": 1}

    page.reload()
    page.get_by_role("link", name="Treat as sent…").click()
    expect(page.get_by_text("The risk: somebody never gets it.")).to_be_visible()
    page.get_by_role("button", name="Treat 1 as sent").click()
    expect(page.get_by_text("1 message is now counted as sent.")).to_be_visible()
    expect(page.locator("#tile-accepted")).to_have_text("2")
    expect(page.get_by_text("unknown fate")).to_have_count(0)
    assert states_of(broadcast) == {"accepted": 2}
    assert (posts(site, CUT_OFF), posts(site, SOMEBODY), LogEntry.objects.count()) == (2, 1, 2)


def test_in_the_log_single_ones_are_chosen(page: Page, site: Site, broadcast: Broadcast) -> None:
    page.goto(f"{site.url}/admin/broadcaster/broadcast/{broadcast.pk}/watch/")
    page.get_by_role("link", name="See which ones").click()
    page.locator("[name=_selected_action]").first.check()
    page.locator("select[name=action]").select_option("treat_as_sent")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("heading", name="Treat 1 message as sent?")).to_be_visible()
    page.get_by_role("button", name="Treat 1 as sent").click()
    expect(page.get_by_text("1 message is now counted as sent.")).to_be_visible()
    assert states_of(broadcast) == {"accepted": 2}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_can_be_read_by_everybody(page: Page, site: Site, broadcast: Broadcast, theme: str) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 800})
    for name in ("watch", "treat_as_sent", "send_again"):
        page.goto(f"{site.url}/admin/broadcaster/broadcast/{broadcast.pk}/{name}/")
        expect(page.get_by_text("unknown").first).to_be_visible()
        found = Axe().run(page, context=".journey").response["violations"]
        assert [(name, each["id"]) for each in found if each["impact"] in GRAVE] == []
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (name, beyond) == (name, 0)
