"""Which message an event speaks of: by our reference, else the provider's id, else the address; never a stranger's."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from broadcaster import gateway
from broadcaster.models import Batch, Channel, Message
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


def out_at(message: Message) -> datetime:
    assert message.accepted_at
    return message.accepted_at


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

    @pytest.mark.parametrize(("minutes", "is_ours"), [(-6, False), (-4, True), (0, True), (600, True)])
    def test_what_happened_before_a_message_went_out_is_not_of_it(
        self, channel: Channel, minutes: int, *, is_ours: bool
    ) -> None:
        message, *_ = on_their_way(channel, PHONES[0])
        at = out_at(message) + timedelta(minutes=minutes)
        assert found(channel, address=PHONES[0], at=at) == (message if is_ours else None)

    def test_it_finds_the_newest_message_that_was_out_by_then(self, channel: Channel) -> None:
        first, *_ = on_their_way(channel, PHONES[0])
        now = out_at(first)
        Message.objects.update(accepted_at=now - timedelta(hours=2))
        second, *_ = on_their_way(channel, PHONES[0])
        assert found(channel, address=PHONES[0], at=now - timedelta(hours=1)) == first
        assert found(channel, address=PHONES[0], at=now) == second

    @pytest.mark.parametrize(("minutes", "is_ours"), [(-40, False), (-20, True)])
    def test_one_that_was_never_accepted_went_out_with_its_batch(
        self, channel: Channel, minutes: int, *, is_ours: bool
    ) -> None:
        message, *_ = on_their_way(channel, PHONES[0], state="unknown")
        now = timezone.now()
        Message.objects.update(accepted_at=None)
        Batch.objects.update(started_at=now - timedelta(minutes=30))
        at = now + timedelta(minutes=minutes)
        assert found(channel, address=PHONES[0], at=at) == (message if is_ours else None)

    def test_the_time_does_not_matter_where_the_id_is_known(self, polled: Channel) -> None:
        message, _ = on_their_way(polled, "group:7", PHONES[0], provider_id="1234")
        long_ago = timezone.now() - timedelta(days=1)
        assert found(polled, provider_id="1234", address="group:7", at=long_ago) == message

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
