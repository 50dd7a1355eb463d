"""Recipients that only a provider knows: pre-flight says which channel cannot reach them, and why."""

import pytest
from django.utils import timezone

from broadcaster.content.preflight import problems
from broadcaster.models import Broadcast, Contact, ListedGroup
from tests.content.conftest import Compose, make_channel, make_template

GROUP, PERSON = "5f05311e-8f81-4a67-a5b5-1501b6d6496a", "09d23a05-47fe-11e4-bfe9-b8f6b119e9ab"


@pytest.fixture
def group(db: None) -> Contact:
    return Contact.objects.create(identifier=f"group:{GROUP}", name="Reporters (group at SMS)")


def composed(compose: Compose, *contacts: Contact, kind: str = "rapidpro", text: str = "Hello") -> Broadcast:
    broadcast = compose(channel=make_channel(kind, "SMS"), template=make_template(eng={"text": text}))
    broadcast.contacts.set(contacts)
    return broadcast


def sentences(broadcast: Broadcast) -> list[tuple[str, str]]:
    return [(problem.field, problem.sentence) for problem in problems(broadcast) if problem.blocking]


def test_a_channel_with_groups_reaches_one(compose: Compose, group: Contact) -> None:
    assert sentences(composed(compose, group)) == []


@pytest.mark.parametrize("kind", ["khoros", "kaleyra"])
def test_a_channel_without_groups_names_those_that_it_cannot_reach(compose: Compose, group: Contact, kind: str) -> None:
    broadcast = composed(compose, group, kind=kind)
    person = Contact.objects.create(identifier=f"contact:{PERSON}", name="Ann at RapidPro")
    broadcast.contacts.add(person)
    home = make_channel("rapidpro", "Workspace")
    ListedGroup.objects.create(channel=home, group_id=GROUP, name="Reporters")
    names = "“Reporters (group at SMS)”, “Ann at RapidPro”"
    assert sentences(broadcast) == [
        ("channel", f"SMS cannot reach {names}. Take them out of the audience."),
    ]
    broadcast.contacts.remove(person)
    assert sentences(broadcast) == [
        ("channel", "SMS cannot reach “Reporters (group at SMS)”. Choose Workspace, or another audience."),
    ]


def test_a_channel_whose_provider_is_gone_is_all_that_is_said(compose: Compose, group: Contact) -> None:
    assert ["cannot be used" in sentence for _, sentence in sentences(composed(compose, group, kind="gone"))] == [True]


def test_many_are_counted(compose: Compose) -> None:
    made = [Contact(identifier=f"contact:{number}", name=f"Person {number}") for number in range(5)]
    Contact.objects.bulk_create(made)
    broadcast = composed(compose, *Contact.objects.filter(identifier__startswith="contact:"), kind="khoros")
    assert "“Person 0”, “Person 1”, “Person 2” and 2 more" in sentences(broadcast)[0][1]


def test_a_group_of_another_account_is_refused(compose: Compose, group: Contact) -> None:
    broadcast = composed(compose, group)
    broadcast.sender.groups_at = timezone.now()
    broadcast.sender.save()
    home = make_channel("rapidpro", "Workspace")
    ListedGroup.objects.create(channel=home, group_id=GROUP, name="Reporters")
    sentence = "SMS has no “Reporters (group at SMS)”. Choose Workspace, or another audience."
    assert sentences(broadcast) == [("channel", sentence)]


def test_a_group_cannot_be_called_by_name(compose: Compose, group: Contact) -> None:
    (fault,) = sentences(composed(compose, group, text="Hello @contact.name"))
    assert fault[0] == "template"
    assert fault[1].startswith(
        "Everyone in Reporters (group at SMS) gets the same text, so it cannot hold @contact.name"
    )


def test_a_single_person_at_a_provider_can(compose: Compose) -> None:
    person = Contact.objects.create(identifier=f"contact:{PERSON}", name="Ann")
    assert sentences(composed(compose, person, text="Hello @contact.name")) == []


def test_an_identifier_that_only_looks_alike_is_a_persons_own(compose: Compose) -> None:
    own = [Contact.objects.create(identifier=identifier) for identifier in ("group-7", "grouped:1", "contact7")]
    assert sentences(composed(compose, *own, kind="khoros")) == []


def test_an_excluded_group_is_no_problem(compose: Compose, group: Contact) -> None:
    broadcast = composed(compose, group, kind="khoros")
    never = group.groups.create(name="Never")
    broadcast.exclude_groups.set([never])
    assert sentences(broadcast) == []
