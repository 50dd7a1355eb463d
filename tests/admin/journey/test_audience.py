"""Step 1: the draft comes into being with its audience, or not at all."""

import errno
from typing import Any, NoReturn

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from broadcaster.audience import rules_counts, uploads
from broadcaster.models import AudienceUpload, Broadcast, Contact, Group
from tests.admin.journey.conftest import FRAGMENT, Draft, address, csv_file, group_of, person, upload_of, words


def no_room(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise OSError(errno.ENOSPC, "No space left on device")


def post_new(browser: Client, **fields: Any) -> Any:
    return browser.post(address("new"), {"name": "June", "region": "ID", **fields})


def test_the_page_asks_before_anything_is_made(browser: Client) -> None:
    assert browser.get(address("new")).status_code == 200
    assert not Broadcast.objects.exists()


def test_groups_make_a_draft_that_goes_on_with_the_message(browser: Client, operator: User) -> None:
    group, other = group_of("+6281234567890"), group_of(name="Staff")
    response = post_new(browser, groups=[group.pk], exclude_groups=[other.pk])
    broadcast = Broadcast.objects.get()
    assert response.headers["Location"] == address("message", broadcast)
    assert (broadcast.name, broadcast.author, broadcast.state) == ("June", operator, "draft")
    assert (list(broadcast.groups.all()), list(broadcast.exclude_groups.all())) == ([group], [other])


def test_a_file_makes_a_draft_that_goes_on_with_its_columns(browser: Client, operator: User) -> None:
    response = post_new(browser, file=csv_file())
    broadcast = Broadcast.objects.get()
    assert response.headers["Location"] == address("columns", broadcast)
    assert broadcast.upload
    assert (broadcast.upload.filename, broadcast.upload.region) == ("june.csv", "ID")
    assert (broadcast.upload.state, broadcast.upload.author) == ("uploaded", operator)


def test_reload_and_back_lose_nothing(browser: Client) -> None:
    group = group_of("+6281234567890")
    post_new(browser, groups=[group.pk])
    page = browser.get(address("audience", Broadcast.objects.get()))
    assert page.context["form"].initial["name"] == "June"
    assert f'value="{group.pk}" aria' in words(page) or "checked" in words(page)


def test_the_draft_is_changed_not_doubled(browser: Client, draft: Draft) -> None:
    broadcast = draft()
    other = group_of(name="Others")
    browser.post(address("audience", broadcast), {"name": "July", "groups": [other.pk]})
    broadcast.refresh_from_db()
    assert (broadcast.name, list(broadcast.groups.all())) == ("July", [other])
    assert Broadcast.objects.count() == 1


def test_a_file_stays_until_another_one_comes(browser: Client, with_file: Draft) -> None:
    broadcast = with_file()
    browser.post(address("audience", broadcast), {"name": "June"})
    broadcast.refresh_from_db()
    assert broadcast.upload
    browser.post(address("audience", broadcast), {"name": "June", "file": csv_file(name="july.csv")})
    broadcast.refresh_from_db()
    assert broadcast.upload.filename == "july.csv"


def test_a_draft_can_do_without_its_file(browser: Client, with_file: Draft) -> None:
    broadcast, group = with_file(), group_of("+6281234567890")
    response = browser.post(address("audience", broadcast), {"name": "June", "groups": [group.pk], "remove_file": "on"})
    broadcast.refresh_from_db()
    assert broadcast.upload is None
    assert response.headers["Location"] == address("message", broadcast)


def test_the_zone_is_the_author_s_last_one(browser: Client, draft: Draft) -> None:
    draft(time_zone="Asia/Jakarta")
    post_new(browser, file=csv_file())
    assert Broadcast.objects.first().time_zone == "Asia/Jakarta"  # type: ignore[union-attr]


def test_the_first_zone_is_the_installation_s(browser: Client, settings: Settings) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    post_new(browser, file=csv_file())
    assert Broadcast.objects.get().time_zone == "Asia/Tokyo"


def test_the_country_is_that_of_the_last_file(browser: Client, with_file: Draft) -> None:
    with_file()
    assert browser.get(address("new")).context["form"]["region"].initial == "ID"


# -- bad input: a sentence, a status that fits, and nothing half-saved

BINARY = bytes(range(256)) * 8
UNREADABLE = [
    ("empty", b"", "june.csv", "The file is empty."),
    ("header only", b"Phone;Name\n", "june.csv", "no rows below it"),
    ("binary", BINARY, "june.csv", "This is not a table of text."),
    ("a picture", b"\x89PNG\r\n", "june.png", "Files of the type .png cannot be read."),
    ("a page", b"<html><body>Phone</body></html>", "june.csv", "This is a page or a document"),
]


@pytest.mark.parametrize(
    ("content", "name", "sentence"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE]
)
def test_a_file_that_is_no_table_is_refused(browser: Client, content: bytes, name: str, sentence: str) -> None:
    response = post_new(browser, file=csv_file(content, name))
    assert response.status_code == 400
    assert sentence in words(response)
    assert not Broadcast.objects.exists()
    assert not AudienceUpload.objects.exists()


def test_a_file_over_the_limit_is_refused(browser: Client, settings: Settings) -> None:
    settings.UPLOAD_LIMIT_BYTES = 1_000_000
    response = post_new(browser, file=csv_file(b"Phone\n" + b"0812345678\n" * 100_000))
    assert response.status_code == 413
    assert "larger than 1 MB. Split it into several files" in words(response)
    assert not AudienceUpload.objects.exists()


def test_a_disk_that_fills_up_on_the_way_in_is_said(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TemporaryUploadedFile, "write", no_room, raising=False)
    response = post_new(browser, file=csv_file())
    assert response.status_code == 507
    assert "no room on the server's disk" in words(response)
    assert not Broadcast.objects.exists()


def test_a_disk_that_has_no_room_for_a_file_at_all_is_said(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TemporaryUploadedFile, "__init__", no_room)
    response = post_new(browser, file=csv_file())
    assert response.status_code == 507


def test_a_disk_that_is_full_when_the_file_is_kept_is_said(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "receive", no_room)
    response = post_new(browser, file=csv_file())
    assert response.status_code == 507
    assert "no room on the server's disk" in words(response)


def test_a_refused_file_leaves_the_draft_as_it_was(browser: Client, with_file: Draft) -> None:
    broadcast = with_file()
    response = browser.post(address("audience", broadcast), {"name": "July", "file": csv_file(b"")})
    assert response.status_code == 400
    broadcast.refresh_from_db()
    assert (broadcast.name, upload_of(broadcast).filename) == ("June reminder", "june.csv")


def test_a_broadcast_for_nobody_is_refused(browser: Client) -> None:
    response = post_new(browser)
    assert response.status_code == 400
    assert "Choose who gets it: a file, or at least one group." in words(response)


def test_a_broadcast_without_a_name_keeps_no_file(browser: Client) -> None:
    response = post_new(browser, name="", file=csv_file())
    assert response.status_code == 400
    assert "This field is required." in words(response)
    assert not AudienceUpload.objects.exists()


def test_a_file_from_somebody_who_may_not_upload_is_refused(client: Client, db: None) -> None:
    client.force_login(person("add_broadcast"))
    assert post_new(client, file=csv_file()).status_code == 403
    assert not AudienceUpload.objects.exists()


def test_a_forged_form_is_refused(operator: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator)
    assert post_new(strict, file=csv_file()).status_code == 403
    assert not Broadcast.objects.exists()


# -- the live estimate


def estimate(browser: Client, page: str, **fields: Any) -> str:
    return words(browser.post(page, {"name": "", **fields}, headers=FRAGMENT))


def test_the_estimate_follows_the_choice_and_saves_nothing(browser: Client) -> None:
    group = group_of("+6281234567890", "+6281234567891")
    fragment = estimate(browser, address("new"), groups=[group.pk])
    assert "<strong>2</strong> recipients" in fragment
    assert "estimate</span>" in fragment
    assert not Broadcast.objects.exists()


def test_an_exclusion_wins(browser: Client) -> None:
    group, staff = group_of("+6281234567890", "+6281234567891"), group_of("+6281234567890", name="Staff")
    fragment = estimate(browser, address("new"), groups=[group.pk], exclude_groups=[staff.pk])
    assert "<strong>1</strong> recipient " in fragment


def test_the_estimate_of_a_draft_leaves_it_alone(browser: Client, draft: Draft) -> None:
    broadcast = draft()
    assert "<strong>0</strong>" in estimate(browser, address("audience", broadcast))
    assert broadcast.groups.count() == 1


def test_an_empty_form_is_answered_in_words(browser: Client) -> None:
    response = browser.post(address("new"))
    assert response.status_code == 400
    assert "Choose who gets it" in words(response)


def test_a_group_by_a_rule_is_counted_and_offered_on_both_sides(browser: Client, draft: Draft) -> None:
    broadcast = draft()
    rule = {"match": "all", "conditions": [{"of": "created", "is": "within_days", "value": 1}]}
    new = Group.objects.create(name="New", rule=rule, counted=7, counted_at=timezone.now())
    fields = {"name": "June", "groups": [new.pk], "exclude_groups": [group_of("+628777", name="Staff").pk]}
    everyone = Contact.objects.count()
    assert words(browser.get(address("audience", broadcast))).count("New (about 7 people, just now)") == 2
    assert f"<strong>{everyone - 1}</strong>" in words(
        browser.post(address("audience", broadcast), fields, headers=FRAGMENT)
    )
    fields["exclude_groups"] = [new.pk]
    assert "<strong>0</strong>" in words(browser.post(address("audience", broadcast), fields, headers=FRAGMENT))


def test_an_audience_that_takes_long_to_count_is_asked_for_once_the_page_is_there(
    browser: Client, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_long(limit_s: float) -> NoReturn:
        raise rules_counts.TookTooLong

    monkeypatch.setattr(rules_counts, "within", too_long)
    broadcast = draft()
    page = words(browser.get(address("audience", broadcast)))
    assert "Counting" in page
    assert 'hx-trigger="load"' in page
