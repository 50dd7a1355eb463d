"""Which message an event speaks of: by our reference, else the provider's id, else the address; never a stranger's."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from broadcaster import gateway
from broadcaster.models import Channel, Message
from broadcaster.receipts import matching
from providers import DeliveryStatus, ReceiptEvent
from tests.receipts.conftest import PHONES, on_their_way


def found(channel: Channel, **fields: Any) -> Message | None:
    return found_all(channel, ReceiptEvent(DeliveryStatus.SENT, **fields))[0]


def found_all(channel: Channel, *events: ReceiptEvent) -> list[Message | None]:
    with transaction.atomic():
        targets = matching.messages_of(channel, events)
    return [Message.objects.get(pk=target.pk) if target else None for target in targets]


def reference(message: Message) -> str:
    return gateway.reference(message.broadcast, message.pk)


def test_our_reference_finds_its_message_whatever_else_is_said(channel: Channel) -> None:
    first, second = on_their_way(channel, *PHONES[:2], provider_id="A-1")
    said = {"reference": reference(second), "provider_id": "A-1", "address": first.address}
    assert found(channel, **said) == second


def test_a_reference_with_a_foreign_prefix_is_ignored(channel: Channel) -> None:
    message, *_ = on_their_way(channel, PHONES[0])
    assert found(channel, reference=f"{'0' * 16}-{message.pk}") is None


@pytest.mark.parametrize("number", ["9" * 18, "9" * 19, "0", "-1", "1e5"])
def test_a_reference_to_a_message_that_cannot_be(channel: Channel, number: str) -> None:
    message, *_ = on_their_way(channel, PHONES[0])
    assert found(channel, reference=f"{message.broadcast.uuid.hex[:16]}-{number}") is None


def test_a_foreign_reference_leaves_the_provider_id_to_decide(channel: Channel) -> None:
    message, *_ = on_their_way(channel, PHONES[0], provider_id="A-1")
    assert found(channel, reference="theirs", provider_id="A-1") == message


def test_a_reference_like_ours_to_nothing_leaves_the_provider_id_to_decide(channel: Channel) -> None:
    first, second, third = on_their_way(channel, *PHONES, provider_id="A-1")
    misled = ReceiptEvent(DeliveryStatus.SENT, reference=f"{'0' * 16}-1", provider_id="A-1", address=PHONES[1])
    ours = [ReceiptEvent(DeliveryStatus.SENT, reference=reference(message)) for message in (third, first)]
    assert found_all(channel, ours[0], misled, ours[1]) == [third, second, first]


def test_a_provider_id_of_one_message_is_enough(channel: Channel) -> None:
    message, *_ = on_their_way(channel, PHONES[0], provider_id="A-1")
    assert found(channel, provider_id="A-1") == message


def test_a_provider_id_with_another_address_finds_nobody(channel: Channel) -> None:
    on_their_way(channel, PHONES[0], provider_id="A-1")
    assert found(channel, provider_id="A-1", address=PHONES[1]) is None


def test_the_same_id_on_another_channel_is_another_message(channel: Channel, polled: Channel) -> None:
    on_their_way(polled, PHONES[0], provider_id="A-1")
    assert found(channel, provider_id="A-1") is None
    mine, *_ = on_their_way(channel, PHONES[0], provider_id="A-1")
    assert found(channel, provider_id="A-1") == mine


def test_a_reference_of_another_channel_is_not_believed(channel: Channel, polled: Channel) -> None:
    theirs, *_ = on_their_way(polled, PHONES[0])
    assert found(channel, reference=reference(theirs)) is None


class TestSharedId:
    """RapidPro and Qiscus give one id to all recipients of a request."""

    @pytest.mark.parametrize("number", range(3))
    def test_the_address_tells_them_apart(self, polled: Channel, number: int) -> None:
        messages = on_their_way(polled, *PHONES, provider_id="1234")
        assert found(polled, provider_id="1234", address=PHONES[number]) == messages[number]

    def test_the_address_may_lack_its_plus(self, polled: Channel) -> None:
        _, second, _ = on_their_way(polled, *PHONES, provider_id="1234")
        assert found(polled, provider_id="1234", address=PHONES[1].removeprefix("+")) == second

    def test_without_an_address_it_is_nobodys(self, polled: Channel) -> None:
        on_their_way(polled, *PHONES, provider_id="1234")
        assert found(polled, provider_id="1234") is None

    def test_identifiers_are_compared_whole(self, polled: Channel) -> None:
        _, budi = on_their_way(polled, "ann-12345", "budi-12345", provider_id="1234")
        assert found(polled, provider_id="1234", address="budi-12345") == budi
        assert found(polled, provider_id="1234", address="12345") is None


class TestAddressAlone:
    def test_it_finds_the_newest_message_to_it(self, channel: Channel) -> None:
        on_their_way(channel, PHONES[0])
        newest, *_ = on_their_way(channel, PHONES[0])
        assert found(channel, address=PHONES[0]) == newest
        assert found(channel, address=PHONES[0].removeprefix("+")) == newest

    def test_an_old_message_is_not_meant(self, channel: Channel) -> None:
        message, *_ = on_their_way(channel, PHONES[0])
        Message.objects.filter(pk=message.pk).update(changed_at=timezone.now() - timedelta(days=4))
        assert found(channel, address=PHONES[0]) is None

    def test_an_unknown_id_beside_it_means_a_message_that_is_not_ours(self, channel: Channel) -> None:
        on_their_way(channel, PHONES[0])
        assert found(channel, address=PHONES[0], provider_id="theirs") is None
        assert found(channel, address=PHONES[0], reference="theirs") is None

    def test_nothing_at_all_finds_nobody(self, channel: Channel) -> None:
        on_their_way(channel, PHONES[0])
        assert found(channel) is None


def test_many_events_are_answered_in_their_order_with_few_queries(
    channel: Channel, django_assert_max_num_queries: type
) -> None:
    messages = on_their_way(channel, *PHONES)
    events = [ReceiptEvent(DeliveryStatus.SENT, reference=reference(message)) for message in reversed(messages)]
    with django_assert_max_num_queries(5), transaction.atomic():
        targets = matching.messages_of(channel, events)
    assert [target and target.pk for target in targets] == [message.pk for message in reversed(messages)]
