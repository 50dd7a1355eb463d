"""Consent is sticky: whoever opted out stays out, on the channel or on all, whatever happens to the contact."""

from datetime import UTC, datetime

import pytest

from broadcaster.audience import consent
from broadcaster.models import AudienceUpload, Channel, Contact, OptOutSpike, Revival, Suppression
from tests.audience.files import load
from tests.content.conftest import make_channel

pytestmark = pytest.mark.django_db
ANN, BUDI, CITRA = "+628121111111", "+628122222222", "+628123333333"
YEAR_AGO = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture
def channel() -> Channel:
    return make_channel(name="One")


@pytest.fixture
def other() -> Channel:
    return make_channel(name="Other")


def suppress(*addresses: str, channel: Channel | None = None, reason: str = "") -> None:
    consent.suppress(addresses, channel=channel, reason=reason, source="test")


def test_an_opt_out_of_everything_concerns_every_channel(channel: Channel, other: Channel) -> None:
    suppress(ANN)
    assert consent.suppressed([ANN, BUDI], channel) == consent.suppressed([ANN, BUDI], other) == {ANN}


def test_an_opt_out_of_a_channel_concerns_it_alone(channel: Channel, other: Channel) -> None:
    suppress(ANN, channel=channel)
    assert consent.suppressed([ANN], channel) == {ANN}
    assert consent.suppressed([ANN], other) == set()


def test_only_an_opt_out_of_everything_concerns_no_channel_in_particular(channel: Channel) -> None:
    suppress(ANN)
    suppress(BUDI, channel=channel)
    assert consent.suppressed([ANN, BUDI], None) == {ANN}


def test_nobody_is_asked_for_nobody(channel: Channel) -> None:
    assert consent.suppressed([], channel) == set()


@pytest.mark.parametrize("everywhere", [True, False])
def test_the_first_word_of_an_opt_out_is_kept(channel: Channel, *, everywhere: bool) -> None:
    on = None if everywhere else channel
    suppress(ANN, channel=on, reason="first")
    suppress(ANN, BUDI, channel=on, reason="second")
    assert dict(Suppression.objects.values_list("address", "reason")) == {ANN: "first", BUDI: "second"}


def test_an_opt_out_outlives_the_contact(channel: Channel) -> None:
    contact = Contact.objects.create(phone=ANN)
    suppress(ANN, channel=channel)
    contact.delete()
    assert consent.suppressed([ANN], channel) == {ANN}


def test_a_long_reason_is_cut() -> None:
    suppress(ANN, reason="x" * 500)
    assert Suppression.objects.get().reason == "x" * 200


def test_what_is_too_long_for_an_address_opts_nobody_out(channel: Channel) -> None:
    suppress("+" + "6" * 128, CITRA, channel=channel)
    assert [row.address for row in Suppression.objects.all()] == [CITRA]


def test_who_opted_out_of_a_channel_stays_out_when_it_is_deleted(channel: Channel, other: Channel) -> None:
    suppress(ANN, channel=channel, reason="STOP")
    suppress(BUDI, reason="Letter")
    suppress(BUDI, channel=channel)
    consent.keep_everywhere([channel])
    channel.delete()
    assert dict(Suppression.objects.values_list("address", "reason")) == {ANN: "STOP", BUDI: "Letter"}
    assert consent.suppressed([ANN, BUDI], other) == {ANN, BUDI}


class TestListmonksOverwrite:
    """listmonk's "overwrite" once subscribed again whoever had unsubscribed; no file does that here."""

    FILE = ("Phone,Name,Customer ID,Status,Opted out", "+628121111111,Ann Lee,C-9,subscribed,no")

    @pytest.fixture
    def again(self, channel: Channel) -> AudienceUpload:
        Contact.objects.create(phone=ANN, identifier="C-1", name="Ann")
        suppress(ANN, reason="STOP")
        suppress(ANN, channel=channel, reason="STOP here")
        return load(*self.FILE)

    def test_the_person_is_updated_and_stays_out(self, again: AudienceUpload, channel: Channel) -> None:
        contact = Contact.objects.get()
        assert (contact.name, again.suppressed) == ("Ann Lee", 1)
        assert ANN in consent.suppressed([ANN], channel)
        assert ("STOP here", channel.pk) in Suppression.objects.values_list("reason", "channel")

    def test_nobody_is_written_to_at_any_of_the_addresses(self, again: AudienceUpload, channel: Channel) -> None:
        assert consent.count_suppressed(Contact.objects.all(), channel) == 1
        assert Revival.objects.count() == 0

    def test_a_second_import_changes_nothing_either(self, again: AudienceUpload) -> None:
        before = list(Suppression.objects.order_by("pk").values())
        load(*self.FILE)
        assert list(Suppression.objects.order_by("pk").values()) == before


class TestCarryOver:
    """What a person changes in a contact takes no opt-out away."""

    @pytest.mark.parametrize(
        ("out", "changes", "carried"),
        [
            (ANN, {"phone": BUDI}, {BUDI}),
            (ANN, {"phone": None}, {"C-1"}),
            ("C-1", {"identifier": "C-2"}, {ANN}),
            ("C-1", {"identifier": None}, {ANN}),
            (ANN, {"identifier": "C-2"}, set()),
            (ANN, {"name": "Ann"}, set()),
            (CITRA, {"phone": BUDI}, set()),
        ],
    )
    def test_what_the_contact_is_reached_at_is_out(
        self, channel: Channel, out: str, changes: dict[str, str | None], carried: set[str]
    ) -> None:
        contact = Contact.objects.create(phone=ANN, identifier="C-1")
        suppress(out, channel=channel, reason="STOP")
        for name, value in changes.items():
            setattr(contact, name, value)
        consent.carry_over(contact)
        rows = set(Suppression.objects.values_list("address", "channel", "reason", "source"))
        assert rows == {(address, channel.pk, "STOP", "test") for address in {out, *carried}}

    def test_a_new_contact_gives_up_nothing(self) -> None:
        suppress(ANN)
        consent.carry_over(Contact(phone=BUDI))
        assert Suppression.objects.count() == 1

    def test_it_is_as_old_as_what_it_comes_from_and_part_of_the_same_spike(self, channel: Channel) -> None:
        contact = Contact.objects.create(phone=ANN)
        spike = OptOutSpike.objects.create(channel=channel)
        consent.suppress([ANN], channel=channel, reason="", source="receipt", spike=spike)
        Suppression.objects.update(created_at=YEAR_AGO)
        contact.phone = BUDI
        consent.carry_over(contact)
        carried = Suppression.objects.get(address=BUDI)
        assert (carried.created_at, carried.spike, carried.source) == (YEAR_AGO, spike, "receipt")
