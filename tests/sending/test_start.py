"""The clock and a broadcast: prepared ahead, out when it is due, and missed when that is long past."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from broadcaster.models import Broadcast
from broadcaster.sending import batches, expansion, schedule, states
from tests.running import wait_for
from tests.sending.broadcasts import claimed, prepared, preparing, reload, scheduled

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def test_what_is_due_soon_is_prepared_ahead_of_its_time() -> None:
    soon, far = scheduled(minutes=-4), scheduled(minutes=-6)
    assert settings.PREPARE_AHEAD_S == 300
    assert schedule.start_due() == [soon.pk]
    assert (reload(soon).state, reload(far).state) == ("preparing", "scheduled")


def test_the_earliest_is_prepared_first() -> None:
    later, earlier = scheduled(minutes=1), scheduled(minutes=2)
    assert schedule.start_due() == [earlier.pk, later.pk]


def test_the_most_urgent_is_prepared_first() -> None:
    normal, urgent, low = scheduled(minutes=2), scheduled(minutes=1), scheduled(minutes=3)
    for broadcast, priority in ((urgent, 3), (low, 1)):
        Broadcast.objects.filter(pk=broadcast.pk).update(priority=priority)
    assert schedule.start_due() == [urgent.pk, normal.pk, low.pk]


def test_what_is_found_too_late_waits_for_a_person() -> None:
    late, punctual = scheduled(minutes=121), scheduled(minutes=119)
    assert schedule.start_due() == [punctual.pk]
    assert reload(late).state == "missed"
    assert "120 minutes" in reload(late).state_reason


def test_a_second_tick_starts_nothing_twice() -> None:
    scheduled(minutes=1)
    assert len(schedule.start_due()) == 1
    assert schedule.start_due() == []


def test_what_was_prepared_ahead_leaves_when_it_is_due() -> None:
    send_at = timezone.now() + timedelta(seconds=1)
    broadcast = prepared(send_at=send_at)
    assert batches.claim("early") is None
    assert reload(broadcast).state == "preparing"
    assert wait_for(lambda: batches.claim("worker"), seconds=30)
    assert timezone.now() >= send_at
    assert reload(broadcast).state == "sending"


PREPARATIONS: dict[str, Callable[..., Broadcast]] = {"prepared": prepared, "half prepared": preparing}


@pytest.mark.parametrize("stage", PREPARATIONS.values(), ids=PREPARATIONS)
def test_what_was_prepared_for_a_time_long_past_waits_for_a_person(stage: Callable[..., Broadcast]) -> None:
    late, punctual = (stage([number], send_at=timezone.now() - number * MINUTE) for number in (121, 119))
    assert schedule.miss_late() == [late.pk]
    assert "120 minutes" in reload(late).state_reason
    assert (reload(late).state, reload(punctual).state) == ("missed", "preparing")
    assert schedule.miss_late() == []


def test_a_missed_broadcast_hands_nothing_out_and_is_not_prepared_on() -> None:
    broadcast = preparing(send_at=timezone.now() - timedelta(hours=3))
    schedule.miss_late()
    assert not expansion.expand(broadcast.pk, worker="worker")
    Broadcast.objects.update(prepared_at=timezone.now())
    assert batches.claim("worker") is None


def test_what_has_begun_is_never_missed() -> None:
    broadcast = prepared()
    batches.release(claimed())
    Broadcast.objects.update(send_at=timezone.now() - timedelta(days=1))
    assert schedule.miss_late() == []
    assert not states.is_missed(reload(broadcast), timezone.now())
