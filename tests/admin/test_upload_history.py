"""Audience files: what became of every row, and what may be deleted."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from broadcaster.models import AudienceRow, AudienceUpload, Broadcast, Contact
from tests.admin.people import logged_in, messages_of, text_of

pytestmark = pytest.mark.django_db

LIST = reverse("admin:broadcaster_audienceupload_changelist")
COUNTS = {"new": 700, "updated": 200, "unchanged": 50, "duplicate": 30, "invalid": 15, "suppressed": 5}


@pytest.fixture
def viewer() -> Client:
    return logged_in("view_audienceupload")


@pytest.fixture
def admin() -> Client:
    return logged_in("view_audienceupload", "delete_audienceupload")


def make_upload(**fields: Any) -> AudienceUpload:
    given = {"filename": "june.csv", "state": "imported", "rows": sum(COUNTS.values()), **COUNTS}
    return AudienceUpload.objects.create(**(given | fields))


def page(upload: AudienceUpload, name: str = "change") -> str:
    return reverse(f"admin:broadcaster_audienceupload_{name}", args=[upload.pk])


def test_the_list_tells_what_became_of_the_rows(viewer: Client) -> None:
    make_upload()
    html = text_of(viewer.get(LIST))
    assert "700 new, 200 updated, 50 unchanged, 30 duplicate, 15 invalid, 5 opted out" in html
    assert ">Imported</span>" in html


def test_the_totals_add_up_to_the_rows_of_the_file(viewer: Client) -> None:
    html = text_of(viewer.get(page(make_upload())))
    table = html.partition("Rows of the file by what became of them")[2].partition("</table>")[0]
    *parts, total = [int(cell.replace(",", "")) for cell in re.findall(r'number">([0-9,]+)</td>', table)]
    assert sum(parts) == total == 1000


def test_refused_rows_are_told_by_reason_and_come_as_a_file(viewer: Client) -> None:
    upload = make_upload(invalid=15)
    for number in range(2, 17):
        reason = "Too short." if number > 5 else "No <b>number</b>."
        upload.rejected.create(number=number, code="x", reason=reason, values=["0812"])
    html = text_of(viewer.get(page(upload)))
    told = re.findall(r"<li><strong>(\d+) .</strong> (.+?)</li>", html)
    assert told[:2] == [("11", "Too short."), ("4", "No &lt;b&gt;number&lt;/b&gt;.")]
    assert reverse("admin:upload_rejects", args=[upload.pk]) in html


def test_a_file_without_refused_rows_offers_no_download(viewer: Client) -> None:
    upload = make_upload(invalid=0, duplicate=0, rows=955)
    assert reverse("admin:upload_rejects", args=[upload.pk]) not in text_of(viewer.get(page(upload)))


def test_refused_rows_of_a_file_that_was_taken_back_are_gone_and_offered_nowhere(viewer: Client) -> None:
    upload = make_upload(state="undone")
    html = text_of(viewer.get(page(upload)))
    assert reverse("admin:upload_rejects", args=[upload.pk]) not in html
    assert "These rows were deleted with the file" in html
    assert "<strong>30 \u00d7</strong>" not in html


def test_a_record_is_as_quick_for_a_file_of_very_many_rows(viewer: Client) -> None:
    upload = make_upload(new=999_700, rows=1_000_000 - 1, updated=200, invalid=14)
    with CaptureQueriesContext(connection) as queries:
        viewer.get(page(upload))
    assert [each["sql"] for each in queries if "audiencerow" in each["sql"]] == []


def test_a_running_import_looks_again_and_rests_when_it_is_done(viewer: Client) -> None:
    upload = make_upload(state="importing", expected_rows=2_000)
    target = reverse("admin:upload_progress", args=[upload.pk])
    assert f'hx-get="{target}"' in text_of(viewer.get(page(upload)))
    assert 'aria-valuenow="50"' in text_of(viewer.get(target))
    assert re.search(r'class="bar" value="1,?000" max="2,?000"', text_of(viewer.get(LIST)))
    AudienceUpload.objects.update(state="imported")
    assert "hx-get" not in text_of(viewer.get(target))


@pytest.mark.parametrize("state", AudienceUpload.State.values)
def test_every_state_can_be_looked_at(viewer: Client, state: str) -> None:
    upload = make_upload(state=state, removed=300)
    label = upload.get_state_display()
    assert f">{label}</span>" in text_of(viewer.get(LIST)) or state == "importing"
    assert f">{label}</span>" in text_of(viewer.get(page(upload)))


def test_a_file_that_was_taken_back_tells_what_went_and_what_stayed(viewer: Client) -> None:
    html = text_of(viewer.get(page(make_upload(state="undone", removed=600))))
    assert "600 contacts that this file had made were removed" in html
    assert "355 others stay" in html


def test_the_history_is_filtered_by_state_and_author_and_searched(viewer: Client) -> None:
    ann, _budi = (User.objects.create_user(name) for name in ("ann", "budi"))
    make_upload(filename="may.csv", author=ann, state="failed")
    make_upload(filename="june.csv")
    for query in (f"author__id__exact={ann.pk}", "state__exact=failed", "q=may", "q=ann"):
        html = text_of(viewer.get(f"{LIST}?{query}"))
        assert ("may.csv" in html, "june.csv" in html) == (True, False), query
    assert "budi" not in html


def test_columns_country_and_failure_are_told_in_words(viewer: Client) -> None:
    mapping = {
        "HP": {"role": "phone"},
        "Kota": {"role": "field", "key": "kota", "kind": "date"},
        "Total": {"role": "row", "key": "t"},
    }
    upload = make_upload(mapping=mapping, region="ID", state="failed", error="Line 902 could not be read.")
    html = text_of(viewer.get(page(upload)))
    told = ["@fields.kota, read as Date (day first)", "@row.t", "Indonesia (+62)", "Line 902 could not be read."]
    assert [words for words in told if words not in html] == []


def test_nobody_rewrites_the_record(admin: Client) -> None:
    assert admin.post(page(make_upload()), {"filename": "other.csv"}).status_code == 403


def test_a_file_is_added_where_a_broadcast_is_composed() -> None:
    client = logged_in("view_audienceupload", "add_broadcast")
    response = client.get(reverse("admin:broadcaster_audienceupload_add"))
    assert response.headers["Location"] == reverse("admin:broadcast_new")


def test_deleting_takes_rows_and_file_and_leaves_the_contacts(
    admin: Client, django_capture_on_commit_callbacks: Any
) -> None:
    upload = make_upload(file=ContentFile(b"HP\n0812\n", name="june.csv"))
    path = Path(upload.file.path)
    AudienceRow.objects.create(upload=upload, contact=Contact.objects.create(identifier="a"), number=2)
    assert "1 rows" in text_of(admin.get(page(upload, "delete")))
    with django_capture_on_commit_callbacks(execute=True):
        response = admin.post(page(upload, "delete"), {"post": "yes"}, follow=True)
    assert "deleted" in messages_of(response)
    assert (AudienceUpload.objects.count(), AudienceRow.objects.count(), Contact.objects.count()) == (0, 0, 1)
    assert not path.exists()


def test_several_are_deleted_together(admin: Client, django_capture_on_commit_callbacks: Any) -> None:
    uploads = [make_upload(file=ContentFile(b"HP", name=f"{number}.csv")) for number in range(2)]
    chosen = {"action": "delete_selected", "_selected_action": [upload.pk for upload in uploads], "post": "yes"}
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(LIST, chosen)
    assert not AudienceUpload.objects.exists()
    assert not any(Path(upload.file.path).exists() for upload in uploads)


@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
def test_a_file_that_a_broadcast_uses_stays_and_says_why(admin: Client, several: Any) -> None:
    upload = make_upload()
    Broadcast.objects.create(name="June reminders", upload=upload)
    chosen = {"action": "delete_selected", "_selected_action": [upload.pk]} if several else {}
    response = admin.post(LIST if several else page(upload, "delete"), {"post": "yes", **chosen})
    html = text_of(response)
    assert "it is the audience of a broadcast" in html
    assert "June reminders" in html
    assert AudienceUpload.objects.exists()


def test_deleting_needs_its_permission(viewer: Client) -> None:
    assert viewer.post(page(make_upload(), "delete"), {"post": "yes"}).status_code == 403


def test_an_empty_list_says_where_files_come_from(viewer: Client) -> None:
    assert "No audience files yet" in text_of(viewer.get(LIST))


@pytest.mark.parametrize("state", ["importing", "undoing"])
def test_a_file_is_not_deleted_while_a_worker_is_at_it(admin: Client, state: str) -> None:
    upload = make_upload(state=state)
    assert admin.post(page(upload, "delete"), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [upload.pk], "post": "yes"}
    assert "a worker is at it" in text_of(admin.post(LIST, chosen))
    assert AudienceUpload.objects.filter(pk=upload.pk).exists()
