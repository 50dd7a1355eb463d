"""The journey's pages in a real browser: readable for everybody, on any width, in both themes, by keyboard alone."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from broadcaster.models import Batch, Broadcast
from tests.admin.journey.conftest import CSV, Draft, address

pytestmark = pytest.mark.browser

STEPS = ("audience", "message", "schedule", "review")
GRAVE = ("serious", "critical")


@pytest.fixture
def page(chromium: Browser, live_server: LiveServer, browser: Client) -> Iterator[Page]:
    """A page of the logged-in operator; a script error anywhere fails the test."""
    errors: list[str] = []
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, base_url=live_server.url)
    context.add_cookies([{"name": "sessionid", "value": browser.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def addresses(draft: Draft, with_file: Draft) -> list[str]:
    """Every page of the journey: a draft's steps, a file's columns, a broadcast that is paused half-way."""
    complete, columns = draft(), with_file()
    paused = Broadcast.objects.create(
        name="Half", channel=complete.channel, state="paused", send_at=timezone.now(), total=2
    )
    Batch.objects.create(broadcast=paused, number=1, size=2, not_before=timezone.now(), pending=1, delivered=1)
    steps = [address(step, complete) for step in STEPS]
    return [address("new"), address("columns", columns), address("watch", paused), *steps]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_grave_barrier(page: Page, addresses: list[str], theme: str) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    for path in addresses:
        page.goto(path)
        found = Axe().run(page, context=".journey").response["violations"]
        assert [(path, each["id"]) for each in found if each["impact"] in GRAVE] == []


def test_no_page_scrolls_sideways_on_a_phone(page: Page, addresses: list[str]) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    for path in addresses:
        page.goto(path)
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (path, beyond) == (path, 0)


def test_every_field_has_a_label(page: Page, addresses: list[str]) -> None:
    for path in addresses:
        page.goto(path)
        bare = "[...document.querySelectorAll('.journey :is(input:not([type=hidden]), select)')]"
        assert page.evaluate(f"{bare}.filter(e => !e.labels.length && !e.ariaLabel).map(e => e.name)") == []


def test_a_draft_is_made_and_sent_by_keyboard_alone(page: Page, draft: Draft) -> None:
    draft()
    page.goto(address("new"))
    page.locator("[name=name]").focus()
    page.keyboard.type("By keyboard")
    page.get_by_label("Customers (2 people)").first.focus()
    page.keyboard.press("Space")
    expect(page.locator("#estimate")).to_contain_text("2 recipients")
    page.keyboard.press("Enter")
    for name in ("channel", "template"):
        page.locator(f"[name={name}]").first.focus()
        page.keyboard.press("Space")
        expect(page.locator(f"[name={name}]").first).to_be_focused()
    expect(page.locator(".phone")).to_contain_text("Ann")
    for step in ("schedule", "review", "watch"):
        page.get_by_role("button", name="Con").focus()  # Continue, Continue, Confirm
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{step}/")


def test_a_dropped_file_is_taken(page: Page) -> None:
    page.goto(address("new"))
    page.locator("[data-drop]").evaluate(
        """(drop, text) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([text], "june.csv"));
            drop.dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true}));
        }""",
        CSV,
    )
    expect(page.get_by_text("june.csv is chosen.")).to_be_visible()
    page.locator("[name=name]").fill("Dropped")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/columns/")
    expect(page.locator("[name=delimiter]")).to_have_value(";")


def test_cancelling_asks_first(page: Page, addresses: list[str]) -> None:
    page.goto(next(path for path in addresses if path.endswith("/watch/")))
    page.get_by_role("button", name="Cancel…").click()
    page.get_by_role("button", name="Keep it").click()
    assert Broadcast.objects.get(name="Half").state == "paused"
    page.get_by_role("button", name="Cancel…").click()
    page.get_by_role("button", name="Cancel the broadcast").click()
    expect(page.locator(".state")).to_have_text("Cancelled")
