"""Who a broadcast goes to: files, groups and single people added up, exclusions taken off, everyone once."""

import pytest

from broadcaster.audience import segments
from broadcaster.audience.rules import Unusable
from broadcaster.audience.segments import Estimate, Stretch
from broadcaster.models import Broadcast, Contact, Group, Membership, Suppression
from tests.content.conftest import make_channel, make_upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def broadcast() -> Broadcast:
    return Broadcast.objects.create(name="June", channel=make_channel())


@pytest.fixture
def ann() -> Contact:
    return Contact.objects.create(name="Ann", phone="+628121111111")


@pytest.fixture
def budi() -> Contact:
    return Contact.objects.create(name="Budi", identifier="C-2")


@pytest.fixture
def citra() -> Contact:
    return Contact.objects.create(name="Citra", phone="+628123333333")


def group(name: str, *contacts: Contact) -> Group:
    made = Group.objects.create(name=name)
    Membership.objects.bulk_create(Membership(group=made, contact=contact) for contact in contacts)
    return made


def names(broadcast: Broadcast) -> list[str]:
    return sorted(contact.name for contact in segments.recipients(broadcast))


def test_nothing_chosen_is_nobody(broadcast: Broadcast, ann: Contact) -> None:
    make_upload(ann)
    group("Others", ann)
    assert names(broadcast) == []


def test_the_people_of_the_file(broadcast: Broadcast, ann: Contact, budi: Contact, citra: Contact) -> None:
    make_upload(citra)
    broadcast.upload = make_upload(ann, budi)
    assert names(broadcast) == ["Ann", "Budi"]


def test_the_people_of_all_chosen_groups(broadcast: Broadcast, ann: Contact, budi: Contact, citra: Contact) -> None:
    broadcast.groups.set([group("A", ann), group("B", budi)])
    group("C", citra)
    assert names(broadcast) == ["Ann", "Budi"]


def test_single_people(broadcast: Broadcast, ann: Contact, budi: Contact) -> None:
    broadcast.contacts.set([budi])
    assert names(broadcast) == ["Budi"]


def test_everyone_is_in_it_once(broadcast: Broadcast, ann: Contact, budi: Contact, citra: Contact) -> None:
    broadcast.upload = make_upload(ann, budi)
    broadcast.groups.set([group("A", ann, citra), group("B", ann, budi)])
    broadcast.contacts.set([ann, citra])
    assert names(broadcast) == ["Ann", "Budi", "Citra"]


def test_an_exclusion_wins_over_everything(broadcast: Broadcast, ann: Contact, budi: Contact) -> None:
    broadcast.upload = make_upload(ann, budi)
    broadcast.groups.set([group("A", ann)])
    broadcast.contacts.set([ann])
    broadcast.exclude_groups.set([group("No", ann)])
    assert names(broadcast) == ["Budi"]


def test_another_broadcasts_choices_do_not_count(broadcast: Broadcast, ann: Contact, budi: Contact) -> None:
    other = Broadcast.objects.create(name="July")
    other.groups.set([group("A", ann)])
    other.contacts.set([ann])
    other.exclude_groups.set([group("No", budi)])
    broadcast.contacts.set([budi])
    assert names(broadcast) == ["Budi"]


class TestEstimate:
    @pytest.fixture(autouse=True)
    def audience(self, broadcast: Broadcast, ann: Contact, budi: Contact, citra: Contact) -> None:
        broadcast.contacts.set([ann, budi, citra])

    def test_everyone_who_did_not_opt_out(self, broadcast: Broadcast) -> None:
        assert segments.estimate(broadcast) == Estimate(recipients=3, suppressed=0)

    @pytest.mark.parametrize("address", ["+628121111111", "C-2"])
    def test_who_opted_out_of_everything_or_of_this_channel_once(self, broadcast: Broadcast, address: str) -> None:
        Suppression.objects.create(address=address)
        Suppression.objects.create(address=address, channel=broadcast.channel)
        assert segments.estimate(broadcast) == Estimate(recipients=2, suppressed=1)

    def test_who_opted_out_by_both_is_one(self, broadcast: Broadcast, ann: Contact) -> None:
        Contact.objects.filter(pk=ann.pk).update(identifier="C-1")
        for address in ("C-1", ann.address):
            Suppression.objects.create(address=address)
        assert segments.estimate(broadcast) == Estimate(recipients=2, suppressed=1)

    def test_who_opted_out_by_an_identifier_that_is_not_written_to(self, broadcast: Broadcast, ann: Contact) -> None:
        Contact.objects.filter(pk=ann.pk).update(identifier="C-1")
        Suppression.objects.create(address="C-1")
        assert segments.estimate(broadcast) == Estimate(recipients=2, suppressed=1)

    def test_an_opt_out_of_another_channel_does_not_count(self, broadcast: Broadcast) -> None:
        Suppression.objects.create(address="C-2", channel=make_channel(name="Other"))
        assert segments.estimate(broadcast) == Estimate(recipients=3, suppressed=0)

    def test_without_a_channel_nobody_is_left_out(self, broadcast: Broadcast) -> None:
        Suppression.objects.create(address="C-2")
        broadcast.channel = None
        assert segments.estimate(broadcast) == Estimate(recipients=3, suppressed=0)


def smart(name: str, *conditions: dict[str, object]) -> Group:
    return Group.objects.create(name=name, rule={"match": "all", "conditions": list(conditions)})


CALLED_ANN: dict[str, object] = {"of": "field", "key": "nick", "is": "equals", "value": "ann"}


class TestSmartGroups:
    @pytest.fixture(autouse=True)
    def people(self, broadcast: Broadcast, ann: Contact, budi: Contact, citra: Contact) -> None:
        Contact.objects.filter(pk=ann.pk).update(fields={"nick": "Ann"})

    def test_whoever_fits_is_in_it(self, broadcast: Broadcast, citra: Contact) -> None:
        broadcast.groups.set([smart("Anns", CALLED_ANN), group("A", citra)])
        assert names(broadcast) == ["Ann", "Citra"]

    def test_whoever_fits_by_the_time_of_sending_is_in_it(self, broadcast: Broadcast, budi: Contact) -> None:
        broadcast.groups.set([smart("Anns", CALLED_ANN)])
        Contact.objects.update(fields={})
        Contact.objects.filter(pk=budi.pk).update(fields={"nick": "Ann"})
        assert names(broadcast) == ["Budi"]

    def test_an_excluded_one_wins_over_everything(self, broadcast: Broadcast, ann: Contact, budi: Contact) -> None:
        broadcast.upload = make_upload(ann, budi)
        broadcast.contacts.set([ann])
        broadcast.exclude_groups.set([smart("Anns", CALLED_ANN)])
        assert names(broadcast) == ["Budi"]
        assert segments.estimate(broadcast) == Estimate(recipients=1, suppressed=0)

    def test_one_minus_another(self, broadcast: Broadcast) -> None:
        broadcast.groups.set([smart("All", {"of": "created", "is": "within_days", "value": 1})])
        broadcast.exclude_groups.set([smart("Anns", CALLED_ANN)])
        assert names(broadcast) == ["Budi", "Citra"]

    def test_people_left_on_its_list_do_not_count(self, broadcast: Broadcast, budi: Contact) -> None:
        anns = smart("Anns", CALLED_ANN)
        Membership.objects.create(group=anns, contact=budi)
        broadcast.groups.set([anns])
        assert names(broadcast) == ["Ann"]

    @pytest.mark.parametrize("side", ["groups", "exclude_groups"])
    def test_where_nobody_can_tell_who_is_in_it_nobody_is_written_to(
        self, broadcast: Broadcast, ann: Contact, side: str
    ) -> None:
        broadcast.contacts.set([ann])
        getattr(broadcast, side).set([smart("Odd", {"of": "weather"})])
        assert names(broadcast) == []
        assert "Odd: Choose what the condition looks at." in segments.unusable(broadcast)


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_the_next_recipients_are_all_of_them_in_order(broadcast: Broadcast, limit: int) -> None:
    people = Contact.objects.bulk_create(Contact(identifier=f"C{number}") for number in range(40))
    broadcast.groups.set([group("A", *people[::3]), smart("None", CALLED_ANN)])
    broadcast.contacts.set([people[1], people[39]])
    broadcast.exclude_groups.set([group("No", people[3])])
    found = all_that_follow(broadcast, limit)
    assert found == list(segments.recipients(broadcast).order_by("pk").values_list("pk", flat=True))
    assert len(found) == 14


def all_that_follow(broadcast: Broadcast, limit: int) -> list[int]:
    """Everybody, a stretch at a time."""
    found, after = list[int](), 0
    while (stretch := segments.following(broadcast, after, limit)).through > after:
        found += stretch.contact_ids
        after = stretch.through
    return found


def test_the_next_recipients_are_looked_for_among_so_many_keys_at_a_time(
    broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "WIDEST", 10)
    people = Contact.objects.bulk_create(Contact(identifier=f"C{number}") for number in range(40))
    broadcast.contacts.set([people[35]])
    first = people[0].pk
    assert segments.following(broadcast, first - 1, 1) == Stretch([], first + 9)
    assert all_that_follow(broadcast, 1) == [people[35].pk]
    assert segments.following(broadcast, people[39].pk, 1) == Stretch([], people[39].pk)


def test_nobody_follows_where_nobody_can_tell_who(broadcast: Broadcast, ann: Contact) -> None:
    broadcast.contacts.set([ann])
    broadcast.exclude_groups.set([smart("Odd", {"of": "weather"})])
    with pytest.raises(Unusable, match="Odd: Choose what"):
        segments.following(broadcast, 0, 1)
    assert "Odd: Choose what" in segments.estimate(broadcast).problem


# -- whether there is anybody


def test_somebody_is_there_who_has_not_opted_out_of_the_channel(
    broadcast: Broadcast, ann: Contact, budi: Contact
) -> None:
    assert not segments.has_somebody(broadcast)
    broadcast.contacts.set([ann, budi])
    Suppression.objects.create(address=ann.address, channel=broadcast.channel)
    assert segments.has_somebody(broadcast)
    Suppression.objects.create(address=budi.address)
    assert not segments.has_somebody(broadcast)
    broadcast.channel = None
    assert segments.has_somebody(broadcast)


def test_an_identifier_that_has_opted_out_is_nobody(broadcast: Broadcast, ann: Contact) -> None:
    Contact.objects.filter(pk=ann.pk).update(identifier="ann")
    broadcast.contacts.set([ann])
    Suppression.objects.create(address="ann")
    assert not segments.has_somebody(broadcast)


def test_only_the_beginning_of_an_identifier_without_a_phone_tells_what_a_provider_keeps(db: None) -> None:
    identifiers = ("group:1", "contact:1", "group", "groups:1", "group-1", "a group:1", "contacts:1", "grouq:1")
    Contact.objects.bulk_create(Contact(identifier=identifier) for identifier in identifiers)
    Contact.objects.create(identifier="group:2", phone="+6281234567890")
    kept = Contact.objects.order_by("identifier").values_list("identifier", flat=True)
    assert list(kept.filter(segments.IS_GROUP)) == ["group:1"]
    assert list(kept.filter(segments.IS_SCOPED)) == ["contact:1", "group:1"]
