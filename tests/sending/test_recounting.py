"""The counts that people see against the rows, and how they are mended while others write."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from broadcaster.models import Broadcast, Channel
from broadcaster.sending import batches, ledger, recounting
from broadcaster.sending.ledger import Change
from tests.running import wait_for
from tests.sending.broadcasts import (
    accept,
    channel_and_template,
    claimed,
    prepared,
    rows,
    states_of,
    with_own_connection,
)

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[int, str]:
    """(Exit code, output) of the command."""
    output = StringIO()
    try:
        call_command("recount", *arguments, stdout=output)
    except SystemExit as end:
        return int(end.code or 0), output.getvalue()
    return 0, output.getvalue()


def miscounted(recipients: int | list[int] = 5) -> Broadcast:
    broadcast = prepared(recipients)
    broadcast.batches.update(pending=3, accepted=2)
    return broadcast


def test_counts_that_agree_need_no_words() -> None:
    prepared(5)
    assert run() == (0, "")


def test_each_broadcast_that_differs_is_a_line() -> None:
    wrong, _ = miscounted(), prepared([900])
    assert run() == (1, f"{wrong.pk} June: pending 3 not 5, accepted 2 not 0 (batches: 1)\n")


def test_errors_of_two_batches_that_make_up_for_each_other_are_found() -> None:
    channel_and_template()
    Channel.objects.update(rate_per_second=1)
    broadcast = prepared(10)
    for number, pending in ((1, 6), (2, 4)):
        broadcast.batches.filter(number=number).update(pending=pending)
    code, told = run()
    assert (code, "single batches do not (batches: 2)" in told) == (1, True)


def test_every_batch_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    channel_and_template()
    Channel.objects.update(rate_per_second=1)
    monkeypatch.setattr(recounting, "BATCHES", 2)
    broadcast = prepared(25)
    broadcast.batches.filter(number=5).update(pending=0)
    found = list(recounting.differences(broadcast.pk))
    assert [(each.counted, each.rows) for each in found] == [({"pending": 0}, {"pending": 5})]


def test_one_broadcast_can_be_named() -> None:
    wrong, right = miscounted(), prepared([900])
    assert run("--broadcast", str(right.pk)) == (0, "")
    assert run("--broadcast", str(wrong.pk))[0] == 1


def test_an_unknown_broadcast_is_an_error() -> None:
    with pytest.raises(CommandError, match="no broadcast 12345"):
        run("--broadcast", "12345")


def test_without_being_asked_nothing_is_written() -> None:
    broadcast = miscounted()
    run()
    assert broadcast.batches.get().pending == 3


def test_what_differs_is_mended() -> None:
    broadcast = miscounted()
    code, told = run("--fix")
    assert (code, told.strip().endswith("mended")) == (0, True)
    assert states_of(broadcast) == {"pending": 5}
    assert run() == (0, "")


def test_mending_keeps_a_lease_and_its_mark() -> None:
    broadcast = miscounted()
    batch = claimed()
    batches.hand_over(batch, through=2)
    run("--fix")
    accept(batch, rows(broadcast)[:1])
    assert states_of(broadcast) == {"pending": 4, "accepted": 1}


@pytest.mark.django_db(transaction=True)
def test_a_write_that_is_on_its_way_is_not_lost() -> None:
    """Somebody has changed a row and not yet committed, when the batch is counted anew."""
    broadcast = miscounted()
    batch = broadcast.batches.get()
    change = Change(rows(broadcast)[0].pk, batch.pk, "pending", "accepted")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            ledger.write([change], now=timezone.now())
            mending = pool.submit(with_own_connection, lambda: recounting.mend(batch.pk))
            if connection.vendor == "postgresql":
                wait_for(lambda: _somebody_waits() or mending.done())
        mending.result()
    assert states_of(broadcast) == {"pending": 4, "accepted": 1}


@pytest.mark.django_db(transaction=True)
def test_who_comes_meanwhile_waits_and_counts_on_top() -> None:
    broadcast = miscounted()
    batch = broadcast.batches.get()
    change = Change(rows(broadcast)[0].pk, batch.pk, "pending", "accepted")

    def write() -> None:
        with transaction.atomic():
            ledger.write([change], now=timezone.now())

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            recounting.mend(batch.pk)
            writing = pool.submit(with_own_connection, write)
            if connection.vendor == "postgresql":
                wait_for(_somebody_waits)
        writing.result()
    assert states_of(broadcast) == {"pending": 4, "accepted": 1}


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        row = cursor.fetchone()
    return bool(row and row[0])
