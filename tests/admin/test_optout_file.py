"""A list of opt-outs from the browser: of tens of thousands, refused rows shown, and nothing half said."""

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from broadcaster.admin import optout_file
from broadcaster.models import Channel, Suppression
from tests.admin.people import logged_in, text_of

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:broadcaster_suppression_file")
LIST = reverse("admin:broadcaster_suppression_changelist")


@pytest.fixture
def operator() -> Client:
    return logged_in("view_suppression", "add_suppression")


def given(text: str, **more: object) -> dict[str, object]:
    return {"file": SimpleUploadedFile("stop.csv", text.encode()), "region": "ID", "reason": "Old system", **more}


def test_it_needs_its_permission() -> None:
    person = logged_in("view_suppression")
    assert [person.get(PAGE).status_code, person.post(PAGE, given("Phone\n0812\n")).status_code] == [403, 403]
    assert PAGE not in text_of(person.get(LIST))


def test_the_list_leads_there(operator: Client) -> None:
    assert PAGE in text_of(operator.get(LIST))


def test_what_became_of_each_row_is_shown(operator: Client) -> None:
    html = text_of(operator.post(PAGE, given("Phone,Name\n081211111111,Ann\n12,<b>Budi</b>\n")))
    assert "1 person is out now" in html
    assert "<strong>2</strong> rows were read." in html
    assert "&lt;b&gt;Budi" in html
    assert "<td>3</td>" in html
    assert Suppression.objects.get().reason == "Old system"


def test_it_may_concern_one_channel(operator: Client) -> None:
    channel = Channel.objects.create(name="SMS", kind="rapidpro")
    operator.post(PAGE, given("Phone\n081211111111\n", channel=channel.pk))
    assert Suppression.objects.get().channel == channel


def test_fifty_thousand_are_taken_at_once(operator: Client) -> None:
    html = text_of(operator.post(PAGE, given("Phone\n" + "".join(f"0812{place:08}\n" for place in range(50_000)))))
    assert "50,000 people are out now" in html
    assert Suppression.objects.count() == 50_000


def test_more_than_a_request_can_take_is_refused_whole(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optout_file, "MOST_ROWS", 2)
    response = operator.post(PAGE, given("Phone\n081211111111\n081222222222\n081233333333\n"))
    assert response.status_code == 400
    assert "manage.py import_optouts" in text_of(response)
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "The file is empty."), ("Name,City\nAnn,Bogor\n", "No column holds"), ("\x00\x01\x02" * 50, "")],
)
def test_what_is_no_list_is_refused_in_words(operator: Client, text: str, sentence: str) -> None:
    response = operator.post(PAGE, given(text))
    assert response.status_code == 400
    assert sentence in text_of(response)


@pytest.mark.parametrize("missing", ["file", "reason"])
def test_a_file_and_a_reason_are_needed(operator: Client, missing: str) -> None:
    answer = given("Phone\n081211111111\n")
    del answer[missing]
    assert operator.post(PAGE, answer).status_code == 400
    assert not Suppression.objects.exists()


def test_only_the_first_refused_rows_are_shown(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optout_file, "SHOWN", 3)
    html = text_of(operator.post(PAGE, given("Phone\n081211111111\n" + "12\n" * 10)))
    assert html.count("<td>12</td>") == 3
    assert "These are the first 3." in html


def test_who_took_the_file_is_on_record(operator: Client) -> None:
    operator.post(PAGE, given("Phone\n081211111111\n"))
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.change_message) == ("stop.csv", "Imported a list: 1 new of 1 rows.")
