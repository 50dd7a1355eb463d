"""From a receipt to a message's state: only ever up in rank, however often and in whatever order it is told."""

import itertools
import json
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from broadcaster import gateway
from broadcaster.models import Channel, Message, Receipt, Suppression
from broadcaster.receipts import apply, inbox, waiting
from broadcaster.reports import retention
from broadcaster.sending import ledger, progress
from broadcaster.sending.states import RECEIPT_MOVES
from providers import DeliveryStatus, ReceiptEvent
from tests.audiences import demo_channel
from tests.receipts.conftest import PHONES, on_their_way, states

STATUSES = [status for status in DeliveryStatus if status is not DeliveryStatus.UNKNOWN]


def event(message: Message, status: DeliveryStatus | None, **fields: Any) -> ReceiptEvent:
    return ReceiptEvent(status, reference=gateway.reference(message.broadcast, message.pk), **fields)


def apply_events(channel: Channel, *events: ReceiptEvent) -> list[bool]:
    with transaction.atomic():
        return apply.apply_events(channel, events)


def body(message: Message, status: str) -> bytes:
    reference = gateway.reference(message.broadcast, message.pk)
    return json.dumps({"status": status, "extra_info": {"ref": reference}}).encode()


def receive(channel: Channel, *bodies: bytes) -> list[Receipt]:
    return [inbox.store(channel, method="POST", headers={}, query={}, body=one) for one in bodies]


def look_again() -> int:
    """What happens once enough time has gone by."""
    Receipt.objects.filter(applied_at=None).update(apply_after=timezone.now())
    return apply.apply_waiting()


class TestAddressAlone:
    """It may be about what somebody else wrote to the same person."""

    @pytest.mark.parametrize("state", ["accepted", "sent", "unknown"])
    @pytest.mark.parametrize("told", ["failed", "expired", "opted_out"])
    def test_bad_news_ends_no_message(self, channel: Channel, state: str, told: str) -> None:
        message, *_ = on_their_way(channel, PHONES[0], state=state)
        apply_events(channel, ReceiptEvent(DeliveryStatus(told), address=PHONES[0]))
        assert states(message) == [state]

    @pytest.mark.parametrize("told", ["sent", "delivered", "read"])
    def test_good_news_is_believed(self, channel: Channel, told: str) -> None:
        message, *_ = on_their_way(channel, PHONES[0], state="unknown")
        apply_events(channel, ReceiptEvent(DeliveryStatus(told), address=PHONES[0], at=timezone.now()))
        assert states(message) == [told]

    def test_good_news_from_before_the_message_is_not(self, channel: Channel) -> None:
        message, *_ = on_their_way(channel, PHONES[0], state="unknown")
        long_ago = timezone.now() - timedelta(days=1)
        apply_events(channel, ReceiptEvent(DeliveryStatus.READ, address=PHONES[0], at=long_ago))
        assert states(message) == ["unknown"]

    def test_who_opted_out_of_it_is_asked_no_more(self, channel: Channel) -> None:
        on_their_way(channel, PHONES[0])
        apply_events(channel, ReceiptEvent(DeliveryStatus.OPTED_OUT, address=PHONES[0]))
        assert Suppression.objects.get().address == PHONES[0]

    @pytest.mark.parametrize("years", [0, 20])
    @pytest.mark.parametrize("state", ["accepted", "unknown"])
    def test_an_agents_chat_that_qiscus_forwards_fails_no_message(self, db: None, state: str, years: int) -> None:
        channel, _ = demo_channel("qiscus", "http://127.0.0.1:1")
        message, *_ = on_their_way(channel, PHONES[0], state=state, provider_id="14528583")
        at = (timezone.now() - timedelta(days=365 * years)).isoformat()
        status = {"id": "wamid.X", "status": "failed", "recipient_id": PHONES[0][1:], "timestamp": at}
        receive(channel, json.dumps({"statuses": [status]}).encode())
        apply.apply_waiting()
        assert "cannot be read" not in Receipt.objects.get().outcome
        assert states(message) == [state]


class TestRank:
    @pytest.mark.parametrize(
        ("told", "state"),
        [
            (["sent"], "sent"),
            (["sent", "delivered", "read"], "read"),
            (["read", "delivered", "sent"], "read"),
            (["delivered", "delivered"], "delivered"),
            (["queued"], "accepted"),
            (["failed"], "failed"),
            (["failed", "delivered"], "delivered"),
            (["delivered", "failed"], "delivered"),
            (["expired", "delivered"], "delivered"),
            (["failed", "sent"], "failed"),
            (["opted_out"], "failed"),
            (["unknown"], "accepted"),
        ],
    )
    @pytest.mark.parametrize("at_once", [True, False])
    def test_a_message_only_moves_up(self, channel: Channel, told: list[str], state: str, *, at_once: bool) -> None:
        message, *_ = on_their_way(channel, PHONES[0])
        events = [event(message, DeliveryStatus(word)) for word in told]
        for some in [events] if at_once else [[one] for one in events]:
            apply_events(channel, *some)
        assert states(message) == [state]

    @pytest.mark.parametrize("status", STATUSES)
    def test_an_unknown_message_is_resolved(self, channel: Channel, status: DeliveryStatus) -> None:
        message, *_ = on_their_way(channel, PHONES[0], state="unknown")
        apply_events(channel, event(message, status))
        assert states(message) == [apply.STATES[status]]

    @pytest.mark.parametrize("state", ["pending", "skipped"])
    @pytest.mark.parametrize("status", STATUSES)
    def test_a_message_that_was_not_posted_stays(self, channel: Channel, state: str, status: DeliveryStatus) -> None:
        message, *_ = on_their_way(channel, PHONES[0], state=state)
        assert apply_events(channel, event(message, status)) == [False]
        assert states(message) == [state]

    @pytest.mark.parametrize("order", list(itertools.permutations(["sent", "delivered", "read"])))
    def test_every_order_ends_alike(self, channel: Channel, order: Sequence[str]) -> None:
        message, *_ = on_their_way(channel, PHONES[0])
        for word in order:
            apply_events(channel, event(message, DeliveryStatus(word)))
        message.refresh_from_db()
        assert message.state == "read"
        assert message.delivered_at
        assert message.read_at

    def test_a_failure_keeps_its_reason_until_the_message_arrives_after_all(self, channel: Channel) -> None:
        message, *_ = on_their_way(channel, PHONES[0])
        apply_events(channel, event(message, DeliveryStatus.FAILED, code="131026", reason="Undeliverable"))
        message.refresh_from_db()
        assert (message.error_code, message.error_text) == ("131026", "Undeliverable")
        apply_events(channel, event(message, DeliveryStatus.DELIVERED))
        message.refresh_from_db()
        assert (message.state, message.error_code, message.error_text) == ("delivered", "", "")

    @pytest.mark.parametrize("at_once", [True, False])
    def test_an_id_that_the_answer_did_not_give_is_learnt(self, channel: Channel, *, at_once: bool) -> None:
        message, *_ = on_their_way(channel, PHONES[0], state="unknown")
        events = [event(message, DeliveryStatus.SENT, provider_id="A-1"), event(message, DeliveryStatus.READ)]
        for some in [events] if at_once else [[one] for one in events]:
            apply_events(channel, *some)
        message.refresh_from_db()
        assert message.provider_id == "A-1"


def test_counts_equal_a_recount_whatever_is_told(channel: Channel) -> None:
    chance = random.Random(7)  # noqa: S311
    messages = on_their_way(channel, *(f"+62812{number:08d}" for number in range(60)))
    for message in messages[::3]:
        Message.objects.filter(pk=message.pk).update(state="unknown")
    ledger.counts_of([messages[0].batch_id])
    for _ in range(10):
        told = [event(chance.choice(messages), chance.choice(STATUSES)) for _ in range(40)]
        apply_events(channel, *told)
        broadcast = messages[0].broadcast
        assert progress.progress(broadcast).counts == progress.recount(broadcast)


def test_every_status_of_a_provider_leads_to_a_state_or_is_left_alone() -> None:
    assert set(apply.STATES) == set(STATUSES)
    assert set(apply.STATES.values()) <= {state for targets in RECEIPT_MOVES.values() for state in targets}


class TestWaiting:
    def test_a_stored_receipt_is_applied_once(self, channel: Channel) -> None:
        message, *_ = on_their_way(channel, PHONES[0])
        receipt, *_ = receive(channel, body(message, "delivered"))
        assert (apply.apply_waiting(), apply.apply_waiting()) == (1, 0)
        receipt.refresh_from_db()
        assert states(message) == ["delivered"]
        assert (receipt.outcome, receipt.attempts) == ("1 of 1 events applied", 1)
        assert receipt.applied_at

    def test_a_receipt_before_its_result_waits_for_it(self, channel: Channel) -> None:
        message, *_ = on_their_way(channel, PHONES[0], state="pending")
        receipt, *_ = receive(channel, body(message, "delivered"))
        apply.apply_waiting()
        receipt.refresh_from_db()
        assert receipt.applied_at is None
        assert receipt.apply_after > timezone.now()
        assert receipt.outcome == "0 of 1 events applied"
        assert apply.apply_waiting() == 0
        Message.objects.update(state="accepted")
        ledger.counts_of([message.batch_id])
        assert look_again() == 1
        assert states(message) == ["delivered"]

    def test_it_waits_longer_each_time_but_never_too_long(self, channel: Channel) -> None:
        receipt, *_ = receive(channel, b'{"status": "read", "extra_info": {"ref": "theirs"}}')
        waits = []
        while receipt.applied_at is None:
            look_again()
            receipt.refresh_from_db()
            waits.append(receipt.apply_after - timezone.now())
        assert waits[0] < waits[1] < waits[2]
        assert max(waits) <= waiting.LONGEST_WAIT

    def test_it_is_looked_at_so_often_and_no_more(self, channel: Channel) -> None:
        receive(channel, b'{"status": "read", "extra_info": {"ref": "theirs"}}')
        assert sum(look_again() for _ in range(waiting.PATIENCE + 5)) == waiting.PATIENCE
        assert Receipt.objects.get().outcome == "0 of 1 events applied"

    def test_junk_is_done_with_at_once(self, channel: Channel) -> None:
        receive(channel, b"OK", b"", b"[[[")
        assert apply.apply_waiting() == 3
        assert {receipt.outcome for receipt in Receipt.objects.all()} == {"nothing in it for us"}

    def test_a_channel_that_is_set_up_wrongly_loses_no_receipt(self, channel: Channel) -> None:
        message, *_ = on_their_way(channel, PHONES[0])
        secrets, channel.secrets = channel.secrets, {}
        channel.save()
        receive(channel, body(message, "delivered"))
        apply.apply_waiting()
        assert Receipt.objects.get().outcome == "cannot be read with the channel's settings"
        channel.secrets = secrets
        channel.save()
        look_again()
        assert states(message) == ["delivered"]

    def test_many_at_once_of_several_channels(self, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(waiting, "BULK", 4)
        other = Channel.objects.create(name="Other", kind="kaleyra", config=channel.config, secrets=channel.secrets)
        mine, theirs = on_their_way(channel, *PHONES), on_their_way(other, *PHONES)
        for message in [*mine, *theirs]:
            receive(message.broadcast.sender, body(message, "delivered"))
        assert [apply.apply_waiting() for _ in range(3)] == [4, 2, 0]
        assert states(*mine, *theirs) == ["delivered"] * 6

    def test_a_receipt_is_not_believed_on_another_channel(self, channel: Channel, polled: Channel) -> None:
        message, *_ = on_their_way(polled, PHONES[0])
        receive(channel, body(message, "failed"))
        apply.apply_waiting()
        assert states(message) == ["accepted"]


def test_old_receipts_are_discarded(channel: Channel, settings: Any) -> None:
    old, new = receive(channel, b"old", b"new")
    settings.RECEIPT_DAYS = 10
    Receipt.objects.filter(pk=old.pk).update(received_at=timezone.now() - timedelta(days=11))
    Receipt.objects.filter(pk=new.pk).update(received_at=timezone.now() - timedelta(days=9))
    assert retention.discard_old_receipts() == 1
    assert list(Receipt.objects.all()) == [new]


def test_old_receipts_are_discarded_a_part_at_a_time(
    channel: Channel, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    settings.RECEIPT_DAYS = 0
    receive(channel, *[b"old"] * 5)
    with monkeypatch.context() as hurry:
        hurry.setattr(retention, "RECEIPTS_TURN_S", -1)
        assert retention.discard_old_receipts() == 2
    assert retention.discard_old_receipts() == 3
