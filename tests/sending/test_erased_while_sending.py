"""Somebody is erased while a worker sends: before any step, they are not written to any more, and counts agree."""

from collections.abc import Callable
from typing import Any

import pytest

from broadcaster.models import Broadcast, Contact, Message
from broadcaster.sending import batches, erasing, pacing, pump, results
from broadcaster.sending.window import Builder
from tests.audiences import phone
from tests.sending.broadcasts import ORDINARY, prepared, reload, states_of
from tests.sending.pumps import WIDTH, arrived, before_call, narrow_channel
from tests.simulating import Simulator

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 8 * WIDTH
LAST = phone(ORDINARY + PEOPLE - 1)
STEPS: list[tuple[Any, str, int]] = [
    *((Builder, "build", nth) for nth in (1, 2, 3)),
    *((pacing, "reserve", nth) for nth in (1, 2, 3)),
    *((batches, "hand_over", nth) for nth in (1, 2)),  # those after are handed over with the results of others
    *((results, "record", nth) for nth in (1, 2, 3)),
]


@pytest.fixture
def broadcast(simulator: Simulator) -> Broadcast:
    narrow_channel(simulator)
    return prepared(PEOPLE, url=simulator.url)


def erase(address: str) -> Callable[[], None]:
    return lambda: erasing.erase(Contact.objects.get(phone=address), author=None, reason="")


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step[1]}-{step[2]}")
def test_who_is_further_back_is_never_written_to(
    broadcast: Broadcast, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, step: tuple[Any, str, int]
) -> None:
    where, name, nth = step
    monkeypatch.setattr(where, name, before_call(nth, getattr(where, name), erase(LAST)))
    pump.run()
    assert not Contact.objects.filter(phone=LAST).exists()
    assert arrived(simulator)[LAST] == 0
    assert states_of(broadcast) == {"accepted": PEOPLE - 1, "skipped": 1}
    assert reload(broadcast).state == "completed"


@pytest.mark.parametrize("nth", [1, 2])
def test_what_was_handed_over_still_gets_its_result(
    broadcast: Broadcast, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    monkeypatch.setattr(results, "record", before_call(nth, results.record, erase(phone(ORDINARY))))
    pump.run()
    assert arrived(simulator)[phone(ORDINARY)] == 1
    assert states_of(broadcast) == {"accepted": PEOPLE}
    assert Message.objects.get(address="erased").state == "accepted"
