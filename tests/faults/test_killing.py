"""The verdict itself: it must see each way in which the promise can be broken."""

from collections.abc import Iterator

import pytest

from broadcaster.models import Batch, Broadcast, Message
from tests.audiences import phone
from tests.faults.killing import Course, Plan, most_unknown, problems
from tests.sending.broadcasts import prepared
from tests.simulating import Simulator

PEOPLE = [phone(100 + number) for number in range(3)]


class Arrived(Simulator):
    """A record that the test has written."""

    def __init__(self, *addresses: str) -> None:
        self.recorded = addresses

    def addresses(self, provider: str = "") -> Iterator[str]:
        return iter(self.recorded)


@pytest.fixture
def broadcast(db: None) -> Broadcast:
    """Sent to three people, all accepted."""
    broadcast = prepared(3)
    Message.objects.update(state="accepted")
    Batch.objects.update(pending=0, accepted=3, state="done")
    Broadcast.objects.update(state="completed")
    return broadcast


def found(broadcast: Broadcast, *addresses: str, unknown_at_most: int = 0) -> str:
    return "; ".join(problems(broadcast, Arrived(*addresses), unknown_at_most=unknown_at_most))


def test_a_promise_that_was_kept_has_no_problems(broadcast: Broadcast) -> None:
    assert found(broadcast, *PEOPLE) == ""
    assert found(broadcast, f"tel:{PEOPLE[0]}", PEOPLE[1].lstrip("+"), PEOPLE[2]) == ""


def test_a_message_that_arrived_twice_is_seen(broadcast: Broadcast) -> None:
    assert found(broadcast, *PEOPLE, PEOPLE[1]) == f"1 accepted twice, such as ['{PEOPLE[1]}']"


def test_a_message_that_never_arrived_is_seen(broadcast: Broadcast) -> None:
    assert found(broadcast, *PEOPLE[:2]).startswith("1 ours say they went out, the provider does not")


@pytest.mark.parametrize("state", ["failed", "skipped", "expired"])
def test_a_message_that_arrived_against_our_word_is_seen(broadcast: Broadcast, state: str) -> None:
    move(broadcast, state)
    assert found(broadcast, *PEOPLE).startswith("1 ours say they did not go out, the provider has them")


def test_somebody_who_still_waits_is_seen(broadcast: Broadcast) -> None:
    move(broadcast, "pending")
    assert found(broadcast, *PEOPLE[1:]).startswith("1 still pending")


def test_more_unknowns_than_the_kills_explain_are_seen(broadcast: Broadcast) -> None:
    move(broadcast, "unknown")
    assert found(broadcast, *PEOPLE[1:], unknown_at_most=1) == ""
    assert found(broadcast, *PEOPLE[1:]).startswith("1 unknown")


def test_counts_that_are_not_those_of_the_rows_are_seen(broadcast: Broadcast) -> None:
    Message.objects.filter(address=PEOPLE[0]).update(state="unknown")
    assert found(broadcast, *PEOPLE, unknown_at_most=1).startswith("counts {")


def test_a_broadcast_that_does_not_end_is_seen(broadcast: Broadcast) -> None:
    Broadcast.objects.update(state="sending")
    assert found(broadcast, *PEOPLE) == "the broadcast is sending"


def test_the_cost_of_a_message_is_measured_between_two_shares_of_the_way() -> None:
    course = Course(arrivals=[(0.0, 0), (5.0, 50), (6.0, 100), (7.0, 900), (11.0, 1000)])
    assert course.ms_per_message(0.0, 0.1) == 20.0  # the time before the first message is no cost of sending
    assert course.ms_per_message(0.9, 1.0) == 40.0


def test_each_kill_may_leave_one_window_of_each_pump_unknown() -> None:
    course = Course()
    course.kills.update({"one process": 2, "connections": 1})
    assert most_unknown(Plan(10, 3, seed=1, concurrency=16, workers=3), course) == 3 * 2 * 16 * 2


def move(broadcast: Broadcast, state: str) -> None:
    """Put the first person into another state, and the counts with it."""
    Message.objects.filter(address=PEOPLE[0]).update(state=state)
    Batch.objects.update(accepted=2, **{state: 1})
