"""How far a broadcast is, told by its batches and confirmed by its rows."""

from datetime import timedelta

import pytest
from django.utils import timezone

from broadcaster.models import COUNTED_STATES, Broadcast, Message
from broadcaster.sending import ledger
from broadcaster.sending.ledger import Change
from broadcaster.sending.progress import counts_of, progress, recount
from tests.sending.broadcasts import claimed, composed, prepared, reload, rows

pytestmark = pytest.mark.django_db


def sending(total: int, accepted: int) -> Broadcast:
    broadcast = prepared(total)
    claimed()
    changes = [Change(row.pk, row.batch_id, "pending", "accepted") for row in rows(broadcast)[:accepted]]
    ledger.write(changes, now=timezone.now())
    return reload(broadcast)


def test_a_draft_has_made_none() -> None:
    now = progress(composed())
    assert (now.total, now.done, now.percent, now.seconds_left) == (0, 0, 0, None)
    assert now.counts == dict.fromkeys(COUNTED_STATES, 0)


def test_done_is_what_no_longer_waits() -> None:
    now = progress(sending(10, 4))
    assert (now.total, now.done, now.percent) == (10, 4, 40)
    assert (now.counts["accepted"], now.counts["pending"]) == (4, 6)


def test_percent_is_never_rounded_up_to_the_end() -> None:
    assert progress(sending(300, 299)).percent == 99


def test_the_rate_tells_how_long_it_still_takes() -> None:
    broadcast = sending(10, 5)
    Broadcast.objects.update(started_at=timezone.now() - timedelta(minutes=5))
    now = progress(reload(broadcast))
    assert now.rate_per_second == pytest.approx(0.5)
    assert now.seconds_left == 10


def test_what_was_sent_long_ago_is_no_rate() -> None:
    broadcast = sending(10, 5)
    Message.objects.update(accepted_at=timezone.now() - timedelta(minutes=1))
    now = progress(broadcast)
    assert (now.rate_per_second, now.seconds_left) == (0, None)


@pytest.mark.parametrize("state", ["paused", "completed", "cancelled"])
def test_a_broadcast_that_does_not_send_has_no_rate(state: str) -> None:
    broadcast = sending(10, 5)
    broadcast.state = state
    assert progress(broadcast).rate_per_second == 0


def test_many_broadcasts_are_counted_at_once(django_assert_num_queries: object) -> None:
    one, other, empty = sending(10, 4), prepared([500]), composed([600])
    with django_assert_num_queries(1):  # type: ignore[operator]
        counts = counts_of([one.pk, other.pk, empty.pk])
    assert [sum(counts[each.pk].values()) for each in (one, other, empty)] == [10, 1, 0]


def test_a_recount_of_the_rows_agrees() -> None:
    broadcast = sending(10, 4)
    assert recount(broadcast) == progress(broadcast).counts


def test_a_recount_sees_what_was_not_counted() -> None:
    broadcast = sending(10, 4)
    Message.objects.filter(state="pending").update(state="failed")
    assert recount(broadcast) != progress(broadcast).counts
