"""What an operator does with an import, in front of the running product: watch, leave, come back, mend, take back."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from broadcaster.models import AudienceUpload, Broadcast, Contact
from tests.audiences import imported, messy_csv, uploaded
from tests.browser.test_files_and_groups import GRAVE
from tests.running import Site

pytestmark = pytest.mark.browser

RUNNING = {"state": "importing", "rows": 400, "new": 400, "expected_rows": 1_000}


def with_file(upload: AudienceUpload) -> str:
    """The page of its import, on the way of a broadcast."""
    broadcast = Broadcast.objects.create(name="June", upload=upload)
    return f"/admin/broadcaster/broadcast/{broadcast.pk}/columns/"


def record(upload: AudienceUpload) -> str:
    return f"/admin/broadcaster/audienceupload/{upload.pk}/change/"


def test_an_import_is_watched_left_and_found_done(page: Page, site: Site, tmp_path: Path) -> None:
    path = tmp_path / "june.csv"
    path.write_bytes(messy_csv(30_000, duplicates=50, junk=60))
    page.goto(f"{site.url}/admin/broadcaster/broadcast/new/")
    page.get_by_label("Name").fill("June reminders")
    page.locator("[name=file]").set_input_files(path)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Import").click()
    expect(page.locator("#import")).to_be_visible()
    back = page.url
    page.goto(f"{site.url}/admin/broadcaster/audienceupload/")
    expect(page.get_by_text("june.csv")).to_be_visible()
    page.goto(back)
    expect(page.locator(".state")).to_have_text("Imported", timeout=60_000)
    expect(page.get_by_role("row", name="All rows")).to_contain_text("30,110")


def test_an_import_is_cancelled_after_a_question(page: Page, site: Site) -> None:
    upload = uploaded(messy_csv(5))
    page.goto(site.url + with_file(upload))
    AudienceUpload.objects.update(**RUNNING)
    page.reload()
    expect(page.get_by_role("progressbar", name="Import")).to_have_attribute("aria-valuenow", "40")
    page.get_by_role("button", name="Cancel…").press("Enter")
    page.get_by_role("button", name="Go on importing").press("Enter")
    page.get_by_role("button", name="Cancel…").press("Enter")
    with page.expect_response("**/import/"):  # the moving part is drawn anew, and must not close the question
        expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="Cancel the import").press("Enter")
    expect(page.get_by_text("What is imported stays: 400 contacts")).to_be_visible()


def test_progress_is_announced_and_the_end_too(page: Page, site: Site) -> None:
    upload = uploaded(messy_csv(5))
    AudienceUpload.objects.update(**RUNNING)
    page.goto(site.url + record(upload))
    announced = page.get_by_role("status").filter(has_text="%")
    expect(announced).to_have_text("Importing, 40 % done.")
    AudienceUpload.objects.update(state="imported")
    expect(page.get_by_role("status").filter(has_text="Imported.")).to_have_count(1)
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_refused_rows_are_mended_where_they_are(page: Page, site: Site) -> None:
    upload = imported(messy_csv(3, junk=2))
    page.goto(site.url + with_file(upload))
    page.get_by_role("group", name="Row 5").get_by_label("No. HP").fill("0812-9999-000")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 row joined the audience.")).to_be_visible()
    expect(page.get_by_role("group", name="Row 5")).to_have_count(0)
    expect(page.get_by_role("group", name="Row 6")).to_have_count(1)
    assert Contact.objects.get(phone="+628129999000").fields == {"city": "Solo"}


def test_a_file_is_taken_back_by_a_worker(page: Page, site: Site, operator: User) -> None:
    upload = imported(messy_csv(20))
    page.goto(site.url + with_file(upload))
    page.get_by_role("link", name="Take this file back").click()
    expect(page.get_by_text("20 contacts that this file made are deleted.")).to_be_visible()
    page.get_by_role("button", name="Take the file back").click()
    expect(page.locator(".state")).to_have_text("Taken back", timeout=30_000)
    expect(page.get_by_text("20 contacts that this file had made were removed")).to_be_visible()
    assert (Contact.objects.count(), Broadcast.objects.get().upload) == (0, None)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_can_be_read_by_everybody(page: Page, site: Site, theme: str) -> None:
    few, running = imported(messy_csv(30, duplicates=4, junk=5)), uploaded(messy_csv(5))
    AudienceUpload.objects.filter(pk=running.pk).update(**RUNNING)
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 800})
    taking_back = f"/admin/broadcaster/audienceupload/{few.pk}/take-back/"
    for path in (with_file(few), with_file(running), record(few), record(running), taking_back):
        page.goto(site.url + path)
        found = Axe().run(page, context=".journey").response["violations"]
        assert [(path, each["id"]) for each in found if each["impact"] in GRAVE] == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
