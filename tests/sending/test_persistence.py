"""The database goes away for a moment, at any step: what was posted is still written, once, and nothing is unknown."""

import pkgutil
from collections import Counter
from collections.abc import Callable
from copy import copy
from typing import Any

import pytest
from django.conf import settings
from django.db import DataError, InterfaceError, OperationalError, connection, transaction

from broadcaster.models import Batch, Broadcast, Channel, Message
from broadcaster.sending import batches, pump, recovery, schedule
from broadcaster.sending.persistence import persistently
from tests.audiences import phone
from tests.sending.broadcasts import channel_and_template, let_leases_run_out, prepared, reload, rows, states_of
from tests.simulating import Simulator

pytestmark = pytest.mark.django_db(transaction=True)

REFUSED, THROTTLED, CUT_OFF = 1, 3, 6
PEOPLE = 12
WINDOW = 4  # the concurrency of the channel below

Function = Callable[..., Any]
Change = Callable[[str, Callable[[Function], Function]], None]


# -- the function ------------------------------------------------------------------------------------------------------


class Work:
    """Work that fails with these errors, one a call, and then gives its answer."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self, answer: str = "done") -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return answer


def test_work_that_succeeds_is_done_once() -> None:
    work = Work()
    assert persistently(work, answer="well done") == "well done"
    assert work.calls == 1


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_work_is_done_again_with_a_new_connection(error: Exception) -> None:
    connection.ensure_connection()
    broken = connection.connection
    work = Work(error, error)
    assert persistently(work) == "done"
    assert work.calls == 3
    connection.ensure_connection()
    assert connection.connection is not broken


@pytest.mark.parametrize("error", [DataError("too long"), batches.LeaseLost(), KeyError("a mistake of ours")])
def test_an_error_that_is_not_the_databases_absence_is_raised_at_once(error: Exception) -> None:
    work = Work(error)
    with pytest.raises(type(error)):
        persistently(work)
    assert work.calls == 1


def test_inside_a_transaction_it_is_raised_at_once() -> None:
    work = Work(OperationalError("gone"))
    with pytest.raises(OperationalError), transaction.atomic():
        persistently(work)
    assert work.calls == 1


def test_it_gives_up_before_the_lease_may_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "LEASE_S", 0.5)
    work = Work(*[OperationalError("gone")] * 100)
    with pytest.raises(OperationalError):
        persistently(work)
    assert 1 < work.calls < 10


# -- the pump ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def channel(simulator: Simulator) -> Channel:
    channel, _ = channel_and_template("kaleyra", simulator.url)
    Channel.objects.update(concurrency=WINDOW)
    return channel


def cut() -> None:
    """What a restart of the database does to our connection."""
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch) -> Change:
    """Wrap `module.function` of the engine."""

    def wrap(path: str, wrapper: Callable[[Function], Function]) -> None:
        full = f"broadcaster.sending.{path}"
        monkeypatch.setattr(full, wrapper(pkgutil.resolve_name(full)))

    return wrap


def before(nth: int, function: Function, happens: Callable[[], None]) -> Function:
    """The function, but this happens before its nth call."""
    calls = 0

    def wrapped(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth:
            happens()
        return function(*arguments, **options)

    return wrapped


def everyone_got_it_once(broadcast: Broadcast, simulator: Simulator) -> None:
    """Nobody twice, nobody lost, nobody unknown, and the counts are those of the rows."""
    assert Counter(message["address"] for message in simulator.accepted()) == Counter(
        phone(100 + number) for number in range(PEOPLE)
    )
    assert states_of(broadcast) == {"accepted": PEOPLE}
    assert {row.attempts for row in rows(broadcast)} == {1}
    assert reload(broadcast).state == "completed"


STEPS = {
    "before a claim": ("batches.claim", 1),
    "inside a claim": ("batches._lease", 1),
    "before the batch is read": ("lanes.rows_of", 1),
    "before the first slots are taken": ("pacing.reserve", 1),
    "before more slots are taken": ("pacing.reserve", 3),
    "before the first mark": ("batches.hand_over", 1),
    "before the second mark": ("batches.hand_over", 2),
    "after the post, before the channel is told": ("outcomes.apply_to_channel", 1),
    "after the post, before the record": ("outcomes.decide", 1),
    "after the last post, before the record": ("outcomes.decide", 3),
    "inside the record": ("results._count", 1),
    "before the release": ("batches.release", 1),
    "inside the release": ("batches.finish", 1),
    "between the release and the end": ("batches.complete", 1),
}


@pytest.mark.postgres
@pytest.mark.parametrize(("path", "nth"), STEPS.values(), ids=STEPS)
def test_a_connection_that_is_cut_costs_nobody(
    path: str, nth: int, channel: Channel, simulator: Simulator, change: Change
) -> None:
    cuts: list[str] = []

    def happens() -> None:
        cuts.append(path)
        cut()

    broadcast = prepared(PEOPLE, goes_on_refused=True)
    change(path, lambda function: before(nth, function, happens))
    pump.run()
    assert cuts
    everyone_got_it_once(broadcast, simulator)


def test_a_database_that_stays_away_ends_the_pump_and_leaves_the_rest_to_another(
    channel: Channel, simulator: Simulator
) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("the server is gone")

    broadcast = prepared(PEOPLE, goes_on_refused=True)
    with pytest.MonkeyPatch.context() as meanwhile:
        meanwhile.setattr(settings, "LEASE_S", 0.5)
        meanwhile.setattr("broadcaster.sending.outcomes.decide", away)
        with pytest.raises(OperationalError):
            pump.run()
    let_leases_run_out()
    recovery.recover_leases()
    pump.run()
    assert max(Counter(message["address"] for message in simulator.accepted()).values()) == 1
    assert states_of(broadcast) == {"unknown": 2 * WINDOW, "accepted": PEOPLE - 2 * WINDOW}


# -- it was written, and the answer was lost ---------------------------------------------------------------------------


def unheard(function: Function, nth: int = 1) -> Function:
    """The function, but after its nth call nobody hears that the database has done it."""
    calls = 0

    def wrapped(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls != nth:
            return function(*arguments, **options)
        function(*map(copy, arguments), **options)  # so the worker's own batch has not heard of it either
        raise OperationalError("the connection was cut before the answer came")

    return wrapped


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_record_that_was_written_is_not_written_twice(
    nth: int, channel: Channel, simulator: Simulator, change: Change
) -> None:
    change("results.record", lambda record: unheard(record, nth))
    broadcast = prepared(PEOPLE, goes_on_refused=True)
    pump.run()
    everyone_got_it_once(broadcast, simulator)
    assert Batch.objects.get().windows == PEOPLE / WINDOW


def test_refusals_retries_and_unknowns_are_not_written_twice(channel: Channel, change: Change) -> None:
    change("results.record", unheard)
    broadcast = prepared([REFUSED, THROTTLED, CUT_OFF, 100], goes_on_refused=True)
    with pump.Pump(pump.Tally()) as working:
        working.claim()
        while working.lanes:
            working.advance()
            working.collect()
    assert states_of(broadcast) == {"failed": 1, "pending": 1, "unknown": 1, "accepted": 1}
    attempts = dict(Message.objects.values_list("address", "attempts"))
    assert attempts == {phone(REFUSED): 1, phone(THROTTLED): 0, phone(CUT_OFF): 1, phone(100): 1}
    assert sorted(Batch.objects.values_list("windows", "pending")) == [(0, 1), (1, 0)]


def test_a_mark_that_was_moved_is_posted_once(channel: Channel, simulator: Simulator, change: Change) -> None:
    change("batches.hand_over", unheard)
    broadcast = prepared(PEOPLE, goes_on_refused=True)
    pump.run()
    everyone_got_it_once(broadcast, simulator)


def test_a_mark_that_was_moved_unheard_right_before_a_pause_is_posted_all_the_same(
    channel: Channel, simulator: Simulator, change: Change
) -> None:
    broadcast = prepared(PEOPLE, goes_on_refused=True)
    change("batches.hand_over", lambda hand_over: before(2, unheard(hand_over), lambda: schedule.pause(broadcast)))
    pump.run()
    assert states_of(broadcast) == {"accepted": WINDOW, "pending": PEOPLE - WINDOW}
    assert Batch.objects.get().handed_through == len(simulator.accepted()) == WINDOW


def test_a_window_is_recorded_once_though_what_follows_has_to_be_done_again(
    channel: Channel, simulator: Simulator, change: Change
) -> None:
    change("refusals.look", unheard)
    broadcast = prepared(PEOPLE)
    pump.run()
    everyone_got_it_once(broadcast, simulator)


def test_a_batch_that_was_given_back_is_given_back_once(channel: Channel, simulator: Simulator, change: Change) -> None:
    change("batches.release", unheard)
    broadcast = prepared(PEOPLE, goes_on_refused=True)
    pump.run()
    everyone_got_it_once(broadcast, simulator)


def test_a_batch_that_was_claimed_unheard_goes_out_when_its_lease_has_run_out(
    channel: Channel, simulator: Simulator, change: Change
) -> None:
    change("batches.claim", unheard)
    broadcast = prepared(PEOPLE, goes_on_refused=True)
    pump.run()
    assert states_of(broadcast) == {"pending": PEOPLE}
    let_leases_run_out()
    recovery.recover_leases()
    pump.run()
    everyone_got_it_once(broadcast, simulator)
