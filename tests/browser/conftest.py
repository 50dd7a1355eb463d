"""A real Chromium, logged in as an operator."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Browser, Page

from broadcaster import roles
from tests.running import Site

PASSWORD = "correct horse battery"


@pytest.fixture
def operator(site: Site) -> User:
    roles.ensure_roles()
    user = User.objects.create_user("olivia", password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name="Operator"))
    return user


@pytest.fixture
def page(chromium: Browser, site: Site, operator: User) -> Iterator[Page]:
    """The page after the login; a script error anywhere fails the test."""
    errors: list[str] = []
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(site.url)
    page.locator("[name=username]").fill(operator.username)
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "login" not in url)
    yield page
    context.close()
    assert errors == []
