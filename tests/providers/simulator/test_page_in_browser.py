"""The page in a real browser: bubbles, ticks, tabs, hostile text, contrast, and a phone's width."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.providers.simulator.kaleyra_samples import flow_request, post, text_request
from tests.providers.simulator.rapidpro_samples import create
from tests.providers.simulator.test_imiconnect import SAMPLE as CALL
from tests.providers.simulator.test_imiconnect import post as post_call
from tests.simulating import Simulator

pytestmark = pytest.mark.browser


@contextmanager
def opened(chromium: Browser, simulator: Simulator, **context: Any) -> Iterator[Page]:
    """The page, loaded and live; a script error on it fails the test."""
    errors: list[str] = []
    with chromium.new_context(**context) as window:
        page = window.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(simulator.url + "/")
        expect(page.locator("#live")).to_have_text("Live")
        yield page
    assert errors == []


def send_some(simulator: Simulator) -> None:
    post(simulator, flow_request())
    post(simulator, text_request("+919812340009"))
    create(simulator)
    post_call(simulator, CALL)


def test_an_empty_page_says_what_to_do(chromium: Browser, simulator: Simulator) -> None:
    with opened(chromium, simulator) as page:
        expect(page.locator("#empty")).to_contain_text("Nothing has arrived yet.")


def test_a_message_appears_by_itself_and_its_ticks_move_on(chromium: Browser, simulator: Simulator) -> None:
    with opened(chromium, simulator) as page:
        post(simulator, flow_request("+919812345676"))
        bubble = page.locator(".bubble")
        expect(bubble).to_contain_text("Flow message body")
        expect(bubble.locator(".meta.read")).to_have_attribute("title", "Read")
        expect(page.locator(".who strong")).to_have_text("+919812345676")


def test_a_failed_message_says_so(chromium: Browser, simulator: Simulator) -> None:
    post(simulator, text_request("+919812340009"))
    with opened(chromium, simulator) as page:
        expect(page.locator(".bubble.failed .meta")).to_contain_text("Failed")


def test_tabs_show_one_providers_phones(chromium: Browser, simulator: Simulator) -> None:
    send_some(simulator)
    with opened(chromium, simulator) as page:
        expect(page.locator(".phone")).to_have_count(6)
        page.get_by_role("button", name="IMIconnect").click()
        expect(page.locator(".phone")).to_have_count(3)
        expect(page.locator(".phone .call").first).to_contain_text("Incoming call")


def test_hostile_text_is_shown_and_not_run(chromium: Browser, simulator: Simulator) -> None:
    hostile = '<img src=x onerror="document.title=1"><script>document.title = 1</script>'
    body = text_request()
    body["messaging_object"]["text"]["body"] = hostile
    post(simulator, body)
    with opened(chromium, simulator) as page:
        expect(page.locator(".bubble")).to_contain_text(hostile)
        assert page.locator(".bubble img, .bubble script").count() == 0
        assert page.title() == "Simulator: what arrived"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(chromium: Browser, simulator: Simulator, scheme: str) -> None:
    send_some(simulator)
    # Axe is injected as a script, which the page's own policy forbids.
    with opened(chromium, simulator, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True) as page:
        expect(page.locator(".bubble")).to_have_count(6)
        report = Axe().run(page)
    assert report.violations_count == 0, report.generate_report()


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_is_wider_than_the_window(chromium: Browser, simulator: Simulator, width: int) -> None:
    body = text_request()
    body["messaging_object"]["text"]["body"] = "x" * 900
    post(simulator, body)
    with opened(chromium, simulator, viewport={"width": width, "height": 844}) as page:
        expect(page.locator(".bubble")).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
