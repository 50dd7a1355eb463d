"""The pages of API tokens in a real browser: readable for everybody, on any width, in both themes."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from broadcaster import tokens
from broadcaster.models import ApiToken
from tests.admin.test_api_tokens import ADD, LIST, browser, page, person

pytestmark = pytest.mark.browser

GRAVE = ("serious", "critical")


@pytest.fixture
def olivia(transactional_db: None) -> User:
    return person("Operator")


@pytest.fixture
def tab(chromium: Browser, live_server: LiveServer, olivia: User) -> Iterator[Page]:
    """A page of the logged-in operator, who may use the clipboard; a script error anywhere fails the test."""
    errors: list[str] = []
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, base_url=live_server.url)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    session = browser(olivia).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    tab = context.new_page()
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert errors == []


def add(tab: Page) -> str:
    """Make a token as a person does; the token."""
    tab.goto(ADD)
    tab.get_by_label("Name").fill("Nightly export")
    tab.get_by_role("button", name="Save").click()
    return tab.get_by_label("The token for Nightly export").input_value()


def test_a_new_token_is_copied_and_a_reload_makes_no_second_one(tab: Page) -> None:
    key = add(tab)
    assert tokens.find(key)
    tab.get_by_role("button", name="Copy").click()
    expect(tab.get_by_role("button", name="Copied")).to_be_visible()
    assert tab.evaluate("navigator.clipboard.readText()") == key
    tab.reload()
    assert (key in tab.content(), ApiToken.objects.count()) == (False, 1)


def test_the_last_day_is_asked_for_where_one_is_chosen(tab: Page) -> None:
    tab.goto(ADD)
    expect(tab.get_by_label("Last day")).to_be_hidden()
    tab.get_by_label("Expires").select_option("On a date")
    expect(tab.get_by_label("Last day")).to_be_visible()


def test_a_token_is_revoked_after_a_question(tab: Page, olivia: User) -> None:
    token, _ = tokens.create(olivia, name="Old program")
    tab.goto(page(token))
    tab.get_by_role("link", name="Revoke…").click()
    tab.get_by_role("button", name="Revoke").click()
    expect(tab.get_by_text("Revoked", exact=True)).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_grave_barrier_or_scrolls_sideways(tab: Page, olivia: User, theme: str) -> None:
    tab.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    token, _ = tokens.create(olivia, name="Old program")
    add(tab)
    for address in ("", ADD, LIST, page(token), page(token, "revoke")):
        if address:
            tab.goto(address)
        found = Axe().run(tab, context="#content, .journey").response["violations"]
        assert [(address, each["id"]) for each in found if each["impact"] in GRAVE] == []
    tab.set_viewport_size({"width": 390, "height": 800})
    add(tab)
    field = tab.get_by_label("The token for Nightly export")
    assert field.evaluate("field => field.scrollWidth <= field.clientWidth")
    for address in ("", ADD, LIST, page(token), page(token, "revoke")):
        if address:
            tab.goto(address)
        beyond = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (address, beyond) == (address, 0)
