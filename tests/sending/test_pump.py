"""The pump against a provider: everybody once, and what is stopped in the middle stays stopped."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from broadcaster.audience import consent
from broadcaster.models import Batch, Broadcast, Channel, Message, ProviderCall
from broadcaster.sending import batches, closing, pump, refusals, schedule
from broadcaster.sending.stopping import Stopping
from tests.audiences import phone
from tests.sending.broadcasts import (
    channel_and_template,
    claimed,
    prepared,
    reload,
    rows,
    send_all,
    send_batch,
    send_next,
    states_of,
    with_own_connection,
)
from tests.simulating import Simulator, wait_until

pytestmark = pytest.mark.django_db

REFUSED, THROTTLED, CUT_OFF, FAILING, LOW_BALANCE = 1, 3, 6, 7, 8


@pytest.fixture
def arrived(simulator: Simulator) -> Callable[[], Counter[str]]:
    """How often each address was accepted by the provider."""
    channel_and_template("kaleyra", simulator.url)
    return lambda: Counter(message["address"] for message in simulator.accepted("kaleyra"))


Arrived = Callable[[], Counter[str]]


# -- everybody once ----------------------------------------------------------------------------------------------------


def test_everyone_gets_the_message_once_and_the_broadcast_completes(arrived: Arrived) -> None:
    broadcast = prepared(40)
    tally = pump.run()
    assert (tally.batches, tally.messages, tally.more) == (1, 40, False)
    assert arrived() == Counter(phone(100 + n) for n in range(40))
    assert states_of(broadcast) == {"accepted": 40}
    assert reload(broadcast).state == "completed"


def test_the_providers_id_is_on_each_row(arrived: Arrived, simulator: Simulator) -> None:
    broadcast = prepared(5)
    pump.run()
    ids = {message["address"]: message["provider_id"] for message in simulator.accepted()}
    assert {row.address: row.provider_id for row in rows(broadcast)} == ids


def test_each_gets_the_own_values(arrived: Arrived, simulator: Simulator) -> None:
    prepared(2)
    Message.objects.filter(address=phone(100)).update(variables={"contact.first_name": "Ayu", "fields.city": "Malang"})
    pump.run()
    contents = {message["address"]: str(message["content"]) for message in simulator.accepted()}
    assert "Malang" in contents[phone(100)]
    assert "Malang" not in contents[phone(101)]


def test_messages_with_equal_content_share_a_request(simulator: Simulator) -> None:
    channel_and_template("rapidpro", simulator.url)
    prepared(30, kind="rapidpro")
    Message.objects.update(variables={})
    pump.run()
    sent = simulator.accepted("rapidpro")
    requests = Counter(message["request"] for message in sent)
    assert sorted(requests.values()) == [refusals.FIRST, 30 - refusals.FIRST]


def test_several_broadcasts_are_sent_by_one_pump(arrived: Arrived) -> None:
    broadcasts = [prepared([number]) for number in (100, 200, 300)]
    assert pump.run().batches == 3
    assert {reload(broadcast).state for broadcast in broadcasts} == {"completed"}


def test_somebody_who_opted_out_after_expansion_gets_nothing(arrived: Arrived) -> None:
    broadcast = prepared(3)
    consent.suppress([phone(101)], channel=None, reason="STOP", source="inbound")
    pump.run()
    assert arrived() == Counter([phone(100), phone(102)])
    assert states_of(broadcast) == {"accepted": 2, "skipped": 1}
    assert reload(broadcast).state == "completed"


def test_nothing_is_posted_after_the_expiry(arrived: Arrived) -> None:
    broadcast = prepared(30)
    Broadcast.objects.update(send_at=timezone.now() - timedelta(hours=1), expires_at=timezone.now())
    pump.run()
    assert arrived() == Counter()
    assert states_of(broadcast) == {"expired": 30}
    assert reload(broadcast).state == "completed"


def test_the_first_call_of_a_batch_is_kept_without_the_key(arrived: Arrived) -> None:
    broadcast = prepared(5)
    pump.run()
    call = ProviderCall.objects.get()
    assert (call.batch.broadcast_id, call.method) == (broadcast.pk, "POST")
    key = broadcast.sender.secrets["api_key"]
    assert key not in f"{call.url} {call.request} {call.response}"


# -- what the provider says --------------------------------------------------------------------------------------------


def test_a_refused_message_fails_with_the_providers_reason(arrived: Arrived) -> None:
    broadcast = prepared([REFUSED, 100])
    send_all(broadcast)
    assert states_of(broadcast) == {"failed": 1, "accepted": 1}
    failed = Message.objects.get(state="failed")
    assert failed.error_code
    assert failed.error_text
    assert ProviderCall.objects.exists()


def test_a_throttled_message_arrives_later_at_no_cost(arrived: Arrived) -> None:
    broadcast = prepared([THROTTLED])
    send_next()
    waiting = Message.objects.get()
    assert (waiting.state, waiting.attempts, waiting.batch.number) == ("pending", 0, 2)
    send_all(broadcast)
    assert (states_of(broadcast), Message.objects.get().attempts) == ({"accepted": 1}, 1)
    assert arrived() == Counter([phone(THROTTLED)])


def test_a_provider_in_trouble_is_asked_only_so_often(arrived: Arrived, simulator: Simulator) -> None:
    broadcast = prepared([FAILING])
    send_all(broadcast)
    assert (states_of(broadcast), Message.objects.get().attempts) == ({"failed": 1}, 5)
    assert simulator.totals()["kaleyra"]["refused"] == 5
    assert reload(broadcast).state == "completed"


def test_a_message_without_an_answer_is_unknown_and_never_sent_again(arrived: Arrived) -> None:
    broadcast = prepared([CUT_OFF])
    send_all(broadcast)
    assert pump.run().messages == 0
    assert states_of(broadcast) == {"unknown": 1}
    assert arrived() == Counter([phone(CUT_OFF)])


def test_without_credit_the_channel_is_held_and_nobody_is_lost(arrived: Arrived) -> None:
    broadcast = prepared([LOW_BALANCE, *range(100, 111)])
    send_next()
    channel = Channel.objects.get()
    assert channel.hold_reason
    assert channel.hold_until
    assert states_of(broadcast) == {"accepted": 9, "pending": 3}  # the first window, and nothing after it
    assert batches.claim("worker") is None


def test_a_provider_that_cannot_be_reached_costs_nobody() -> None:
    broadcast = prepared(3)
    send_next()
    assert states_of(broadcast) == {"pending": 3}
    assert {row.attempts for row in rows(broadcast)} == {1}


def test_a_channel_that_lost_its_key_is_held_with_the_reason() -> None:
    broadcast = prepared(3)
    channel = Channel.objects.get()
    channel.secrets = {}
    channel.save()
    assert send_next() == 0
    assert Channel.objects.get().hold_reason
    assert states_of(broadcast) == {"pending": 3}
    assert Batch.objects.get().state == "ready"


# -- stopped in the middle ---------------------------------------------------------------------------------------------


def test_a_pump_that_is_told_to_stop_claims_nothing(arrived: Arrived) -> None:
    prepared(3)
    stopping = Stopping()
    stopping.asked = True
    tally = pump.run(stopping=stopping)
    assert (tally.batches, tally.more) == (0, True)


def test_a_pump_that_winds_down_gives_its_batch_back(arrived: Arrived) -> None:
    Channel.objects.update(concurrency=1)
    broadcast = prepared(30)
    with pump.Pump(pump.Tally()) as working:
        working.claim()
        working.wind_down()
    assert Batch.objects.get().state == "ready"
    assert 0 < len(arrived()) < 30
    send_all(broadcast)
    assert arrived() == Counter(phone(100 + n) for n in range(30))


def test_a_pump_with_nothing_to_do_ends() -> None:
    assert not pump.run().more


def test_a_pump_waits_for_what_is_due_soon() -> None:
    prepared(send_at=timezone.now() + timedelta(seconds=60))
    tally = pump.run(life_s=0.01)
    assert (tally.messages, tally.more) == (0, True)


def test_a_worker_that_lost_its_lease_posts_nothing(arrived: Arrived) -> None:
    broadcast = prepared(3)
    batch = claimed()
    Batch.objects.update(lease_worker="thief")
    assert send_batch(batch) == 0
    assert arrived() == Counter()
    assert states_of(broadcast) == {"pending": 3}
    assert Batch.objects.get().lease_worker == "thief"


@pytest.fixture
def in_the_middle(transactional_db: None, arrived: Arrived, simulator: Simulator) -> Iterator[Broadcast]:
    """A broadcast of which another worker has sent some; the worker ends with the test."""
    simulator.configure(latency_ms=20)
    Channel.objects.update(concurrency=1)
    broadcast = prepared(80)
    worker = threading.Thread(target=with_own_connection, args=[lambda: pump.run(life_s=60)])
    worker.start()
    wait_until(lambda: len(arrived()) > 3)
    yield broadcast
    simulator.configure(latency_ms=0)
    worker.join()


STOPS: dict[str, Callable[[Broadcast], object]] = {
    "pause": schedule.pause,
    "cancel": schedule.cancel,
    "disable": lambda _: Channel.objects.update(enabled=False),
    "hold": lambda _: Channel.objects.update(hold_reason="Stopped by Ann."),
}
CONTINUATIONS: dict[str, Callable[[Broadcast], object]] = {
    "pause": schedule.resume,
    "disable": lambda _: Channel.objects.update(enabled=True),
    "hold": lambda _: Channel.objects.update(hold_reason=""),
}


def stop(broadcast: Broadcast, how: str) -> None:
    STOPS[how](broadcast)
    wait_until(lambda: not Batch.objects.filter(state="leased").exists())


@pytest.mark.parametrize("how", CONTINUATIONS)
def test_what_was_stopped_goes_on_where_it_was(in_the_middle: Broadcast, arrived: Arrived, how: str) -> None:
    stop(in_the_middle, how)
    assert states_of(in_the_middle) == {"accepted": len(arrived()), "pending": 80 - len(arrived())}
    assert len(arrived()) < 80
    CONTINUATIONS[how](reload(in_the_middle))
    pump.run(life_s=60)
    assert arrived() == Counter(phone(100 + n) for n in range(80))
    assert reload(in_the_middle).state == "completed"


def test_after_a_cancel_nothing_more_is_posted(in_the_middle: Broadcast, arrived: Arrived) -> None:
    stop(in_the_middle, "cancel")
    sent = arrived()
    closing.close(in_the_middle.pk, life_s=60)
    assert states_of(in_the_middle) == {"accepted": len(sent), "skipped": 80 - len(sent)}
    assert pump.run(life_s=5).messages == 0
    assert arrived() == sent
