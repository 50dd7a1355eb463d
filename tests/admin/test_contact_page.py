"""Contacts: found by phone, identifier and name; changed in words; put into groups."""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from broadcaster.models import Channel, Contact, Group, Suppression
from tests.admin.people import logged_in, messages_of, text_of

pytestmark = pytest.mark.django_db

LIST = reverse("admin:broadcaster_contact_changelist")
ADD = reverse("admin:broadcaster_contact_add")
EMPTY = dict.fromkeys(("name", "phone", "identifier", "language", "time_zone", "own_fields"), "")


@pytest.fixture(autouse=True)
def indonesia() -> None:
    cache.clear()
    Channel.objects.create(name="WhatsApp", kind="rapidpro", default_region="ID")


@pytest.fixture
def operator() -> Client:
    return logged_in("view_contact", "add_contact", "change_contact", "view_group", "add_group")


def ann(**fields: Any) -> Contact:
    return Contact.objects.create(**{"name": "Ann Lee", "phone": "+6281234567890", "identifier": "c-1", **fields})


def page(contact: Contact) -> str:
    return reverse("admin:broadcaster_contact_change", args=[contact.pk])


def as_typed(contact: Contact, **changes: Any) -> dict[str, Any]:
    """The form as the browser got it, with some fields typed over."""
    form = logged_in("view_contact", "change_contact").get(page(contact)).context["adminform"].form
    shown = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in shown.items()} | changes


@pytest.mark.parametrize("term", ["ann", "Ann L", "+62 812 3456", "+6281234567890", "0812-3456-7890", "c-1"])
def test_a_contact_is_found_by_what_one_knows_of_it(operator: Client, term: str) -> None:
    ann()
    Contact.objects.create(name="Budi", phone="+6281111111111", identifier="c-10")
    found = operator.get(LIST, {"q": term}).context["cl"].queryset
    assert [contact.name for contact in found] == ["Ann Lee"]


def found(client: Client, **query: str) -> list[str]:
    return [contact.name for contact in client.get(LIST, query).context["cl"].result_list]


def test_names_are_found_by_their_beginning_and_stand_in_their_order(operator: Client) -> None:
    for number, name in enumerate(("Ann Tan", "ann lee", "ANNA", "Joann", "An", "Anz")):
        Contact.objects.create(name=name, identifier=f"c-{number}")
    assert found(operator, q="Ann") == ["ann lee", "Ann Tan", "ANNA"]


@pytest.mark.parametrize("term", ["%", "_nn", "ann%", "\U0010ffff"])
def test_no_letter_of_a_name_stands_for_another(operator: Client, term: str) -> None:
    ann()
    assert found(operator, q=term) == []


def test_an_identifier_hides_nobody_whose_name_begins_with_it(operator: Client) -> None:
    ann(identifier="x")
    Contact.objects.create(name="Budi", identifier="ann")
    assert found(operator, q="ann") == ["Ann Lee", "Budi"]


@pytest.mark.parametrize(
    ("term", "names"),
    [
        ("+62 812", ["First", "Last"]),
        ("+6281299", ["Last"]),
        ("+628129999999999", ["Last"]),
        ("+62813", ["Other"]),
        ("62812", []),
    ],
)
def test_the_beginning_of_an_international_number_finds_all_of_it(
    operator: Client, term: str, names: list[str]
) -> None:
    for name, phone in (("Last", "+628129999999999"), ("Other", "+628130000000"), ("First", "+628120000000")):
        Contact.objects.create(name=name, phone=phone)
    assert found(operator, q=term) == names


def test_the_search_reads_a_part_of_an_index_in_its_order(operator: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        operator.get(LIST, {"q": "Ann"})
    (page,) = (each["sql"] for each in queries if "ORDER BY" in each["sql"] and ">=" in each["sql"])
    assert "LIKE" not in page
    assert "ORDER BY" in page
    assert "UPPER" in page.partition("ORDER BY")[2]


def test_a_group_that_is_no_number_is_no_filter(operator: Client) -> None:
    Group.objects.create(name="VIP")
    assert operator.get(LIST, {"groups__id__exact": "x"}).url.endswith("?e=1")  # type: ignore[attr-defined]


def test_the_languages_that_contacts_have_are_offered(operator: Client) -> None:
    for number, language in enumerate(("ind", "", "eng", "ind", "jav")):
        Contact.objects.create(identifier=str(number), language=language)
    page = operator.get(LIST)
    (offered,) = (spec for spec in page.context["cl"].filter_specs if spec.parameter_name == "language")
    assert [code for code, _ in offered.lookup_choices] == ["eng", "ind", "jav"]


def test_what_matches_nobody_finds_nobody(operator: Client) -> None:
    ann()
    assert "Nothing matches" in text_of(operator.get(LIST, {"q": "0812 9999 9999"}))


def test_the_list_narrows_to_a_group_and_a_language(operator: Client) -> None:
    group = Group.objects.create(name="VIP")
    group.contacts.add(ann(language="ind"), Contact.objects.create(identifier="x", language="eng"))
    query = {"groups__id__exact": str(group.pk), "language": "ind"}
    assert [contact.name for contact in operator.get(LIST, query).context["cl"].queryset] == ["Ann Lee"]


def test_a_new_contact_gets_its_phone_in_the_international_form(operator: Client) -> None:
    operator.post(ADD, EMPTY | {"name": "Ann", "phone": "0812 3456 7890"})
    assert Contact.objects.get().phone == "+6281234567890"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Give a phone or an identifier."),
        ({"phone": "0812****890"}, "This is not a phone number"),
        ({"phone": "0812"}, "too short"),
        ({"identifier": "a", "language": "English"}, "three small letters"),
        ({"identifier": "a", "own_fields": "city Bogor"}, "name = value"),
        ({"identifier": "a", "own_fields": "my city = Bogor"}, "Use only letters a to z"),
        ({"identifier": "a", "own_fields": "city = A\ncity = B"}, "Two lines have the same name."),
    ],
)
def test_what_cannot_be_kept_is_said_in_a_sentence(operator: Client, typed: dict[str, str], sentence: str) -> None:
    assert sentence in text_of(operator.post(ADD, EMPTY | typed))
    assert not Contact.objects.exists()


def test_a_phone_that_another_contact_has_is_refused(operator: Client) -> None:
    ann()
    html = text_of(operator.post(ADD, EMPTY | {"phone": "0812 3456 7890"}))
    assert "already exists" in html


def test_fields_are_typed_as_lines(operator: Client) -> None:
    operator.post(ADD, EMPTY | {"identifier": "a", "own_fields": "city = Bogor\nnote = a = b"})
    assert Contact.objects.get().fields == {"city": "Bogor", "note": "a = b"}


@pytest.mark.parametrize("fields", [{"age": 7, "tags": ["a"]}, {"note": "two\nlines"}, {}])
def test_saving_a_contact_leaves_fields_that_nobody_touched(operator: Client, fields: dict[str, Any]) -> None:
    contact = ann(fields=fields)
    operator.post(page(contact), as_typed(contact, name="Ann Tan"))
    contact.refresh_from_db()
    assert (contact.name, contact.fields) == ("Ann Tan", fields)


def test_a_line_break_inside_a_value_survives_a_change_of_another(operator: Client) -> None:
    contact = ann(fields={"note": "two\nlines", "city": "Bogor"})
    typed = as_typed(contact)["own_fields"].replace("Bogor", "Depok")
    operator.post(page(contact), as_typed(contact, own_fields=typed))
    contact.refresh_from_db()
    assert contact.fields == {"note": "two\nlines", "city": "Depok"}


def test_groups_are_chosen_in_the_form(operator: Client) -> None:
    contact = ann()
    old, new = (Group.objects.create(name=name) for name in ("Old", "New"))
    old.contacts.add(contact)
    operator.post(page(contact), as_typed(contact, groups=[new.pk]))
    assert list(contact.groups.all()) == [new]


def test_a_viewer_reads_fields_and_groups() -> None:
    contact = ann(fields={"city": "Bogor"})
    Group.objects.create(name="VIP").contacts.add(contact)
    html = text_of(logged_in("view_contact").get(page(contact)))
    assert all(word in html for word in ("city", "Bogor", "VIP"))
    assert "<textarea" not in html


def chosen(*contacts: Contact, **more: Any) -> dict[str, Any]:
    return {"action": "add_to_group", "_selected_action": [contact.pk for contact in contacts], **more}


def test_chosen_contacts_are_asked_about_before_they_join(operator: Client) -> None:
    assert "1 contact joins the group." in text_of(operator.post(LIST, chosen(ann())))


def test_chosen_contacts_join_a_group_once(operator: Client) -> None:
    contact, group = ann(), Group.objects.create(name="VIP")
    group.contacts.add(contact)
    other = Contact.objects.create(identifier="b")
    data = chosen(contact, other, into_group="1", group=group.pk)
    assert "Added to VIP: 1." in messages_of(operator.post(LIST, data, follow=True))
    assert set(group.contacts.all()) == {contact, other}


def test_all_that_the_list_shows_can_join_a_new_group(operator: Client) -> None:
    ann()
    Contact.objects.create(identifier="b")
    data = chosen(Contact.objects.all()[0], select_across="1", into_group="1", new_group="VIP")
    operator.post(LIST, data)
    assert Group.objects.get(name="VIP").contacts.count() == 2


def test_a_new_group_of_a_known_name_is_that_group(operator: Client) -> None:
    Group.objects.create(name="VIP")
    operator.post(LIST, chosen(ann(), into_group="1", new_group="vip"))
    assert Group.objects.get().contacts.count() == 1


@pytest.mark.parametrize("choice", [{}, {"new_group": "A", "group": "existing"}])
def test_neither_and_both_are_refused(operator: Client, choice: dict[str, str]) -> None:
    group = Group.objects.create(name="VIP")
    given = {name: str(group.pk) if value == "existing" else value for name, value in choice.items()}
    assert "not both" in text_of(operator.post(LIST, chosen(ann(), into_group="1", **given)))
    assert not group.contacts.exists()


def test_a_viewer_puts_nobody_into_a_group() -> None:
    contact, group = ann(), Group.objects.create(name="VIP")
    logged_in("view_contact", "view_group").post(LIST, chosen(contact, into_group="1", group=group.pk))
    assert not group.contacts.exists()


def test_an_empty_list_says_where_contacts_come_from(operator: Client) -> None:
    assert "No contacts yet" in text_of(operator.get(LIST))


def test_who_opted_out_stays_out_at_a_new_phone(operator: Client) -> None:
    contact = ann()
    Suppression.objects.create(address=contact.address)
    assert operator.post(page(contact), as_typed(contact, phone="+6281111111111")).status_code == 302
    assert Suppression.objects.filter(address="+6281111111111").exists()
