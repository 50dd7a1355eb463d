"""Who a broadcast goes to: files, groups and single people added up, exclusions taken off, everyone once."""

import pytest

from broadcaster.audience import segments
from broadcaster.audience.segments import Estimate
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
