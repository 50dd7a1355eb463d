"""Contacts out to a file and in from a small one."""

import gc
import io
import tracemalloc
from itertools import islice
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from openpyxl import Workbook

from broadcaster.admin import exporting
from broadcaster.admin.spreadsheet_format import ROW_LIMIT
from broadcaster.models import Channel, Contact, ContactField, Group, Membership, Suppression
from tests.admin import imported
from tests.admin.exported import address, csv_file, csv_rows, excel_file
from tests.admin.imported import totals
from tests.admin.people import logged_in, messages_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def indonesia() -> None:
    Channel.objects.create(name="WhatsApp", kind="rapidpro", default_region="ID")


@pytest.fixture
def operator() -> Client:
    return logged_in("view_contact", "add_contact", "change_contact", "add_group")


def check(client: Client, content: str | bytes) -> Any:
    return imported.check(client, "contact", content)


def bring_in(client: Client, content: str | bytes) -> Any:
    return imported.bring_in(client, "contact", content)


def test_an_export_holds_what_is_known_of_each_contact(operator: Client) -> None:
    contact = Contact.objects.create(name="Ann", phone="+6281234567890", fields={"city": "Bogor"})
    for name in ("VIP", "Java"):
        Group.objects.create(name=name).contacts.add(contact)
    (row,) = csv_rows(operator, "contact")
    assert (row["name"], row["phone"], row["fields"]) == ("Ann", "+6281234567890", "city = Bogor")
    assert set(row["groups"].split("; ")) == {"VIP", "Java"}


def make_people(count: int) -> None:
    """New contacts instead of those there are, each in two groups."""
    Contact.objects.all().delete()
    people = Contact.objects.bulk_create(Contact(identifier=str(number), name="Ann") for number in range(count))
    for name in ("VIP", "Java"):
        group, _ = Group.objects.get_or_create(name=name)
        Membership.objects.bulk_create(Membership(group=group, contact=contact) for contact in people)


def test_ten_times_as_many_contacts_take_no_more_memory(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "CHUNK", 100)
    held = {}
    for count in (100, 500, 5_000):  # the first fills caches
        make_people(count)
        lines = operator.get(address("contact")).streaming_content  # type: ignore[attr-defined]
        tracemalloc.start()
        assert len(list(islice(lines, count))[-1]) > 0
        gc.collect()
        held[count] = tracemalloc.get_traced_memory()[0]  # with the last row still to come
        tracemalloc.stop()
        assert len(list(lines)) == 1  # reads to the end, which closes the database's cursor
    assert held[5_000] < 2 * held[500]


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


HARD_TO_KEEP: dict[str, dict[str, Any]] = {
    "a formula": {"name": "=1+1"},
    "what looks like one made inert": {"name": "'=1+1"},
    "an apostrophe": {"name": "'s-Hertogenbosch"},
    "several lines": {"fields": {"note": "two\nlines", "city": "A = B"}},
    "typed fields": {"fields": {"amount": 12.5, "since": "2026-06-30", "none": None, "list": [1, "a"]}},
    "names of fields that nobody could type": {"fields": {"a b": "c", "": "d"}},
    "spaces": {"name": " Ann ", "fields": {"city": " Bogor "}},
    "no name": {},
}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("fields", HARD_TO_KEEP.values(), ids=list(HARD_TO_KEEP))
def test_what_was_exported_comes_in_unchanged(operator: Client, fields: dict[str, Any], kind: str) -> None:
    Contact.objects.create(phone="+6281234567890", **fields)
    Contact.objects.create(identifier="-7", language="ind", time_zone="Asia/Jakarta")
    file = csv_file(operator, "contact") if kind == "csv" else excel_file(operator, "contact")
    assert totals(check(operator, file)) == (0, 0, 2)


@pytest.mark.parametrize("names", [["A, B"], ["A; B", "VIP"], ['"quoted"', "a", "b;"], ["=1", "+2"], ["VIP"]])
def test_groups_come_back_whatever_their_names_hold(operator: Client, names: list[str]) -> None:
    contact = Contact.objects.create(phone="+6281234567890")
    for name in names:
        Group.objects.create(name=name).contacts.add(contact)
    assert totals(check(operator, csv_file(operator, "contact"))) == (0, 0, 1)


@pytest.mark.parametrize("column", ["amount", "fields"])
def test_a_field_that_holds_numbers_takes_numbers_and_nothing_else(operator: Client, column: str) -> None:
    ContactField.objects.create(key="amount", label="Amount", kind="number")
    given = "{}" if column == "amount" else "amount = {}"
    bring_in(operator, f"phone;{column}\n+6281234567890;{given.format('1,234.50')}\n")
    assert Contact.objects.get().fields == {"amount": 1234.5}
    html = text_of(check(operator, f"phone;{column}\n+6281234567890;{given.format('much')}\n"))
    assert "amount: “much” is not a number." in html


def test_a_new_field_is_known_to_pages_and_rules(operator: Client) -> None:
    bring_in(operator, "phone,city\n+6281234567890,Bogor\n+6281111111111,Solo\n")
    assert list(ContactField.objects.values_list("key", "label", "kind")) == [("city", "City", "text")]


def test_two_dashes_take_a_field_away(operator: Client) -> None:
    Contact.objects.create(phone="+6281234567890", fields={"city": "Bogor", "tier": "gold"})
    bring_in(operator, "phone,city\n+6281234567890,--\n")
    assert Contact.objects.get().fields == {"tier": "gold"}


def test_nobody_is_put_into_a_group_that_has_a_rule(operator: Client) -> None:
    Group.objects.create(name="Indonesian", rule={"all": []})
    html = text_of(check(operator, "phone,groups\n+6281234567890,Indonesian\n"))
    assert "A rule says who is in Indonesian, so nobody is put into it." in html


def test_who_may_only_add_changes_nobody_that_there_is() -> None:
    Contact.objects.create(phone="+6281234567890", name="Ann")
    adder = logged_in("add_contact")
    assert totals(check(adder, "phone,name\n+6281234567890,Ann\n+6281111111111,Bea\n")) == (1, 0, 1)
    html = text_of(check(adder, "phone,name\n+6281234567890,Anna\n"))
    assert "There is such a contact, and you may not change it." in html


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
    assert logged_in("view_contact", "change_contact").get(imported.address("contact")).status_code == 403
    assert logged_in("add_contact").get(address("contact")).status_code == 403


def test_a_time_zone_that_does_not_exist_is_refused(operator: Client) -> None:
    html = text_of(check(operator, "phone,time_zone\n+6281234567890,Mars/Base\n"))
    assert "There is no time zone called Mars/Base" in html


@pytest.mark.parametrize("header", ["time zone", "Time Zone", "TIME_ZONE"])
def test_the_time_zone_is_known_however_it_is_written(operator: Client, header: str) -> None:
    bring_in(operator, f"phone,{header}\n+6281234567890,Asia/Jakarta\n")
    assert [(each.time_zone, each.fields) for each in Contact.objects.all()] == [("Asia/Jakarta", {})]


def test_of_two_columns_with_one_name_the_second_is_a_field(operator: Client) -> None:
    bring_in(operator, "phone,Time zone,time_zone\n+6281234567890,Asia/Jakarta,Asia/Makassar\n")
    contact = Contact.objects.get()
    assert (contact.time_zone, list(contact.fields.values())) == ("Asia/Jakarta", ["Asia/Makassar"])


def test_who_opted_out_stays_out_at_a_phone_from_a_file() -> None:
    Contact.objects.create(phone="+6281234567890", identifier="c-1")
    Suppression.objects.create(address="+6281234567890")
    bring_in(logged_in("view_contact", "add_contact", "change_contact"), "phone,identifier\n+6281111111111,c-1\n")
    assert Contact.objects.get().phone == "+6281111111111"
    assert Suppression.objects.filter(address="+6281111111111").exists()
