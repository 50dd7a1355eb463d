"""Step 3: wall-clock time and zone are kept as one moment; what cannot be is said at its field."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from broadcaster.models import Broadcast
from tests.admin.journey.conftest import FRAGMENT, Draft, address, words

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = {"when": "later", "date": "2026-06-02", "time": "09:00", "time_zone": "Asia/Jakarta", "priority": "2"}


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


def post(browser: Client, broadcast: Broadcast, **fields: str) -> Any:
    return browser.post(address("schedule", broadcast), LATER | fields)


def errors(response: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = response.context["form"].errors
    return dict(found)


def test_nine_in_jakarta_is_two_in_utc(browser: Client, draft: Draft) -> None:
    broadcast = draft()
    response = post(browser, broadcast, priority="3")
    broadcast.refresh_from_db()
    assert response.headers["Location"] == address("review", broadcast)
    assert broadcast.send_at == datetime(2026, 6, 2, 2, tzinfo=UTC)
    assert (broadcast.time_zone, broadcast.priority, broadcast.state) == ("Asia/Jakarta", 3, "draft")


def test_back_shows_the_time_on_the_same_clock(browser: Client, draft: Draft) -> None:
    broadcast = draft()
    post(browser, broadcast, expires_date="2026-06-03", expires_time="18:30")
    page = words(browser.get(address("schedule", broadcast)))
    assert all(f'value="{value}"' in page for value in ("2026-06-02", "09:00", "2026-06-03", "18:30"))
    assert '<option value="Asia/Jakarta" selected>' in page
    assert "2 Jun 2026, 02:00 UTC" in page


def test_now_keeps_no_time(browser: Client, draft: Draft) -> None:
    broadcast = draft(send_at=NOON)
    post(browser, broadcast, when="now", date="", time="")
    broadcast.refresh_from_db()
    assert broadcast.send_at is None


def test_expiry_is_kept_in_the_same_zone(browser: Client, draft: Draft) -> None:
    broadcast = draft()
    post(browser, broadcast, expires_date="2026-06-02", expires_time="10:00")
    broadcast.refresh_from_db()
    assert broadcast.expires_at == datetime(2026, 6, 2, 3, tzinfo=UTC)


BAD = {
    "past": ({"date": "2026-05-31"}, "date", "This time is past."),
    "no date": ({"date": ""}, "date", "Choose a date."),
    "no time": ({"time": ""}, "time", "Choose a time."),
    "no such date": ({"date": "2026-02-30"}, "date", "Enter a valid date."),
    "another century": ({"date": "1026-06-01"}, "date", "Choose a date of this century."),
    "the last year there is": ({"date": "9999-12-31"}, "date", "Choose a date of this century."),
    "no such zone": ({"time_zone": "Mars/Olympus"}, "time_zone", "Select a valid choice."),
    "jumped over": ({"time_zone": "Europe/Berlin", "date": "2027-03-28", "time": "02:30"}, "time", "the clocks jump"),
    "expires before": (
        {"expires_date": "2026-06-02", "expires_time": "08:00"},
        "expires_date",
        "expire before it is sent",
    ),
    "half an expiry": ({"expires_time": "08:00"}, "expires_date", "Choose a date."),
    "no such priority": ({"priority": "9"}, "priority", "Select a valid choice."),
    "neither now nor later": ({"when": "someday"}, "when", "Select a valid choice."),
}


@pytest.mark.parametrize(("change", "field", "sentence"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_is_said_at_its_field(
    browser: Client, draft: Draft, change: dict[str, str], field: str, sentence: str
) -> None:
    broadcast = draft()
    response = post(browser, broadcast, **change)
    assert response.status_code == 400
    assert sentence in " ".join(errors(response)[field])
    assert sentence in words(response)
    broadcast.refresh_from_db()
    assert broadcast.send_at is None


def test_sending_now_cannot_expire_in_the_past(browser: Client, draft: Draft) -> None:
    response = post(browser, draft(), when="now", expires_date="2026-06-01", expires_time="12:00")
    assert "expires_date" in errors(response)


# -- the line below the fields


def line(browser: Client, broadcast: Broadcast, **fields: str) -> str:
    return words(browser.post(address("schedule", broadcast), LATER | fields, headers=FRAGMENT))


def test_the_moment_is_shown_in_utc_as_it_is_typed(browser: Client, draft: Draft) -> None:
    broadcast = draft()
    shown = line(browser, broadcast)
    assert "2 Jun 2026, 02:00 UTC" in shown
    assert "in 14" in shown
    broadcast.refresh_from_db()
    assert broadcast.send_at is None


def test_a_time_that_comes_twice_is_explained(browser: Client, draft: Draft) -> None:
    shown = line(browser, draft(), time_zone="Europe/Berlin", date="2026-10-25", time="02:30")
    assert "02:30 comes twice in Europe/Berlin; the first is taken." in shown


def test_now_is_explained(browser: Client, draft: Draft) -> None:
    assert "It starts when you confirm it" in line(browser, draft(), when="now")


def test_a_refused_time_is_explained(browser: Client, draft: Draft) -> None:
    assert "This time is past." in line(browser, draft(), date="2026-05-31")
