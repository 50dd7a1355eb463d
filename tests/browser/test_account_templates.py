"""What an operator does with account templates: looks now, takes one over, and learns why another may not be sent."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from broadcaster import accounts
from broadcaster.models import Broadcast, Channel, ListedTemplate, Template
from tests.running import Site
from tests.sending.broadcasts import channel_and_template, group_of, people

pytestmark = pytest.mark.browser

GRAVE = ("serious", "critical")


@pytest.fixture
def channel(site: Site) -> Channel:
    channel, _ = channel_and_template("qiscus", site.simulator.url)
    return channel


def looked_at(channel: Channel) -> None:
    assert accounts.list_templates(channel) == 5


def draft(channel: Channel, name: str, language: str) -> Broadcast:
    """A broadcast of one template that was not approved."""
    template = Template.objects.create(name=name, kind="template", base_language="eng")
    template.translations.create(language="eng", content={"name": name, "language": language, "namespace": "n"})
    broadcast = Broadcast.objects.create(name="Sale", channel=channel, template=template)
    broadcast.groups.set([group_of(people([100, 101]))])
    return broadcast


def test_a_look_fills_the_list_and_one_of_it_becomes_a_template(page: Page, site: Site, channel: Channel) -> None:
    page.goto(f"{site.url}/admin/broadcaster/listedtemplate/")
    page.get_by_role("button", name="Look now at the templates of").click()
    expect(page.get_by_text("5 templates, of which 1 waiting for approval, 1 rejected.")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Use invoice_update (id) in a new template").click()
    expect(page.get_by_text("invoice_update is added. Now say what stands in its places")).to_be_visible()
    expect(page.get_by_role("textbox", name="Variables")).to_have_value("@row.variable_1\n@row.variable_2")
    page.get_by_role("textbox", name="Variables").fill("@contact.name\n@fields.city")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    content = Template.objects.get(name="invoice_update").translations.get().content
    assert (content["template_id"], content["variables"]) == (172, ["@contact.name", "@fields.city"])


def test_a_rejected_template_is_refused_on_the_review_page_with_its_reason(
    page: Page, site: Site, channel: Channel
) -> None:
    looked_at(channel)
    page.goto(f"{site.url}/admin/broadcaster/broadcast/{draft(channel, 'flash_sale', 'en').pk}/review/")
    expect(page.get_by_text("The template flash_sale (en) was rejected")).to_contain_text("It promises too much.")
    expect(page.get_by_role("button", name="Confirm and send")).to_be_disabled()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_can_be_read_by_everybody(page: Page, site: Site, channel: Channel, theme: str) -> None:
    looked_at(channel)
    accounts.test(channel)
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 800})
    rejected = ListedTemplate.objects.get(name="flash_sale")
    for path in (f"channel/{channel.pk}/change/", "listedtemplate/", f"listedtemplate/{rejected.pk}/change/"):
        page.goto(f"{site.url}/admin/broadcaster/{path}")
        expect(page.locator(".account").first).to_be_visible()
        found = Axe().run(page, context=".account").response["violations"]
        assert [each["id"] for each in found if each["impact"] in GRAVE] == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
