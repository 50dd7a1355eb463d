"""What must not harm a receipt: a death in the middle, two appliers at once, a flood of junk, a stranger's word."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcaster import gateway
from broadcaster.models import Broadcast, Channel, Message, Receipt
from broadcaster.receipts import apply, matching, waiting
from broadcaster.sending import ledger, progress
from providers import ReceiptEvent
from tests.content.conftest import make_channel
from tests.receipts.conftest import PHONES, on_their_way, states
from tests.receipts.test_apply import body, look_again, receive
from tests.running import ROOT, database_url
from tests.sending.broadcasts import in_threads

JUNK = b'{"status": "read", "extra_info": {"ref": "theirs"}}'


def counts_agree(*broadcasts: Broadcast) -> bool:
    return all(progress.progress(one).counts == progress.recount(one) for one in broadcasts)


class TestDeath:
    """The messages, their counts and the receipts are written together or not at all."""

    STEPS = {
        "before anything is written": "broadcaster.sending.ledger:write",
        "between the messages and their counts": "broadcaster.sending.ledger:shift_counts",
        "between the counts and the opt-outs": "broadcaster.receipts.opt_outs:honour",
        "between the messages and the receipts": "broadcaster.receipts.waiting:write",
    }

    @pytest.mark.parametrize("function", STEPS.values(), ids=STEPS)
    def test_nothing_is_half_done_and_all_of_it_is_done_later(
        self, transactional_db: None, channel: Channel, function: str
    ) -> None:
        first, second, third = on_their_way(channel, *PHONES)
        receive(channel, body(first, "delivered"), body(second, "failed"), body(third, "read"))
        die(function)
        assert states(first, second, third) == ["accepted"] * 3
        assert Receipt.objects.filter(applied_at=None, attempts=0).count() == 3
        assert counts_agree(first.broadcast)
        assert apply.apply_waiting() == 3
        assert states(first, second, third) == ["delivered", "failed", "read"]
        assert counts_agree(first.broadcast)


def die(function: str) -> None:
    """Let an applier of its own process work until it is killed."""
    environment = {**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "broadcaster.settings"}
    command = [sys.executable, "-m", "tests.receipts.dying", function]
    assert subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == -signal.SIGKILL


class TestTwoAppliers:
    WORDS = ("sent", "delivered", "delivered", "read", "failed")

    def test_each_receipt_is_applied_once_and_the_counts_agree(
        self, transactional_db: None, channel: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(waiting, "BULK", 20)
        broadcasts = [self.busy(channel), self.busy(make_channel("kaleyra", "Second"))]
        assert sum(in_threads(2, drain)) == Receipt.objects.count() == 400
        assert set(Receipt.objects.values_list("attempts", "outcome")) == {(1, "1 of 1 events applied")}
        assert set(Message.objects.values_list("state", flat=True)) == {"read"}
        assert counts_agree(*broadcasts)

    def busy(self, channel: Channel) -> Broadcast:
        """A broadcast that is told of each of its messages again and again, in any order."""
        messages = on_their_way(channel, *(f"+62812{number:08d}" for number in range(40)))
        told = [body(message, word) for message in messages for word in self.WORDS]
        random.Random(channel.pk).shuffle(told)  # noqa: S311
        receive(channel, *told)
        return messages[0].broadcast


def drain() -> int:
    """Apply until nothing is due; how many receipts were looked at."""
    return sum(iter(apply.apply_waiting, 0))


class TestFlood:
    def test_what_waits_again_and_again_lets_the_fresh_pass(
        self, channel: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(waiting, "BULK", 4)
        message, *_ = on_their_way(channel, PHONES[0])
        receive(channel, *[JUNK] * 40)
        Receipt.objects.update(attempts=3, apply_after="2020-01-01T00:00Z")
        receive(channel, body(message, "delivered"))
        apply.apply_waiting()
        assert states(message) == ["delivered"]

    def test_what_waits_again_gets_its_turn_however_much_is_fresh(
        self, channel: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(waiting, "BULK", 4)
        message, *_ = on_their_way(channel, PHONES[0], state="pending")
        receive(channel, body(message, "delivered"))
        apply.apply_waiting()
        receive(channel, *[JUNK] * 40)
        Message.objects.update(state="accepted")
        ledger.counts_of([message.batch_id])
        assert look_again() == 4
        assert states(message) == ["delivered"]

    def test_the_fresh_are_taken_in_the_order_in_which_they_came(self, channel: Channel) -> None:
        receipts = receive(channel, *[JUNK] * 5)
        with transaction.atomic():
            assert [taken.pk for taken in waiting.take(timezone.now())] == [receipt.pk for receipt in receipts]


@pytest.fixture
def plans(db: None) -> Iterator[Callable[[Callable[[], object]], list[str]]]:
    """How the database would run what some work asks it, if its tables were large."""

    def explain(work: Callable[[], object]) -> list[str]:
        with transaction.atomic(), CaptureQueriesContext(connection) as queries:
            work()
        asked = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
        return [plan(sql) for sql in asked]

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        yield explain


def plan(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + sql)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


class TestIndexes:
    """A partial index is used only where the question implies its condition; a scan would follow the flood."""

    def test_due_receipts(self, plans: Callable[[Callable[[], object]], list[str]]) -> None:
        repeats, fresh = plans(lambda: waiting.take(timezone.now()))
        assert "receipt_repeat" in repeats
        assert "receipt_fresh" in fresh

    def test_many_messages(self, channel: Channel, plans: Callable[[Callable[[], object]], list[str]]) -> None:
        numbers = range(500)
        by_id = [ReceiptEvent(None, reference=f"{'0' * 16}-{number}") for number in numbers]
        by_provider_id = [ReceiptEvent(None, provider_id=f"A-{number}") for number in numbers]
        by_address = [ReceiptEvent(None, address=f"+62812{number:08d}") for number in numbers]
        of_provider, of_address, locked, *_ = plans(
            lambda: matching.messages_of(channel, [*by_id, *by_provider_id, *by_address])
        )
        assert "message_by_provider_id" in of_provider
        assert "message_by_address" in of_address
        assert "broadcaster_message_pkey" in locked or "message USING INTEGER PRIMARY KEY" in locked


class TestStrangers:
    @pytest.mark.parametrize("by", ["reference", "id", "address"])
    def test_the_address_of_another_channel_moves_nothing(self, channel: Channel, by: str) -> None:
        message, *_ = on_their_way(channel, PHONES[0], provider_id="A-1")
        words: dict[str, Any] = {
            "reference": {"extra_info": {"ref": gateway.reference(message.broadcast, message.pk)}},
            "id": {"id": "A-1"},
            "address": {"recipient_id": PHONES[0]},
        }
        told = json.dumps({"status": "delivered"} | words[by]).encode()
        receive(make_channel("kaleyra", "Another"), told)
        apply.apply_waiting()
        assert states(message) == ["accepted"]
        receive(channel, told)
        apply.apply_waiting()
        assert states(message) == ["delivered"]


def test_a_receipt_that_breaks_the_adapter_waits_alone(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = channel.client_class
    parse = adapter.parse_receipts

    def break_on_junk(self: Any, method: str, headers: Any, query: Any, told: bytes) -> Any:
        return parse(self, method, headers, query, told) if told != JUNK else next(iter(()))

    message, *_ = on_their_way(channel, PHONES[0])
    broken, _ = receive(channel, JUNK, body(message, "read"))
    monkeypatch.setattr(adapter, "parse_receipts", break_on_junk)
    assert apply.apply_waiting() == 2
    broken.refresh_from_db()
    assert states(message) == ["read"]
    assert (broken.applied_at, broken.outcome) == (None, apply.UNREADABLE)


def test_an_unknown_message_turns_out_to_have_arrived(channel: Channel) -> None:
    message, *_ = on_their_way(channel, PHONES[0], state="unknown")
    receive(channel, body(message, "delivered"))
    apply.apply_waiting()
    assert states(message) == ["delivered"]
    assert counts_agree(message.broadcast)
