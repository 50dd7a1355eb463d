"""The page of the API in a browser: it draws itself without anything from elsewhere, and its calls are made."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from broadcaster.api.schema_examples import REQUESTS
from broadcaster.models import Broadcast, Channel
from tests.api.calling import Program, user
from tests.sending.broadcasts import channel_and_template

pytestmark = pytest.mark.browser


@pytest.fixture
def channel(live_server: LiveServer) -> Channel:
    """The one that the example of a new broadcast names."""
    channel = channel_and_template("rapidpro")[0]
    channel.name = REQUESTS["broadcasts_create"]["channel"]
    channel.save()
    return channel


@pytest.fixture
def page(chromium: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page that fails the test when a script fails, the policy forbids something, or another host is asked."""
    complaints: list[str] = []
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda asked: None if is_ours(asked.url, live_server) else complaints.append(asked.url))
    yield page
    page.context.close()
    assert complaints == []


def is_ours(url: str, live_server: LiveServer) -> bool:
    return url.startswith((live_server.url, "data:", "blob:"))


def make_call(page: Page, name: str) -> None:
    page.locator(f"[id$='-{name}'] .opblock-summary-control").first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()


def test_whoever_is_signed_in_makes_a_broadcast_with_the_example(
    page: Page, live_server: LiveServer, channel: Channel
) -> None:
    client = Client()
    client.force_login(user())
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page.goto(f"{live_server.url}/api/v2/")
    make_call(page, "broadcasts_create")
    expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text("201")
    assert Broadcast.objects.get().author == user()


def test_whoever_has_a_token_authorizes_the_page_with_it(page: Page, live_server: LiveServer, channel: Channel) -> None:
    program = Program(scope="read")
    page.goto(f"{live_server.url}/api/v2/")
    page.locator(".auth-wrapper .authorize").first.click()
    asked = page.locator(".auth-container form", has_text="Authorization")
    asked.locator("input").fill(program.key)
    asked.locator(".authorize").click()
    asked.locator(".btn-done").click()
    make_call(page, "broadcasts_list")
    expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
