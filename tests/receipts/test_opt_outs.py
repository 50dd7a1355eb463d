"""People who say stop are not written to again: by the provider's word, or by their own."""

import pytest
import time_machine
from django.db import transaction

from broadcaster import gateway
from broadcaster.audience import consent, erasure
from broadcaster.models import Channel, Contact, Erasure, Message, Suppression
from broadcaster.receipts import apply
from providers import DeliveryStatus, ReceiptEvent
from tests.receipts.conftest import PHONES, on_their_way, states


def tell(channel: Channel, *events: ReceiptEvent) -> list[bool]:
    with transaction.atomic():
        return apply.apply_events(channel, events)


def said(text: str, address: str = PHONES[0]) -> ReceiptEvent:
    return ReceiptEvent(None, address=address, inbound=text)


def suppressed() -> list[str]:
    return sorted(Suppression.objects.values_list("address", flat=True))


def test_an_opted_out_code_fails_the_message_and_suppresses_the_address(channel: Channel) -> None:
    message, *_ = on_their_way(channel, PHONES[0])
    reference = gateway.reference(message.broadcast, message.pk)
    tell(channel, ReceiptEvent(DeliveryStatus.OPTED_OUT, reference=reference))
    assert states(message) == ["failed"]
    row = Suppression.objects.get()
    assert (row.address, row.channel, row.source) == (PHONES[0], channel, "receipt")


@pytest.mark.parametrize(
    ("today", "out"),
    [
        ({"phone": PHONES[1], "identifier": "C-1"}, [PHONES[0], PHONES[1], "C-1"]),
        ({"phone": PHONES[0], "identifier": "C-1"}, [PHONES[0]]),
        ({"phone": None, "identifier": "group:5"}, [PHONES[0]]),
    ],
)
def test_who_has_moved_since_is_out_where_they_are_reached_today(
    channel: Channel, today: dict[str, str | None], out: list[str]
) -> None:
    message, *_ = on_their_way(channel, PHONES[0])
    Message.objects.update(contact=Contact.objects.create(**today))
    reference = gateway.reference(message.broadcast, message.pk)
    tell(channel, ReceiptEvent(DeliveryStatus.OPTED_OUT, reference=reference))
    assert suppressed() == out


def test_an_opted_out_code_for_nobody_we_know_suppresses_nobody(channel: Channel) -> None:
    tell(channel, ReceiptEvent(DeliveryStatus.OPTED_OUT, provider_id="theirs", address=PHONES[0]))
    assert suppressed() == []


@pytest.mark.parametrize("text", ["STOP", "stop", " Stop! ", "Berhenti.", "UNSUBSCRIBE", "Arrêt", "opt-out"])
def test_a_stop_word_suppresses_the_person(channel: Channel, text: str) -> None:
    assert tell(channel, said(text)) == [True]
    row = Suppression.objects.get()
    assert (row.address, row.channel, row.source) == (PHONES[0], channel, "reply")


@pytest.mark.parametrize("text", ["", "Hello", "Do not stop", "stop the war", "end of the month", "stops"])
def test_other_words_suppress_nobody(channel: Channel, text: str) -> None:
    assert tell(channel, said(text)) == [True]
    assert suppressed() == []


def test_a_phone_without_its_plus_is_the_same_phone(channel: Channel) -> None:
    tell(channel, said("STOP", PHONES[0].removeprefix("+")), said("STOP", "customer-5"))
    assert suppressed() == [PHONES[0], "customer-5"]


def test_saying_it_twice_is_harmless(channel: Channel) -> None:
    tell(channel, said("STOP"), said("STOP"))
    tell(channel, said("STOP"))
    assert suppressed() == [PHONES[0]]


def test_a_stop_without_a_sender_is_nobodys(channel: Channel) -> None:
    tell(channel, said("STOP", ""))
    assert suppressed() == []


def test_a_sender_that_is_no_address_does_not_stop_the_receipts_beside_it(channel: Channel) -> None:
    message, *_ = on_their_way(channel, PHONES[0])
    reference = gateway.reference(message.broadcast, message.pk)
    tell(channel, said("STOP", "+" + "6" * 128), ReceiptEvent(DeliveryStatus.READ, reference=reference))
    assert (states(message), suppressed()) == (["read"], [])


def test_an_erased_persons_opt_out_fails_the_message_and_stores_no_address(channel: Channel) -> None:
    message, *_ = on_their_way(channel, "erased", provider_id="p-1")
    Erasure.objects.create(digest=erasure.digest_of(PHONES[0]))
    tell(channel, ReceiptEvent(DeliveryStatus.OPTED_OUT, provider_id="p-1", address=PHONES[0]), said("STOP"))
    assert (states(message), suppressed()) == (["failed"], [])


class TestStart:
    """Whoever wants to come back stays out until a person has seen it."""

    @pytest.mark.parametrize("everywhere", [True, False])
    def test_it_is_noted_beside_the_opt_out(self, channel: Channel, *, everywhere: bool) -> None:
        on = None if everywhere else channel
        Suppression.objects.create(address=PHONES[0], channel=on, reason="They wrote STOP.", source="reply")
        with time_machine.travel("2026-05-03T12:00:00Z"):
            tell(channel, said("Unstop!"))
        assert Suppression.objects.get().reason == "They wrote STOP. They replied START on 3 May 2026."
        assert consent.suppressed([PHONES[0]], channel) == {PHONES[0]}

    @pytest.mark.parametrize("first", ["STOP.", "x" * 200])
    def test_the_last_one_counts_and_the_first_words_stay(self, channel: Channel, first: str) -> None:
        Suppression.objects.create(address=PHONES[0], reason=first)
        for day in ("2026-05-03", "2026-06-04"):
            with time_machine.travel(f"{day}T12:00:00Z"):
                tell(channel, said("START"))
        reason = Suppression.objects.get().reason
        assert len(reason) <= 200
        assert reason.startswith(first[:5])
        assert reason.endswith(" They replied START on 4 June 2026.")
        assert reason.count("START") == 1

    def test_it_makes_nobody_opted_out_and_touches_no_other_channel(self, channel: Channel, polled: Channel) -> None:
        Suppression.objects.create(address=PHONES[0], channel=polled, reason="STOP")
        tell(channel, said("START"))
        assert [row.reason for row in Suppression.objects.all()] == ["STOP"]
