"""The import's page on the way of a broadcast: how far it is, what came of the rows, and what a person does then."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from broadcaster.audience import erasure, rejects
from broadcaster.models import AudienceUpload, Broadcast, Contact, Erasure
from tests.admin.journey.conftest import OPERATOR, Draft, address, person, upload_of, words
from tests.admin.people import messages_of
from tests.audience.files import finish
from tests.queued import queued

COUNTS = {"new": 5, "updated": 4, "unchanged": 3, "suppressed": 6, "duplicate": 2, "invalid": 1}


def in_state(broadcast: Broadcast, state: str, **fields: Any) -> AudienceUpload:
    rows = sum(fields.get(name, 0) for name in AudienceUpload.COUNTS)
    AudienceUpload.objects.filter(broadcast=broadcast).update(state=state, rows=rows, **fields)
    return upload_of(broadcast)


def running_for(seconds: int, **fields: Any) -> dict[str, Any]:
    now = timezone.now()
    return {"started_at": now - timedelta(seconds=seconds), "touched_at": now, **fields}


def act(browser: Client, name: str, broadcast: Broadcast, **fields: str) -> Any:
    target = reverse(f"admin:upload_{name}", args=[broadcast.upload_id])
    return browser.post(target, {"broadcast": str(broadcast.pk), **fields}, follow=True)


# -- how far it is


def test_a_running_import_tells_its_share_its_rate_and_the_time_left(browser: Client, with_file: Draft) -> None:
    broadcast = with_file()
    in_state(broadcast, "importing", new=300_000, invalid=100_000, expected_rows=1_000_000, **running_for(80))
    fragment = words(browser.get(address("import", broadcast)))
    told = ["400,000 of about 1,000,000 rows", "5,000 rows a second", "about 2 minutes left", 'aria-valuenow="40"']
    assert [each for each in [*told, 'hx-trigger="every 1s"', "Cancel…"] if each not in fragment] == []
    assert 'data-announce="Importing, 40 % done."' in fragment


@pytest.mark.parametrize("expected", [0, 3])
def test_a_file_that_does_not_tell_its_length_moves_without_an_end(
    browser: Client, with_file: Draft, expected: int
) -> None:
    broadcast = with_file()
    in_state(broadcast, "importing", new=4, expected_rows=expected, **running_for(2))
    fragment = words(browser.get(address("import", broadcast)))
    assert "4 rows so far" in fragment
    assert 'role="progressbar"' in fragment
    assert [each for each in ("aria-valuenow", " left<", "Share</th") if each in fragment] == ["Share</th"]


def test_an_import_is_not_said_to_be_done_before_it_is(browser: Client, with_file: Draft) -> None:
    broadcast = with_file()
    in_state(broadcast, "importing", new=10, expected_rows=10, **running_for(1))
    assert 'aria-valuenow="99"' in words(browser.get(address("import", broadcast)))


def test_an_import_that_waits_for_a_worker_says_so(browser: Client, with_file: Draft) -> None:
    broadcast = with_file()
    in_state(broadcast, "importing", expected_rows=10, started_at=timezone.now())
    assert "as soon as a worker is free" in words(browser.get(address("columns", broadcast)))


def test_the_strip_on_other_pages_refreshes_them_once_it_is_done(browser: Client, with_file: Draft) -> None:
    broadcast = with_file()
    in_state(broadcast, "importing", new=1)
    assert "HX-Refresh" not in browser.get(address("import", broadcast) + "?strip").headers
    in_state(broadcast, "imported", new=1)
    assert browser.get(address("import", broadcast) + "?strip").headers["HX-Refresh"] == "true"


def test_a_page_whose_file_was_taken_away_leads_to_the_audience(browser: Client, with_file: Draft) -> None:
    broadcast = with_file()
    Broadcast.objects.update(upload=None)
    assert browser.get(address("import", broadcast)).headers["Location"] == address("audience", broadcast)


# -- what came of the rows


def test_a_finished_import_tells_all_its_rows_and_rests(browser: Client, with_file: Draft) -> None:
    broadcast = with_file()
    in_state(broadcast, "imported", **COUNTS)
    fragment = words(browser.get(address("import", broadcast)))
    assert "hx-trigger" not in fragment
    assert "21 rows, each accounted for" in fragment
    counts = [int(count) for count in re.findall(r'<td class="number">(\d+)</td>', fragment)]
    assert counts == [*COUNTS.values(), 21]


def test_the_chart_is_told_in_words_too(browser: Client, with_file: Draft) -> None:
    broadcast = with_file()
    in_state(broadcast, "imported", new=1998, invalid=1, duplicate=1)
    fragment = words(browser.get(address("import", broadcast)))
    label = fragment.partition('role="img" aria-label="')[2].partition('"')[0]
    assert label == "New contacts: 99.9 %. Duplicate: &lt; 0.1 %. Invalid: &lt; 0.1 %. "


def test_landlines_are_a_note_beside_the_totals(browser: Client, with_file: Draft) -> None:
    broadcast = with_file()
    in_state(broadcast, "imported", new=5, fixed_line=2)
    assert "2 of the accepted numbers are landlines" in words(browser.get(address("columns", broadcast)))


@pytest.mark.parametrize(("state", "error"), [("failed", "Row 7 opens a quotation."), ("cancelled", "Cancelled.")])
def test_an_import_that_stopped_says_why_and_what_stays(
    browser: Client, with_file: Draft, state: str, error: str
) -> None:
    broadcast = with_file()
    in_state(broadcast, state, new=3, suppressed=1, error=error)
    page = words(browser.get(address("columns", broadcast)))
    assert error in page
    assert "What is imported stays: 3 contacts of this file" in page


# -- cancel


def test_cancel_stops_it_and_comes_back(browser: Client, with_file: Draft) -> None:
    broadcast = with_file()
    in_state(broadcast, "importing", new=1)
    response = act(browser, "cancel", broadcast)
    assert response.redirect_chain == [(address("columns", broadcast), 302)]
    assert upload_of(broadcast).state == "cancelled"


def test_there_is_nothing_to_cancel_once_it_is_done(browser: Client, with_file: Draft) -> None:
    broadcast = with_file()
    in_state(broadcast, "imported", new=1)
    assert "nothing to cancel" in messages_of(act(browser, "cancel", broadcast))
    assert upload_of(broadcast).state == "imported"


@pytest.mark.parametrize("name", ["cancel", "mend", "take_back"])
def test_each_act_needs_its_permission(client: Client, with_file: Draft, name: str) -> None:
    broadcast = with_file()
    in_state(broadcast, "importing", new=1)
    client.force_login(person("view_broadcast", "view_audienceupload", "delete_contact", name="viewer"))
    assert act(client, name, broadcast).status_code == 403
    assert upload_of(broadcast).state == "importing"


@pytest.mark.parametrize("name", ["cancel", "mend"])
def test_nothing_happens_by_looking(browser: Client, with_file: Draft, name: str) -> None:
    assert browser.get(reverse(f"admin:upload_{name}", args=[with_file().upload_id])).status_code == 405


# -- refused rows

TWO_BAD = "Note;Name;Phone;Amount\nx;Ann;12;10\nx;Budi;13;20\nx;Citra;0812-3456-7892;30\n"


@pytest.fixture
def two_bad(browser: Client, with_file: Draft) -> Broadcast:
    """Two of three rows are refused; the note is not read."""
    broadcast = with_file(TWO_BAD)
    upload = upload_of(broadcast)
    mapping = {**upload.mapping, "Note": {"role": "ignore"}}
    AudienceUpload.objects.update(state="importing", mapping=mapping)
    finish(upload)
    return broadcast


def test_refused_rows_come_with_reason_and_original_columns(browser: Client, with_file: Draft) -> None:
    upload = upload_of(with_file())
    upload.rejected.create(number=3, code="too_short", reason="The number is too short.", values=["0812", "Ann", "10"])
    response = browser.get(reverse("admin:upload_rejects", args=[upload.pk]))
    assert response.headers["Content-Disposition"] == 'attachment; filename="refused-rows-june.csv"'
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert lines == ["Why it was refused,Row,Phone,Name,Amount", "The number is too short.,3,0812,Ann,10"]


@pytest.mark.parametrize("filename", ["???.csv", ".csv", "...", "\u200b"])
def test_refused_rows_of_a_file_without_a_name_to_speak_of(browser: Client, filename: str) -> None:
    upload = AudienceUpload.objects.create(filename=filename)
    response = browser.get(reverse("admin:upload_rejects", args=[upload.pk]))
    assert response.headers["Content-Disposition"] == 'attachment; filename="refused-rows-file.csv"'


def test_refused_rows_outlive_the_file(browser: Client, with_file: Draft) -> None:
    upload = upload_of(with_file())
    Path(upload.file.path).unlink()
    response = browser.get(reverse("admin:upload_rejects", args=[upload.pk]))
    assert b"Phone,Name,Amount" in b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_a_few_refused_rows_are_mended_in_the_page(browser: Client, two_bad: Broadcast) -> None:
    page = words(browser.get(address("columns", two_bad)))
    assert "<strong>2 \u00d7</strong> The number is too short" in page
    names = re.findall(r'name="cell-(\d+)-(\d+)"', page)
    assert names == [("2", "2"), ("2", "1"), ("2", "3"), ("3", "2"), ("3", "1"), ("3", "3")]  # the phone comes first
    cells = {"cell-2-2": "0812-3456-7890", "cell-3-2": "0812-34"}
    response = act(browser, "mend", two_bad, **cells)
    assert "1 row joined the audience, 1 row still refused" in messages_of(response)
    assert 'value="0812-34"' in words(response)
    assert (upload_of(two_bad).new, Contact.objects.get(phone="+6281234567890").name) == (2, "Ann")


def test_a_row_of_somebody_who_was_erased_is_told_as_not_stored(browser: Client, two_bad: Broadcast) -> None:
    Erasure.objects.create(digest=erasure.digest_of("+6281234567890"))
    response = act(browser, "mend", two_bad, **{"cell-2-2": "0812-3456-7890"})
    assert "1 row not stored, since the person was erased on request." in messages_of(response)


def test_cells_that_are_no_cells_mend_nothing(browser: Client, two_bad: Broadcast) -> None:
    hostile = {"cell-2": "x", "cell-x-1": "x", "cell-2-9999": "x", "cell-999999999-0": "x", "cell-2-²": "x"}
    assert "Nothing was changed" in messages_of(act(browser, "mend", two_bad, **hostile))
    assert upload_of(two_bad).invalid == 2


def test_a_broadcast_that_is_on_its_way_keeps_its_refused_rows(browser: Client, two_bad: Broadcast) -> None:
    Broadcast.objects.create(name="Sent", upload=two_bad.upload, state="cancelled")
    assert "stays as it is" in words(browser.get(address("columns", two_bad)))
    assert "stays as it is" in messages_of(act(browser, "mend", two_bad, **{"cell-2-2": "0812-3456-7890"}))
    assert upload_of(two_bad).invalid == 2


def test_who_may_not_import_sees_no_cells(client: Client, two_bad: Broadcast) -> None:
    client.force_login(person("view_broadcast", "change_broadcast", name="writer"))
    assert "cell-2-2" not in words(client.get(address("columns", two_bad)))


def test_very_wide_rows_show_who_it_is(browser: Client, two_bad: Broadcast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadcaster.admin.import_result.FIELDS", 5)
    page = words(browser.get(address("columns", two_bad)))
    assert re.findall(r'name="cell-2-(\d+)"', page) == ["2", "1"]


def test_many_refused_rows_are_mended_in_their_file(
    browser: Client, two_bad: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejects, "FEW", 1)
    page = words(browser.get(address("columns", two_bad)))
    assert "Mend them in the downloaded file" in page
    assert "cell-2-2" not in page


# -- taking the file back


@pytest.fixture
def remover(client: Client, two_bad: Broadcast) -> Client:
    client.force_login(person(*OPERATOR, "delete_contact", name="remover"))
    return client


def test_the_page_says_before_what_will_happen_and_a_worker_does_it(remover: Client, two_bad: Broadcast) -> None:
    target = reverse("admin:upload_take_back", args=[two_bad.upload_id])
    assert target in words(remover.get(address("columns", two_bad)))
    page = words(remover.get(target))
    told = ["<strong>1</strong> contact that this file made is deleted", "“June reminder”", "Not restored: names"]
    assert [each for each in told if each not in page] == []
    upload = upload_of(two_bad)
    response = remover.post(target, follow=True)
    assert response.redirect_chain == [(reverse("admin:broadcaster_audienceupload_change", args=[upload.pk]), 302)]
    assert ("take_back_upload", (upload.pk,)) in queued()
    assert "is being removed" in words(response)
    assert LogEntry.objects.get().user.username == "remover"


def test_a_file_in_use_is_not_taken_back_and_the_page_says_why(remover: Client, two_bad: Broadcast) -> None:
    Broadcast.objects.create(name="Sent", upload=two_bad.upload, state="cancelled")
    target = reverse("admin:upload_take_back", args=[two_bad.upload_id])
    page = words(remover.get(target))
    assert "goes or went to the people of this file: “Sent”" in page
    assert "Take the file back</button>" not in page
    assert "“Sent”" in messages_of(remover.post(target, follow=True))
    assert Contact.objects.count() == 1
