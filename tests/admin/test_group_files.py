"""Groups out to a file and in from a small one: names, and who is on a list; never a rule."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from broadcaster.models import Channel, Contact, Group
from tests.admin.exported import csv_file, csv_rows, excel_file
from tests.admin.imported import bring_in, check, totals
from tests.admin.people import logged_in, messages_of, text_of

pytestmark = pytest.mark.django_db

RULE = {"all": [{"field": "language", "is": "ind"}]}


@pytest.fixture(autouse=True)
def ann() -> Contact:
    Channel.objects.create(name="WhatsApp", kind="rapidpro", default_region="ID")
    return Contact.objects.create(name="Ann", phone="+6281234567890")


@pytest.fixture
def operator() -> Client:
    return logged_in("view_group", "add_group", "change_group")


def names() -> set[str]:
    return set(Group.objects.values_list("name", flat=True))


def test_an_export_counts_who_is_on_a_list_and_tells_a_rule(operator: Client, ann: Contact) -> None:
    Group.objects.create(name="VIP").contacts.add(ann)
    Group.objects.create(name="Indonesian", rule=RULE, counted=7)
    rows = {row["name"]: (row["kind"], row["members"]) for row in csv_rows(operator, "group")}
    assert rows == {"VIP": ("list", "1"), "Indonesian": ("rule", "7")}


@pytest.mark.parametrize("excel", ["", "excel"])
def test_what_was_exported_comes_in_unchanged(operator: Client, ann: Contact, excel: str) -> None:
    Group.objects.create(name="=A, B; 'C'").contacts.add(ann)
    Group.objects.create(name="Indonesian", rule=RULE)
    file = excel_file(operator, "group") if excel else csv_file(operator, "group")
    assert totals(check(operator, "group", file)) == (0, 0, 2)


def test_names_become_groups_once_they_are_confirmed(operator: Client) -> None:
    Group.objects.create(name="Java")
    assert totals(check(operator, "group", "name\nVIP\njava\n")) == (1, 0, 1)
    assert names() == {"Java"}
    assert "1 new, 0 updated, 1 unchanged" in messages_of(bring_in(operator, "group", "name\nVIP\njava\n"))
    assert names() == {"Java", "VIP"}
    assert [entry.object_repr for entry in LogEntry.objects.all()] == ["VIP"]


def test_a_row_with_a_person_puts_the_person_on_the_list(operator: Client, ann: Contact) -> None:
    Contact.objects.create(name="Bea", identifier="c-2")
    file = "name,phone,identifier\nVIP,0812 3456 7890,\nVIP,,c-2\n"
    bring_in(operator, "group", file)
    assert {contact.name for contact in Group.objects.get().contacts.all()} == {"Ann", "Bea"}
    assert totals(check(operator, "group", file)) == (0, 0, 2)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (",,", "Give the group&#x27;s name."),
        ("VIP,0812****7890,", "This is not a phone number"),
        ("VIP,+6281111111111,", "There is no contact +6281111111111. Import the contacts first"),
        ("Indonesian,081234567890,", "A rule says who is in Indonesian"),
        ("New,,rule", "A group with a rule cannot come from a file."),
        ("New,,set", "There is no kind of group called set"),
        ("Indonesian,,list", "Indonesian is a rule, and stays so."),
        (f"{'N' * 65},,", "at most 64 characters"),
    ],
)
def test_a_row_that_cannot_be_kept_stops_the_import_with_a_sentence(operator: Client, row: str, sentence: str) -> None:
    Group.objects.create(name="Indonesian", rule=RULE)
    page = check(operator, "group", f"name,phone,kind\nFine,,\n{row if row != ',,' else ',081234567890,'}\n")
    assert sentence in text_of(page)
    assert "confirm_form" not in page.context
    assert names() == {"Indonesian"}


def test_a_file_that_is_too_long_says_where_to_go(operator: Client) -> None:
    errors = check(operator, "group", "name\n" + "VIP\n" * 5_001).context["form"].errors["import_file"]
    assert "begin a broadcast, upload an audience file there" in " ".join(errors)


def test_who_may_only_add_puts_nobody_on_a_list_that_there_is() -> None:
    Group.objects.create(name="VIP")
    html = text_of(check(logged_in("add_group"), "group", "name,phone\nNew,081234567890\nVIP,081234567890\n"))
    assert "There is such a group, and you may not put anybody into it." in html
    assert "Row 3 (" in html
