"""People who say stop are not written to again: by the provider's word, or by their own."""

import pytest
from django.db import transaction

from broadcaster import gateway
from broadcaster.models import Channel, Suppression
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


def test_an_opted_out_code_for_nobody_we_know_suppresses_nobody(channel: Channel) -> None:
    tell(channel, ReceiptEvent(DeliveryStatus.OPTED_OUT, provider_id="theirs", address=PHONES[0]))
    assert suppressed() == []


@pytest.mark.parametrize("text", ["STOP", "stop", " Stop! ", "Berhenti.", "UNSUBSCRIBE", "Arrêt", "opt-out"])
def test_a_stop_word_suppresses_the_person(channel: Channel, text: str) -> None:
    assert tell(channel, said(text)) == [True]
    row = Suppression.objects.get()
    assert (row.address, row.channel, row.source) == (PHONES[0], channel, "reply")


@pytest.mark.parametrize("text", ["", "Hello", "Do not stop", "stop the war", "end of the month", "stopp"])
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
