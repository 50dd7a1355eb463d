"""A worker that was suspended wakes up when its lease is long over: it posts nothing and writes nothing any more."""

import pytest
from django.contrib.auth.models import User

from broadcaster.models import Batch, Broadcast, Channel, Message
from broadcaster.sending import batches, clock, outcomes, pump, recovery, results, unknowns
from broadcaster.sending.results import Results
from tests.sending.broadcasts import (
    accept,
    channel_and_template,
    let_leases_run_out,
    prepared,
    reload,
    rows,
    send_next,
    states_of,
)
from tests.sending.pumps import arrived
from tests.simulating import Simulator

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 8
WIDTH = 2


@pytest.fixture
def broadcast(simulator: Simulator) -> Broadcast:
    channel_and_template("kaleyra", simulator.url)
    Channel.objects.update(concurrency=WIDTH)
    return prepared(PEOPLE, goes_on_refused=True)


def recover() -> None:
    """What the tick of another host does while this one is suspended."""
    let_leases_run_out()
    recovery.recover_leases()


def test_posts_that_waited_in_a_suspension_are_not_made(
    broadcast: Broadcast, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = pump.Tally()
    with pump.Pump(tally) as suspended:
        suspended.claim()  # two windows are marked and wait for their threads
        assert Batch.objects.get().handed_through == 2 * WIDTH
        recover()
        lost = Message.objects.filter(state="unknown")
        assert unknowns.send_again(broadcast, lost, person=User.objects.create_user("ann")) == 2 * WIDTH
        while Batch.objects.filter(state="ready", pending__gt=0).exists():
            send_next()
        assert sum(arrived(simulator).values()) == PEOPLE
        monkeypatch.setattr(clock, "since_boot_s", lambda: float("inf"))  # the machine wakes up
        suspended.wind_down()
    assert set(arrived(simulator).values()) == {1}
    assert states_of(broadcast) == {"accepted": PEOPLE}


def test_a_lease_of_the_same_worker_on_the_same_batch_is_another_lease(broadcast: Broadcast) -> None:
    lost = batches.claim("worker")
    assert lost
    batches.hand_over(lost, through=4)
    recover()
    anew = batches.claim("worker")
    assert anew
    assert anew.pk == lost.pk
    with pytest.raises(batches.LeaseLost):
        accept(lost, rows(broadcast)[:2])
    batches.hand_over(anew, through=PEOPLE)
    with pytest.raises(batches.LeaseLost):
        accept(lost, rows(broadcast)[2:4])
    accept(anew, rows(broadcast)[4:])
    batches.release(lost)
    batches.release(anew)
    assert states_of(broadcast) == {"unknown": 4, "accepted": 4}
    assert reload(broadcast).state == "completed"


def test_a_mark_whose_answer_was_lost_stands_though_the_channel_is_held_by_then(broadcast: Broadcast) -> None:
    batch = batches.claim("worker")
    assert batch
    batches.hand_over(batch, through=2)  # its answer is lost with the connection ...
    outcomes.hold(broadcast.sender, reason="No credit.", until=None)
    batches.hand_over(batch, through=2)  # ... so it is tried again, and what is marked is posted
    with pytest.raises(batches.NotWanted):
        batches.hand_over(batch, through=4)
    accept(batch, rows(broadcast)[:2])
    assert not results.record(batch, Results(), hand_over=4)
    assert states_of(broadcast) == {"accepted": 2, "pending": PEOPLE - 2}
