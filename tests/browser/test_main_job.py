"""The main job as an operator does it: a messy file, a template, a time, and everyone's fate on record."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from broadcaster.models import Broadcast, Message
from broadcaster.sending import progress
from tests.audiences import demo_channel, messy_csv, phone
from tests.running import Site, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GOOD, DUPLICATES, JUNK = 940, 20, 40
ZONE = "Asia/Jakarta"


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    file = tmp_path / "pelanggan.csv"
    file.write_bytes(messy_csv(GOOD, duplicates=DUPLICATES, junk=JUNK))
    return file


def test_a_file_becomes_delivered_messages_at_the_chosen_time(page: Page, site: Site, csv_file: Path) -> None:
    channel, template = demo_channel("kaleyra", site.simulator.url)
    site.take_receipts(channel)
    translation = template.translations.get()
    translation.content |= {"variables": ["@contact.first_name", "@row.jumlah"]}
    translation.save()
    upload(page, csv_file)
    choose_message(page, channel.name, template.name)
    send_at = soon()
    schedule(page, send_at)
    confirm = page.get_by_role("button", name="Confirm")
    expect(confirm).to_be_enabled(timeout=60_000)  # once the file is imported
    confirm.click()
    page.wait_for_url("**/watch/")
    expect(page.get_by_role("progressbar").first).to_have_attribute("aria-valuenow", "100", timeout=120_000)

    broadcast = Broadcast.objects.get()
    wait_for(lambda: set(states(broadcast)) <= {"delivered", "read"}, told=lambda: Counter(states(broadcast)))
    assert broadcast.send_at == send_at
    first = Message.objects.order_by("accepted_at").values_list("accepted_at", flat=True)[0]
    assert first is not None
    assert first >= send_at
    wait_for(lambda: progress.recount(broadcast) == progress.progress(broadcast).counts)  # receipts still come in
    assert sorted(message["address"] for message in site.simulator.accepted("kaleyra")) == [
        phone(number) for number in range(100, 100 + GOOD)
    ]
    every_row_is_accounted_for(page, broadcast)


def upload(page: Page, csv_file: Path) -> None:
    """The first step, and the page of the columns."""
    page.get_by_role("link", name="New broadcast").first.click()
    page.locator("[name=name]").fill("June reminder")
    page.locator("[name=region]").select_option("ID")
    page.locator("[name=file]").set_input_files(csv_file)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/columns/")
    expect(page.locator("[name=delimiter]")).to_have_value(";")
    page.locator("[name=role-2]").select_option("field")
    expect(page.get_by_text("@row.jumlah")).to_be_visible()
    page.get_by_role("button", name="Import").click()


def choose_message(page: Page, channel: str, template: str) -> None:
    """The second step."""
    page.get_by_role("link", name="Continue").click()
    page.wait_for_url("**/message/")
    page.get_by_role("radio", name=channel).check()
    expect(page.get_by_text(f"Those that {channel} can send.")).to_be_visible()
    page.get_by_role("radio", name=template).check()
    page.get_by_role("button", name="Continue").click()


def soon() -> datetime:
    """A whole minute, at most about one ahead."""
    return (datetime.now(ZoneInfo(ZONE)) + timedelta(seconds=75)).replace(second=0, microsecond=0)


def schedule(page: Page, send_at: datetime) -> None:
    """The third step."""
    page.wait_for_url("**/schedule/")
    page.get_by_text("At a date and time").click()
    page.locator("[name=time_zone]").select_option(ZONE)
    page.locator("[name=date]").fill(send_at.strftime("%Y-%m-%d"))
    page.locator("[name=time]").fill(send_at.strftime("%H:%M"))
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/review/")


def states(broadcast: Broadcast) -> list[str]:
    """The state of every message."""
    return list(Message.objects.filter(broadcast=broadcast).values_list("state", flat=True))


def every_row_is_accounted_for(page: Page, broadcast: Broadcast) -> None:
    """Delivered people stand in the log, refused rows in the file's history, with their reasons."""
    upload = broadcast.upload
    assert upload is not None
    assert (
        upload.rows == GOOD + DUPLICATES + JUNK == len(states(broadcast)) + upload.rejected.exclude(reason="").count()
    )
    page.get_by_role("link", name="Message log").first.click()
    expect(page.get_by_text("Delivered").first).to_be_visible()
    page.get_by_role("link", name="Audience files").click()
    page.get_by_role("link", name="pelanggan.csv").click()
    expect(page.get_by_text("stands further up in the file").first).to_be_visible()
