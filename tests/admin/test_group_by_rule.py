"""Groups by a rule wherever groups are met: nobody is put into one, and each is found with the people it has now."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from broadcaster import tasks
from broadcaster.audience import rules_counts
from broadcaster.content import preflight
from broadcaster.models import Contact, ContactField, Group
from tests.admin.people import logged_in, messages_of, text_of
from tests.sending.broadcasts import composed

pytestmark = pytest.mark.django_db

CONTACTS = reverse("admin:broadcaster_contact_changelist")
LIST = reverse("admin:broadcaster_group_changelist")
RULE = {"match": "all", "conditions": [{"of": "language", "value": "ind"}]}


@pytest.fixture
def operator() -> Client:
    contacts = ("view_contact", "add_contact", "change_contact")
    return logged_in(*contacts, *(f"{verb}_group" for verb in ("view", "add", "change")))


@pytest.fixture
def indonesian() -> Group:
    for name, language in (("Ann", "ind"), ("Budi", "jav"), ("Citra", "ind")):
        Contact.objects.create(name=name, identifier=name, language=language)
    return Group.objects.create(name="Indonesian", rule=RULE)


def ask(operator: Client, group: str) -> Any:
    data = {"action": "add_to_group", "_selected_action": list(Contact.objects.values_list("pk", flat=True))}
    return operator.post(CONTACTS, {**data, "into_group": "1", "new_group": group}, follow=True)


def test_chosen_contacts_are_put_into_lists_only(operator: Client, indonesian: Group) -> None:
    Group.objects.create(name="VIP")
    html = text_of(ask(operator, "indonesian"))
    assert "A rule says who is in the group of this name" in html
    assert ">VIP</option>" in html
    assert ">Indonesian</option>" not in html
    assert not indonesian.contacts.exists()


def test_a_contact_is_put_into_lists_only(operator: Client, indonesian: Group) -> None:
    ann = Contact.objects.get(name="Ann")
    address = reverse("admin:broadcaster_contact_change", args=[ann.pk])
    assert ">Indonesian</option>" not in text_of(operator.get(address))
    operator.post(address, {"name": "Ann", "identifier": "Ann", "groups": [indonesian.pk]})
    assert not ann.groups.exists()


def test_the_list_of_contacts_shows_who_fits_now(operator: Client, indonesian: Group) -> None:
    address = f"{CONTACTS}?groups__id__exact={indonesian.pk}"
    assert operator.get(address).context["cl"].result_count == 2
    Contact.objects.filter(name="Ann").update(language="jav")
    assert operator.get(address).context["cl"].result_count == 1


def test_the_list_of_contacts_says_why_nobody_can_tell_who_fits(operator: Client, indonesian: Group) -> None:
    Group.objects.update(rule={"match": "some"})
    response = operator.get(f"{CONTACTS}?groups__id__exact={indonesian.pk}")
    assert response.context["cl"].result_count == 0
    assert "Nobody can tell who is in this group. Indonesian: Choose whether all" in messages_of(response)


def test_the_list_of_groups_shows_the_last_count_and_has_it_counted_anew(operator: Client, indonesian: Group) -> None:
    assert "not counted yet" in text_of(operator.get(LIST))
    tasks.count_groups(indonesian.pk)
    assert "about 2 contacts, just now" in text_of(operator.get(LIST))


def test_what_was_counted_lately_is_not_counted_again(indonesian: Group) -> None:
    assert rules_counts.stale([indonesian]) == [indonesian.pk]
    rules_counts.refresh(indonesian.pk)
    assert rules_counts.stale(Group.objects.all()) == []
    Group.objects.update(counted_at="2026-01-01T00:00Z")
    assert rules_counts.stale(Group.objects.all()) == [indonesian.pk]


def test_lists_are_not_counted_by_a_worker(indonesian: Group) -> None:
    vip = Group.objects.create(name="VIP")
    assert rules_counts.stale([vip]) == []
    rules_counts.refresh(vip.pk)
    vip.refresh_from_db()
    assert vip.counted_at is None


def test_what_cannot_be_counted_has_no_old_count(operator: Client, indonesian: Group) -> None:
    Group.objects.update(rule={"match": "some"}, counted=5)
    rules_counts.refresh(indonesian.pk)
    assert "could not be counted" in text_of(operator.get(LIST))


def test_a_broadcast_by_a_rule_that_nobody_can_read_is_not_sent() -> None:
    broadcast = composed(1)
    broadcast.exclude_groups.add(Group.objects.create(name="Odd", rule={"match": "some"}))
    (problem,) = [each for each in preflight.problems(broadcast) if each.blocking]
    assert "The rule of a group cannot be used. Odd: Choose whether all" in problem.sentence


class TestOwnFields:
    """What is typed into a contact is what rules look for."""

    @pytest.fixture
    def ann(self) -> Contact:
        ContactField.objects.create(key="age", label="Age", kind="number")
        ContactField.objects.create(key="born", label="Born", kind="date")
        return Contact.objects.create(name="Ann", identifier="a", fields={"age": 30, "code": 7})

    def save(self, operator: Client, ann: Contact, lines: str) -> str:
        address = reverse("admin:broadcaster_contact_change", args=[ann.pk])
        html = text_of(operator.post(address, {"name": "Ann", "identifier": "a", "own_fields": lines}))
        ann.refresh_from_db()
        return html

    def test_a_field_keeps_what_it_holds(self, operator: Client, ann: Contact) -> None:
        self.save(operator, ann, "age = 31\ncode = 7\nborn = 30/06/1995\ncity = Solo")
        assert ann.fields == {"age": 31, "code": 7, "born": "1995-06-30", "city": "Solo"}

    def test_a_new_field_can_be_chosen_in_rules(self, operator: Client, ann: Contact) -> None:
        self.save(operator, ann, "home_city = Solo")
        assert ContactField.objects.get(key="home_city").label == "Home city"

    def test_what_does_not_fit_is_refused(self, operator: Client, ann: Contact) -> None:
        assert "age: “old” is not a number." in self.save(operator, ann, "age = old")
        assert ann.fields == {"age": 30, "code": 7}
