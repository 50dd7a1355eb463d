"""The columns page: what was detected is shown and changeable, and nothing is saved before the import is asked for."""

from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from openpyxl import Workbook

from broadcaster.models import AudienceUpload, Contact, Group
from tests.admin.journey.column_page import columns, form
from tests.admin.journey.conftest import FRAGMENT, Draft, address, person, upload_of, words


def workbook() -> bytes:
    book, file = Workbook(), BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.title = "People"
    for row in (["Phone", "Name"], ["081234567890", "Ann"]):
        sheet.append(row)
    book.save(file)
    return file.getvalue()


def test_the_page_shows_what_was_detected(browser: Client, with_file: Draft) -> None:
    response = browser.get(address("columns", with_file()))
    assert columns(response) == {"Phone": "phone", "Name": "name", "Amount": "row"}
    page = words(response)
    assert '<option value=";" selected>Semicolon ;</option>' in page
    assert '<option value="ID" selected>Indonesia (+62)</option>' in page


def test_each_column_says_how_a_message_names_it(browser: Client, with_file: Draft) -> None:
    page = words(browser.get(address("columns", with_file())))
    assert all(f"<code>{name}</code>" in page for name in ("@contact.phone", "@contact.name", "@row.amount"))


def test_local_numbers_are_shown_as_they_will_be_read(browser: Client, with_file: Draft) -> None:
    assert '0812-3456-7890 <span class="good">→ +6281234567890</span>' in words(
        browser.get(address("columns", with_file()))
    )


def test_another_country_reads_the_numbers_anew(browser: Client, with_file: Draft) -> None:
    fragment = browser.post(address("columns", with_file()), form(region="GB"), headers=FRAGMENT)
    assert "+6281234567890" not in words(fragment)
    assert "refusal" in words(fragment)


def test_another_separator_makes_other_columns(browser: Client, with_file: Draft) -> None:
    broadcast = with_file()
    fragment = browser.post(address("columns", broadcast), form(delimiter=","), headers=FRAGMENT)
    assert list(columns(fragment)) == ["Phone;Name;Amount"]
    assert upload_of(broadcast).dialect["delimiter"] == ";"


def test_a_chosen_role_stays_when_the_country_changes(browser: Client, with_file: Draft) -> None:
    fragment = browser.post(address("columns", with_file()), form("phone", "ignore", "field"), headers=FRAGMENT)
    assert columns(fragment) == {"Phone": "phone", "Name": "ignore", "Amount": "field"}
    assert "<code>@fields.amount</code>" in words(fragment)


def test_the_first_row_may_be_data(browser: Client, with_file: Draft) -> None:
    posted = form()
    del posted["header_row"]
    fragment = browser.post(address("columns", with_file()), posted, headers=FRAGMENT)
    assert list(columns(fragment)) == ["Column 1", "Column 2", "Column 3"]


def test_an_encoding_that_does_not_fit_is_said(browser: Client, with_file: Draft) -> None:
    broadcast = with_file("Phone;Name\n0812-3456-7890;Ánn\n".encode("cp1252"))
    fragment = browser.post(address("columns", broadcast), form(encoding="utf-8"), headers=FRAGMENT)
    assert fragment.status_code == 400
    assert "The file is not written in Unicode (UTF-8) throughout." in words(fragment)


def test_an_unknown_encoding_is_refused(browser: Client, with_file: Draft) -> None:
    broadcast = with_file()
    response = browser.post(address("columns", broadcast), form(encoding="klingon"))
    assert response.status_code == 400
    assert "Choose one of the offered values." in words(response)
    assert upload_of(broadcast).state == "uploaded"


def test_an_announced_separator_is_offered(browser: Client, with_file: Draft) -> None:
    page = words(browser.get(address("columns", with_file("sep=^\nPhone^Name\n0812-3456-7890^Ann\n"))))
    assert '<option value="^" selected>^</option>' in page


def test_a_file_that_is_gone_is_said(browser: Client, with_file: Draft) -> None:
    broadcast = with_file()
    Path(upload_of(broadcast).file.path).unlink()
    assert "no longer on the server's disk" in words(browser.get(address("columns", broadcast)))


def test_a_workbook_is_read_by_sheet(browser: Client, with_file: Draft) -> None:
    page = words(browser.get(address("columns", with_file(workbook(), "june.xlsx"))))
    assert '<option value="People" selected>People</option>' in page
    assert 'name="delimiter"' not in page


def test_a_workbook_that_broke_is_said(browser: Client, with_file: Draft) -> None:
    broadcast = with_file(workbook(), "june.xlsx")
    Path(upload_of(broadcast).file.path).write_bytes(b"PK broken")
    response = browser.get(address("columns", broadcast))
    assert response.context["reading"].sentence
    assert response.context["form"] is None


def test_a_draft_without_a_file_has_no_columns(browser: Client, draft: Draft) -> None:
    broadcast = draft()
    assert browser.get(address("columns", broadcast)).headers["Location"] == address("audience", broadcast)


# -- the import


def test_nothing_is_saved_before_the_import_is_asked_for(browser: Client, with_file: Draft, woken: list[int]) -> None:
    broadcast = with_file()
    browser.get(address("columns", broadcast))
    browser.post(address("columns", broadcast), form(), headers=FRAGMENT)
    assert upload_of(broadcast).state == "uploaded"
    assert (Contact.objects.count(), woken) == (0, [])


def test_import_keeps_the_choices_and_wakes_a_worker(browser: Client, with_file: Draft, woken: list[int]) -> None:
    broadcast = with_file()
    response = browser.post(address("columns", broadcast), form("phone", "ignore", "field"))
    upload = upload_of(broadcast)
    assert response.headers["Location"] == address("columns", broadcast)
    assert (upload.state, woken) == ("importing", [upload.pk])
    assert upload.mapping == {
        "Phone": {"role": "phone", "key": "phone"},
        "Name": {"role": "ignore", "key": "name"},
        "Amount": {"role": "field", "key": "amount", "kind": "text"},
    }


def test_a_second_click_imports_nothing_twice(browser: Client, with_file: Draft, woken: list[int]) -> None:
    broadcast = with_file()
    for _ in range(2):
        browser.post(address("columns", broadcast), form())
    assert len(woken) == 1


@pytest.mark.parametrize(
    ("roles", "sentence"),
    [
        (("name", "row", "row"), "No column holds the phone numbers."),
        (("phone", "phone", "row"), "Two columns are marked as the phone."),
        (("nonsense", "name", "row"), "No column holds the phone numbers."),
    ],
)
def test_columns_that_reach_nobody_are_refused(
    browser: Client, with_file: Draft, woken: list[int], roles: tuple[str, ...], sentence: str
) -> None:
    broadcast = with_file()
    response = browser.post(address("columns", broadcast), form(*roles, group="Newcomers"))
    assert response.status_code == 400
    assert sentence in words(response)
    assert (upload_of(broadcast).state, Group.objects.count(), woken) == ("uploaded", 0, [])


def test_everyone_can_join_a_new_group(browser: Client, with_file: Draft, woken: list[int]) -> None:
    broadcast = with_file()
    browser.post(address("columns", broadcast), form(group="  June   customers "))
    assert upload_of(broadcast).group == Group.objects.get(name="June customers")


def test_a_group_is_found_whatever_its_case(browser: Client, with_file: Draft, woken: list[int]) -> None:
    broadcast, group = with_file(), Group.objects.create(name="Customers")
    browser.post(address("columns", broadcast), form(group="customers"))
    assert upload_of(broadcast).group == group


def test_a_group_needs_its_permission(client: Client, with_file: Draft, woken: list[int]) -> None:
    client.force_login(person("view_broadcast", "change_broadcast", name="writer"))
    broadcast = with_file()
    assert client.post(address("columns", broadcast), form(group="Mine")).status_code == 403
    assert upload_of(broadcast).state == "uploaded"


def test_columns_that_nobody_has_seen_are_not_imported(browser: Client, with_file: Draft, woken: list[int]) -> None:
    broadcast = with_file()
    response = browser.post(address("columns", broadcast), form(headers=["Phone;Name;Amount"]))
    assert response.status_code == 400
    assert "Look at them, then import" in words(response)
    assert (woken, upload_of(broadcast).state) == ([], AudienceUpload.State.UPLOADED)
