"""Consent is sticky: whoever opted out stays out, on the channel or on all, whatever happens to the contact."""

import pytest

from broadcaster.audience import consent
from broadcaster.models import Channel, Contact, Suppression
from tests.content.conftest import make_channel

pytestmark = pytest.mark.django_db
ANN, BUDI, CITRA = "+628121111111", "+628122222222", "+628123333333"


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
