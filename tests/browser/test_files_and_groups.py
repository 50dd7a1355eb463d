"""What an operator does with files, a provider's groups and what a broadcast costs, in front of the running product."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from broadcaster.models import Broadcast, Channel, MediaFile, Template
from tests.files import PNG
from tests.running import Site
from tests.sending.broadcasts import channel_and_template, composed, reload

pytestmark = pytest.mark.browser

GRAVE = ("serious", "critical")


@pytest.fixture
def template(site: Site) -> Template:
    _, template = channel_and_template("rapidpro", site.simulator.url)
    return template


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "invitation.png"
    path.write_bytes(PNG)
    return path


def attach(page: Page, site: Site, template: Template, picture: Path) -> None:
    """Write a text and upload its attachment where it is written."""
    page.goto(f"{site.url}/admin/broadcaster/template/{template.pk}/change/")
    page.get_by_role("textbox", name="Text", exact=True).fill("Come to our summer fair.")
    page.locator("[name=translations-0-content_attachments_new]").set_input_files(picture)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()


def test_a_file_and_a_group_go_out_together(page: Page, site: Site, template: Template, picture: Path) -> None:
    attach(page, site, template, picture)
    page.goto(f"{site.url}/admin/broadcaster/broadcast/new/")
    page.get_by_label("Name").fill("Summer fair")
    page.get_by_label("Reporters (3 people)").check(timeout=30_000)  # a worker asks for them
    expect(page.locator("#estimate")).to_contain_text("and 1 group at a provider")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Only a channel whose account keeps Reporters")).to_be_visible()
    for choice in ("Demo SMS (RapidPro)", template.name):
        page.get_by_role("radio", name=choice).check()
    expect(page.get_by_role("img", name="invitation.png")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("group of about 3 people: Reporters")).to_be_visible()
    page.get_by_role("button", name="Confirm and send").click()
    expect(page.locator(".state")).to_have_text("Completed", timeout=30_000)
    (message,) = site.simulator.accepted("rapidpro")
    (attachment,) = message["content"]["attachments"]["eng"]
    assert attachment.rpartition("/")[2] == Broadcast.objects.get().media[str(MediaFile.objects.get().uuid)]


def test_a_file_that_a_template_carries_cannot_be_deleted(
    page: Page, site: Site, template: Template, picture: Path, operator: User
) -> None:
    attach(page, site, template, picture)
    page.goto(f"{site.url}/admin/broadcaster/mediafile/{MediaFile.objects.get().pk}/delete/")
    expect(page.get_by_text("This file stays, because messages carry it.")).to_be_visible()
    expect(page.get_by_role("link", name=template.name)).to_be_visible()


def test_the_cost_comes_by_itself_and_waits_for_nobody(page: Page, site: Site) -> None:
    broadcast = composed(3, kind="qiscus", url=site.simulator.url)
    page.goto(f"{site.url}/admin/broadcaster/broadcast/{broadcast.pk}/review/")
    expect(page.get_by_text("Qiscus estimates")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Confirm and send").click()
    page.wait_for_url("**/watch/")
    assert reload(broadcast).state != "draft"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_can_be_read_by_everybody(
    page: Page, site: Site, template: Template, picture: Path, theme: str
) -> None:
    attach(page, site, template, picture)
    channel_and_template("qiscus", site.simulator.url)
    broadcast = composed(3, kind="qiscus", url=site.simulator.url)
    Channel.objects.filter(kind="rapidpro").update(groups_at=None)
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 800})
    paths = {
        f"broadcast/{broadcast.pk}/audience/": (".journey", "Reporters (3 people)"),
        f"broadcast/{broadcast.pk}/review/": (".journey", "Qiscus estimates"),
        "mediafile/": ("#result_list", "invitation.png"),
        f"mediafile/{MediaFile.objects.get().pk}/change/": ("#mediafile_form", "Save this file"),
        f"template/{template.pk}/change/": ("#template_form", "Upload another file"),
    }
    for path, (context, words) in paths.items():
        page.goto(f"{site.url}/admin/broadcaster/{path}")
        expect(page.get_by_text(words).first).to_be_visible(timeout=30_000)
        found = Axe().run(page, context=context).response["violations"]
        assert [(path, each["id"]) for each in found if each["impact"] in GRAVE] == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
