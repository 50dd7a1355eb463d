"""A broadcast whose content the provider refuses stops after its first few messages and waits for a person."""

from collections.abc import Sequence
from typing import Any

import pytest

from broadcaster.models import Broadcast, Channel, Contact, Message
from broadcaster.sending import expansion, pump, refusals, schedule
from broadcaster.sending.refusals import FIRST
from tests.sending.broadcasts import channel_and_template, group_of, preparing, reload, states_of
from tests.simulating import Simulator

pytestmark = pytest.mark.django_db

REFUSED, THROTTLED, CUT_OFF, ORDINARY = "0001", "0003", "0006", "1234"
MANY = 3 * FIRST


@pytest.fixture
def channel(simulator: Simulator) -> Channel:
    channel, _ = channel_and_template("kaleyra", simulator.url)
    return channel


def prepared_for(phones: Sequence[str], **fields: Any) -> Broadcast:
    """A broadcast to these phones, in this order."""
    broadcast = preparing([], **fields)
    contacts = Contact.objects.bulk_create(
        Contact(name="Person", phone=each, fields={"city": "Solo"}) for each in phones
    )
    broadcast.groups.set([group_of(contacts, name="These phones")])
    assert expansion.expand(broadcast.pk, worker="preparer")
    return broadcast


def phones(*endings: str) -> list[str]:
    """A phone of its own for each of the endings, which decide on the provider's answer."""
    return [f"+62813{prefix:04d}{ending}" for prefix, ending in enumerate(endings, start=1000)]


def test_a_broadcast_whose_first_messages_are_all_refused_alike_is_paused_with_the_reason(channel: Channel) -> None:
    broadcast = prepared_for(phones(*[REFUSED] * MANY))
    pump.run()
    broadcast = reload(broadcast)
    assert broadcast.state == "paused"
    assert broadcast.state_reason == (
        "The provider refused the first messages, all for the same reason: Kaleyra does not take the message as it "
        "stands; check template, language and variables. Kaleyra says: Refer to correct payload format. "
        "Mend it, or let it go on."
    )
    assert states_of(broadcast) == {"failed": FIRST, "pending": MANY - FIRST}
    assert broadcast.batches.get().state == "ready"


@pytest.mark.parametrize("concurrency", [1, 3, 50])
def test_no_more_than_the_first_few_are_posted(channel: Channel, simulator: Simulator, concurrency: int) -> None:
    Channel.objects.update(concurrency=concurrency)
    prepared_for(phones(*[REFUSED] * MANY))
    pump.run()
    posted = simulator.totals()["kaleyra"]["requests"]
    assert FIRST <= posted < 2 * FIRST  # a window more, where the first few are no whole number of windows
    assert states_of(Broadcast.objects.get())["failed"] == posted


def test_a_person_lets_it_go_on_to_its_end(channel: Channel) -> None:
    broadcast = prepared_for(phones(*[REFUSED] * MANY))
    pump.run()
    schedule.resume(reload(broadcast))
    assert (reload(broadcast).state, reload(broadcast).state_reason) == ("sending", "")
    pump.run()
    assert states_of(broadcast) == {"failed": MANY}
    assert reload(broadcast).state == "completed"


def test_what_was_mended_meanwhile_goes_out_after_a_resume(channel: Channel, simulator: Simulator) -> None:
    broadcast = prepared_for(phones(*[REFUSED] * FIRST, *[ORDINARY] * FIRST))
    pump.run()
    schedule.resume(reload(broadcast))
    pump.run()
    assert states_of(broadcast) == {"failed": FIRST, "accepted": FIRST}
    assert simulator.totals()["kaleyra"]["requests"] == 2 * FIRST  # nobody is asked for twice


@pytest.mark.parametrize(
    "codes", [["7003", "7004"] * MANY, ["7003", "7003", "7004", "7004"] * MANY], ids=["in a window", "window by window"]
)
def test_different_reasons_are_no_reason_to_stop(simulator: Simulator, codes: Sequence[str]) -> None:
    channel, _ = channel_and_template("imiconnect", simulator.url)
    Channel.objects.update(config=channel.config | {"batch_size": 1}, concurrency=1)
    numbers = phones(*[ORDINARY] * MANY)
    refused = {"kind": "error", "provider": "imiconnect"}
    simulator.misbehave(*(refused | {"whom": whom, "code": code} for whom, code in zip(numbers, codes, strict=False)))
    broadcast = prepared_for(numbers, kind="imiconnect")
    pump.run()
    assert states_of(broadcast) == {"failed": MANY}
    assert set(Message.objects.values_list("error_code", flat=True)) == {"7003", "7004"}
    assert reload(broadcast).state == "completed"


def test_one_request_that_carries_all_of_the_first_ones_counts_for_each(simulator: Simulator) -> None:
    channel_and_template("imiconnect", simulator.url)
    numbers = phones(*[ORDINARY] * MANY)
    wrong = {"kind": "error", "provider": "imiconnect", "code": "7004"}  # for all of a request, whoever it is about
    simulator.misbehave(*(wrong | {"whom": whom} for whom in numbers))
    broadcast = prepared_for(numbers, kind="imiconnect")
    pump.run()
    assert reload(broadcast).state == "paused"
    assert states_of(broadcast) == {"failed": FIRST, "pending": MANY - FIRST}


@pytest.mark.parametrize("place", [0, FIRST - 1])
def test_one_accepted_among_the_first_lets_it_go_on(channel: Channel, place: int) -> None:
    endings = [REFUSED] * MANY
    endings[place] = ORDINARY
    broadcast = prepared_for(phones(*endings))
    pump.run()
    assert states_of(broadcast) == {"failed": MANY - 1, "accepted": 1}
    assert reload(broadcast).state == "completed"


def test_what_was_accepted_in_an_earlier_batch_counts(channel: Channel) -> None:
    Channel.objects.update(rate_per_second=FIRST // 5)  # batches of five seconds each
    broadcast = prepared_for(phones(ORDINARY, *[REFUSED] * (2 * FIRST)))
    Channel.objects.update(rate_per_second=1_000)
    assert broadcast.batches.count() > 2
    pump.run()
    assert reload(broadcast).state == "completed"
    assert states_of(broadcast) == {"accepted": 1, "failed": 2 * FIRST}


def test_an_unknown_one_among_them_is_no_reason_to_stop(channel: Channel) -> None:
    endings = [REFUSED] * MANY
    endings[3] = CUT_OFF  # the provider may have taken that one
    broadcast = prepared_for(phones(*endings))
    pump.run()
    assert states_of(broadcast) == {"failed": MANY - 1, "unknown": 1}
    assert reload(broadcast).state == "completed"


def test_a_throttled_one_among_them_only_puts_it_off(channel: Channel) -> None:
    endings = [REFUSED] * MANY
    endings[3] = THROTTLED
    broadcast = prepared_for(phones(*endings))
    pump.run(life_s=5)
    assert reload(broadcast).state == "paused"
    assert states_of(broadcast) == {"failed": 2 * FIRST - 1, "pending": FIRST + 1}


@pytest.mark.parametrize("people", [3, FIRST])
def test_a_short_broadcast_that_is_refused_simply_ends(channel: Channel, people: int) -> None:
    broadcast = prepared_for(phones(*[REFUSED] * people))
    pump.run()
    assert states_of(broadcast) == {"failed": people}
    assert (reload(broadcast).state, reload(broadcast).state_reason) == ("completed", "")


def test_a_person_who_cancelled_meanwhile_is_not_overruled(
    channel: Channel, monkeypatch: pytest.MonkeyPatch, simulator: Simulator
) -> None:
    broadcast = prepared_for(phones(*[REFUSED] * MANY))
    look = refusals.look

    def cancelled_first(*arguments: Any) -> bool:
        schedule.cancel(reload(broadcast))
        return look(*arguments)

    monkeypatch.setattr(refusals, "look", cancelled_first)
    pump.run()
    assert reload(broadcast).state == "cancelled"
    assert simulator.totals()["kaleyra"]["requests"] == FIRST
