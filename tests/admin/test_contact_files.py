"""Contacts out to a file and in from a small one."""

import csv
import gc
import io
import tracemalloc
from itertools import islice
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook

from broadcaster.admin import exporting
from broadcaster.admin.spreadsheet_format import ROW_LIMIT
from broadcaster.models import Channel, Contact, Group, Membership, Suppression
from tests.admin.people import logged_in, messages_of, text_of

pytestmark = pytest.mark.django_db

EXPORT = reverse("admin:broadcaster_contact_export")
IMPORT = reverse("admin:broadcaster_contact_import")
PROCESS = reverse("admin:broadcaster_contact_process_import")


@pytest.fixture(autouse=True)
def indonesia() -> None:
    Channel.objects.create(name="WhatsApp", kind="rapidpro", default_region="ID")


@pytest.fixture
def operator() -> Client:
    return logged_in("view_contact", "add_contact", "add_group")


def check(client: Client, content: str | bytes) -> Any:
    """Upload the file; nothing is saved by that."""
    data = content.encode() if isinstance(content, str) else content
    return client.post(IMPORT, {"format": "0", "import_file": SimpleUploadedFile("people.csv", data)})


def bring_in(client: Client, content: str | bytes) -> Any:
    """Upload the file and confirm."""
    page = check(client, content)
    form = page.context["confirm_form"]
    return client.post(PROCESS, {name: form[name].value() for name in form.fields}, follow=True)


def exported(client: Client) -> list[dict[str, str]]:
    response = client.get(EXPORT)
    body = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(body)))


def test_an_export_holds_what_is_known_of_each_contact(operator: Client) -> None:
    contact = Contact.objects.create(name="Ann", phone="+6281234567890", fields={"city": "Bogor"})
    for name in ("VIP", "Java"):
        Group.objects.create(name=name).contacts.add(contact)
    (row,) = exported(operator)
    assert (row["name"], row["phone"], row["fields"]) == ("Ann", "+6281234567890", "city = Bogor")
    assert set(row["groups"].split("; ")) == {"VIP", "Java"}


def make_people(count: int) -> None:
    """New contacts instead of those there are, each in two groups."""
    Contact.objects.all().delete()
    people = Contact.objects.bulk_create(Contact(identifier=str(number), name="Ann") for number in range(count))
    for name in ("VIP", "Java"):
        group, _ = Group.objects.get_or_create(name=name)
        Membership.objects.bulk_create(Membership(group=group, contact=contact) for contact in people)


def test_twice_as_many_contacts_take_twice_as_many_queries(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "CHUNK", 10)
    costs = {}
    for count in (10, 50, 100, 150):  # the first fills caches
        make_people(count)
        with CaptureQueriesContext(connection) as queries:
            assert len(exported(operator)) == count
        costs[count] = len(queries)
        assert not any("OFFSET" in query["sql"] for query in queries)
    assert costs[150] - costs[100] == costs[100] - costs[50] == 5


def test_ten_times_as_many_contacts_take_no_more_memory(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "CHUNK", 100)
    held = {}
    for count in (100, 500, 5_000):  # the first fills caches
        make_people(count)
        lines = operator.get(EXPORT).streaming_content  # type: ignore[attr-defined]
        tracemalloc.start()
        assert len(list(islice(lines, count))[-1]) > 0
        gc.collect()
        held[count] = tracemalloc.get_traced_memory()[0]  # with the last row still to come
        tracemalloc.stop()
        assert len(list(lines)) == 1  # reads to the end, which closes the database's cursor
    assert held[5_000] < 2 * held[500]


@pytest.mark.parametrize("name", ["=1+1", "+1+1", "-1", "@SUM(A1)"])
def test_an_export_runs_no_formula(operator: Client, name: str) -> None:
    Contact.objects.create(name=name, identifier="a")
    assert exported(operator)[0]["name"] == f"'{name}"


def test_nothing_is_saved_before_it_is_confirmed(operator: Client) -> None:
    html = text_of(check(operator, "name,phone\nAnn,0812 3456 7890\n"))
    assert "1 new, 0 to update, 0 unchanged." in html
    assert "+6281234567890" in html
    assert not Contact.objects.exists()


def test_a_confirmed_file_becomes_contacts(operator: Client) -> None:
    response = bring_in(operator, "name,phone,language,groups,city\nAnn,0812 3456 7890,IND,VIP; Java,Bogor\n")
    contact = Contact.objects.get()
    assert (contact.name, contact.phone, contact.language) == ("Ann", "+6281234567890", "ind")
    assert contact.fields == {"city": "Bogor"}
    assert {group.name for group in contact.groups.all()} == {"VIP", "Java"}
    assert "Imported: 1 new, 0 updated, 0 unchanged." in messages_of(response)


def test_the_history_says_imported_and_names_no_library(operator: Client) -> None:
    bring_in(operator, "name,phone\nAnn,0812 3456 7890\n")
    assert LogEntry.objects.get().get_change_message() == "Imported from a file."


@pytest.mark.parametrize(
    "content",
    [
        "Nama;HP\nAnn;081234567890\n",
        "\ufeffName\tPhone\nAnn\t0812 3456 7890\n",
        "sep=|\nname|No. WA\nAnn|0812-3456-7890\n".encode("utf-16"),
    ],
)
def test_any_table_is_understood(operator: Client, content: str | bytes) -> None:
    bring_in(operator, content)
    assert list(Contact.objects.values_list("name", "phone")) == [("Ann", "+6281234567890")]


def test_a_workbook_is_understood(operator: Client) -> None:
    book, file = Workbook(), io.BytesIO()
    book.worksheets[0].append(["name", "phone"])
    book.worksheets[0].append(["Ann", "081234567890"])
    book.save(file)
    bring_in(operator, file.getvalue())
    assert Contact.objects.get().phone == "+6281234567890"


def test_an_empty_cell_keeps_what_is_known(operator: Client) -> None:
    fields = {"city": "Bogor", "tier": "gold"}
    Contact.objects.create(name="Ann", phone="+6281234567890", identifier="c-1", fields=fields)
    bring_in(operator, "phone,name,identifier,city,tier\n081234567890,,,Depok,\n")
    contact = Contact.objects.get()
    assert (contact.name, contact.identifier) == ("Ann", "c-1")
    assert contact.fields == {"city": "Depok", "tier": "gold"}


def test_the_same_file_twice_changes_nothing(operator: Client) -> None:
    content = "name,phone,groups,city\nAnn,081234567890,VIP,Bogor\n"
    bring_in(operator, content)
    assert "0 new, 0 updated, 1 unchanged" in messages_of(bring_in(operator, content))


def test_an_export_can_be_imported_again(operator: Client) -> None:
    contact = Contact.objects.create(phone="+6281234567890", name="Ann", fields={"note": "two\nlines", "city": "A"})
    Group.objects.create(name="A, B").contacts.add(contact)
    response = operator.get(EXPORT)
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert "0 new, 0 to update, 1 unchanged" in text_of(check(operator, content))


def test_a_new_group_alone_is_a_change(operator: Client) -> None:
    contact = Contact.objects.create(phone="+6281234567890", name="Ann")
    bring_in(operator, "phone,groups\n081234567890,VIP\n")
    assert contact.groups.get().name == "VIP"


def test_a_group_that_one_may_not_add_is_refused() -> None:
    html = text_of(check(logged_in("view_contact", "add_contact"), "phone,groups\n081234567890,VIP\n"))
    assert "There is no group called VIP, and you may not add one." in html


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("name,phone\nAnn,0812****7890\n", "This is not a phone number"),
        ("name,phone\nAnn,6.28E+12\n", "its digits are lost"),
        ("name,phone\nAnn,\n", "There is neither a phone nor an identifier."),
        ("phone,language\n081234567890,Indonesian\n", "three small letters"),
        ("phone,identifier\n+6281111111111,c-2\n", "belong to two different contacts"),
        (f"phone,name\n081234567890,{'x' * 129}\n", "at most 128 characters"),
    ],
)
def test_a_row_that_cannot_be_kept_stops_the_import_with_a_sentence(
    operator: Client, content: str, sentence: str
) -> None:
    Contact.objects.create(phone="+6281111111111")
    Contact.objects.create(identifier="c-2")
    html = text_of(check(operator, content))
    assert sentence in html
    assert "Row 2 (" in html
    assert "Nothing was imported." in html


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, ""),
        ("name,city\nAnn,Bogor\n", "No column holds the phone numbers."),
        ("phone\n" + "081234567890\n" * (ROW_LIMIT + 1), "Upload it as an audience file instead"),
    ],
)
def test_a_file_that_cannot_be_used_gets_a_sentence(operator: Client, content: str | bytes, sentence: str) -> None:
    response = check(operator, content)
    error = " ".join(response.context["form"].errors["import_file"])
    assert sentence in error
    assert not any(word in error for word in ("Error", "encountered", "Traceback"))


def test_importing_needs_the_right_to_add_and_exporting_to_view() -> None:
    assert logged_in("view_contact", "change_contact").get(IMPORT).status_code == 403
    assert logged_in("add_contact").get(EXPORT).status_code == 403


def test_a_time_zone_that_does_not_exist_is_refused(operator: Client) -> None:
    html = text_of(check(operator, "phone,time_zone\n+6281234567890,Mars/Base\n"))
    assert "There is no time zone called Mars/Base" in html


def test_who_opted_out_stays_out_at_a_phone_from_a_file() -> None:
    Contact.objects.create(phone="+6281234567890", identifier="c-1")
    Suppression.objects.create(address="+6281234567890")
    bring_in(logged_in("view_contact", "add_contact", "change_contact"), "phone,identifier\n+6281111111111,c-1\n")
    assert Contact.objects.get().phone == "+6281111111111"
    assert Suppression.objects.filter(address="+6281111111111").exists()
