"""Providers asked about lost answers: what is found is accepted, once, and everything else waits for a person."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django_q.brokers import get_broker

from broadcaster import tasks
from broadcaster.models import Batch, Broadcast, Channel, Message
from broadcaster.receipts import polling
from broadcaster.sending import asking, batches, ledger, unknowns
from broadcaster.sending.ledger import Change
from providers import http
from tests.audiences import phone
from tests.queued import queued
from tests.sending.broadcasts import (
    NOWHERE,
    channel_and_template,
    claimed,
    in_threads,
    prepared,
    reload,
    rows,
    send_all,
    states_of,
)
from tests.simulating import Simulator, wait_until

pytestmark = pytest.mark.django_db

UNANSWERED, CUT_OFF, GARBLED, SOMEBODY = 5, 6, 10, 100


@pytest.fixture(autouse=True)
def nothing_asked_yet() -> Iterator[None]:
    cache.clear()
    get_broker().purge_queue()
    yield
    cache.clear()


def sent(simulator: Simulator, *numbers: int, **fields: Any) -> Broadcast:
    """A text that was posted to each of these people, alone."""
    broadcast = prepared(numbers, kind="rapidpro", url=simulator.url, **fields)
    send_all(broadcast)
    return reload(broadcast)


def move(row: Message, state: str) -> None:
    with transaction.atomic():
        ledger.write([Change(row.pk, row.batch_id, row.state, state)], now=timezone.now())


def lost(simulator: Simulator, number: int = SOMEBODY) -> Broadcast:
    """A text whose worker died before it posted anything."""
    broadcast = prepared([number], kind="rapidpro", url=simulator.url)
    batch = claimed()
    move(rows(broadcast)[0], "unknown")
    batches.release(batch)
    return broadcast


def ask(broadcast: Broadcast) -> int:
    return asking.ask(broadcast.sender.pk)


def ids(simulator: Simulator, number: int) -> list[str]:
    return [message["provider_id"] for message in simulator.accepted("rapidpro", f"tel:{phone(number)}")]


@pytest.mark.parametrize("number", [CUT_OFF, GARBLED])
def test_what_was_made_is_accepted_and_its_receipts_come_in(simulator: Simulator, number: int) -> None:
    broadcast = sent(simulator, number)
    assert states_of(broadcast) == {"unknown": 1}
    assert ask(broadcast) == 1
    assert states_of(broadcast) == {"accepted": 1}
    [row] = rows(broadcast)
    assert [row.provider_id] == ids(simulator, number)
    assert (row.error_code, row.error_text) == ("", "")
    wait_until(lambda: polling.poll(broadcast.sender.pk) == 1 and states_of(broadcast).keys() <= {"delivered", "read"})


def test_people_who_shared_a_post_are_found_together(simulator: Simulator) -> None:
    _, template = channel_and_template("rapidpro", simulator.url)
    template.translations.update(content={"text": "We are closed on Saturday."})
    broadcast = sent(simulator, CUT_OFF, SOMEBODY)
    assert states_of(broadcast) == {"unknown": 2}
    assert ask(broadcast) == 2
    assert len({row.provider_id for row in rows(broadcast)}) == 1


def test_what_was_not_made_stays_unknown(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_TIMEOUT_S", 0.5)
    broadcast = sent(simulator, UNANSWERED)
    assert (ask(broadcast), states_of(broadcast)) == (0, {"unknown": 1})


def test_nobody_asks_about_somebody_who_was_erased(simulator: Simulator) -> None:
    broadcast = sent(simulator, UNANSWERED)
    Message.objects.update(address="erased")
    assert ask(broadcast) == 0
    assert states_of(broadcast) == {"unknown": 1}


def test_the_post_of_an_equal_message_is_not_taken(simulator: Simulator) -> None:
    equal = sent(simulator, SOMEBODY)
    broadcast = lost(simulator)
    assert (ask(broadcast), states_of(broadcast), states_of(equal)) == (0, {"unknown": 1}, {"accepted": 1})


def test_one_post_resolves_one_of_two_equal_messages(simulator: Simulator) -> None:
    made, never_made = sent(simulator, CUT_OFF), lost(simulator, CUT_OFF)
    assert ask(made) == 1
    assert ask(made) == 0
    assert sorted([*states_of(made), *states_of(never_made)]) == ["accepted", "unknown"]


def test_two_posts_resolve_two_equal_messages_with_an_id_each(simulator: Simulator) -> None:
    first, second = sent(simulator, CUT_OFF), sent(simulator, CUT_OFF)
    assert ask(first) == 2
    assert sorted(row.provider_id for row in [*rows(first), *rows(second)]) == sorted(ids(simulator, CUT_OFF))


@pytest.mark.django_db(transaction=True)
def test_asked_at_the_same_time_one_post_still_resolves_one(simulator: Simulator) -> None:
    made, never_made = sent(simulator, CUT_OFF), lost(simulator, CUT_OFF)
    assert sum(in_threads(4, lambda: ask(made))) == 1
    assert sorted([*states_of(made), *states_of(never_made)]) == ["accepted", "unknown"]


def test_a_message_treated_as_sent_may_have_made_the_post(simulator: Simulator, admin_user: Any) -> None:
    made, never_made = sent(simulator, CUT_OFF), lost(simulator, CUT_OFF)
    unknowns.treat_as_sent(made, unknowns.unknown_of(made), person=admin_user)
    assert (ask(made), states_of(never_made)) == (0, {"unknown": 1})


def test_a_message_on_its_way_may_have_made_the_post(simulator: Simulator) -> None:
    never_made, made = lost(simulator, CUT_OFF), sent(simulator, CUT_OFF)
    row = rows(made)[0]
    move(row, "pending")
    Batch.objects.filter(pk=row.batch_id).update(state="leased", handed_through=1, lease_until=timezone.now())
    assert (ask(made), states_of(never_made)) == (0, {"unknown": 1})


def test_a_person_or_a_receipt_that_was_quicker_wins(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    broadcast = sent(simulator, CUT_OFF)
    lookup = broadcast.sender.client_class.lookup

    def slow(*arguments: Any) -> list[list[str]]:
        found = lookup(*arguments)
        move(rows(broadcast)[0], "failed")
        return found

    monkeypatch.setattr(broadcast.sender.client_class, "lookup", slow)
    assert (ask(broadcast), states_of(broadcast)) == (0, {"failed": 1})


def test_the_post_of_an_earlier_time_is_not_taken(simulator: Simulator) -> None:
    broadcast = sent(simulator, CUT_OFF)
    later = timezone.now() + timedelta(hours=1)
    Batch.objects.update(not_before=later, started_at=later)
    Message.objects.update(changed_at=later)
    assert (ask(broadcast), states_of(broadcast)) == (0, {"unknown": 1})


# -- who is asked, and how often ---------------------------------------------------------------------------------------


def asked() -> list[tuple[str, tuple[Any, ...]]]:
    return [(name, arguments) for name, arguments in queued() if name == "ask_unknowns"]


def test_the_tick_asks_who_can_be_asked_and_has_something_to_be_asked_about(simulator: Simulator) -> None:
    broadcast = sent(simulator, CUT_OFF)
    send_all(prepared([CUT_OFF], url=simulator.url))
    assert Message.objects.filter(state="unknown").count() == 2
    tasks.tick()
    assert asked() == [("ask_unknowns", (broadcast.sender.pk,))]


@pytest.mark.parametrize("fate", ["accepted", "too old", "disabled", "unknown provider"])
def test_the_tick_asks_nobody_else(simulator: Simulator, fate: str) -> None:
    broadcast = sent(simulator, SOMEBODY if fate == "accepted" else CUT_OFF)
    if fate == "too old":
        Message.objects.update(changed_at=timezone.now() - asking.ASK_FOR)
    Channel.objects.filter(pk=broadcast.sender.pk).update(
        enabled=fate != "disabled", kind="gone" if fate == "unknown provider" else "rapidpro"
    )
    assert asking.channels() == []


def test_a_channel_is_not_asked_too_often(simulator: Simulator) -> None:
    broadcast = sent(simulator, CUT_OFF)
    tasks.ask_unknowns(broadcast.sender.pk)
    again = sent(simulator, CUT_OFF)
    tasks.ask_unknowns(broadcast.sender.pk)
    assert (states_of(broadcast), states_of(again)) == ({"accepted": 1}, {"unknown": 1})


def test_what_was_found_is_polled_for_soon(simulator: Simulator) -> None:
    broadcast = sent(simulator, CUT_OFF)
    tasks.ask_unknowns(broadcast.sender.pk)
    assert ("poll_channel", (broadcast.sender.pk,)) in queued()


def test_a_provider_that_cannot_be_asked_is_a_line_in_the_log(
    simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    broadcast = sent(simulator, CUT_OFF)
    channel = Channel.objects.get(pk=broadcast.sender.pk)
    channel.config |= {"base_url": NOWHERE}
    channel.save()
    with caplog.at_level(logging.WARNING):
        assert ask(broadcast) == 0
    assert "could not be asked about lost answers" in caplog.text
    assert states_of(broadcast) == {"unknown": 1}
