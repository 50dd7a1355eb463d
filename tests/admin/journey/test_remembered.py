"""The columns page of a file whose columns were seen before: it says as what it is read, and can be told to forget."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from broadcaster.models import AudienceUpload
from tests.admin.journey.column_page import columns, form
from tests.admin.journey.conftest import FRAGMENT, Draft, address, upload_of, words

SINCE = "Read as <strong>people.csv</strong> on"


@pytest.fixture
def earlier(browser: Client, with_file: Draft, woken: list[int]) -> AudienceUpload:
    """A file that the operator has imported, with its amount kept as a contact field."""
    broadcast = with_file(name="people.csv")
    browser.post(address("columns", broadcast), form("phone", "name", "field", field_2="due", kind_2="number"))
    return upload_of(broadcast)


def test_it_says_where_the_choices_come_from(browser: Client, with_file: Draft, earlier: AudienceUpload) -> None:
    response = browser.get(address("columns", with_file()))
    assert f"{SINCE} {earlier.created_at:%-d %B %Y}: the columns" in words(response)
    assert columns(response)["Amount"] == "field"
    assert response.context["reading"].columns[2].field == "due"


def test_it_names_the_colleague(browser: Client, with_file: Draft, earlier: AudienceUpload) -> None:
    colleague = User.objects.create_user("budi", first_name="Budi", last_name="Santoso")
    AudienceUpload.objects.filter(pk=earlier.pk).update(author=colleague)
    assert f"{earlier.created_at:%Y} by Budi Santoso:" in words(browser.get(address("columns", with_file())))


def test_a_file_of_other_columns_says_nothing(browser: Client, with_file: Draft, earlier: AudienceUpload) -> None:
    assert "Read as <strong>" not in words(browser.get(address("columns", with_file("Phone;Name\n0812-3456-7890;A\n"))))


def test_it_still_says_so_after_a_change(browser: Client, with_file: Draft, earlier: AudienceUpload) -> None:
    broadcast = with_file()
    assert SINCE in words(browser.post(address("columns", broadcast), form(region="GB"), headers=FRAGMENT))
    other = browser.post(address("columns", broadcast), form(delimiter=","), headers=FRAGMENT)
    assert SINCE not in words(other)


def test_guess_anew_forgets_it_for_this_file(browser: Client, with_file: Draft, earlier: AudienceUpload) -> None:
    broadcast = with_file()
    response = browser.post(address("columns", broadcast), {"anew": "yes"}, follow=True)
    assert columns(response)["Amount"] == "row"
    assert SINCE not in words(response)
    assert columns(browser.get(address("columns", with_file())))["Amount"] == "field"


def test_guess_anew_is_not_what_the_enter_key_presses(
    browser: Client, with_file: Draft, earlier: AudienceUpload
) -> None:
    page = words(browser.get(address("columns", with_file())))
    assert '<form id="guess-anew" method="post">' in page
    assert 'type="submit" form="guess-anew">Guess anew</button>' in page


def test_guess_anew_changes_nothing_once_the_import_runs(browser: Client, earlier: AudienceUpload) -> None:
    broadcast = earlier.broadcast_set.get()
    assert browser.post(address("columns", broadcast), {"anew": "yes"}).status_code == 200
    earlier.refresh_from_db()
    assert earlier.mapping["Amount"]["role"] == "field"
