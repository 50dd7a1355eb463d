"""What people and the clock do to a broadcast."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from broadcaster.models import Broadcast, Channel, Message
from broadcaster.sending import batches, recovery, schedule, states
from broadcaster.sending.ledger import Change
from tests.sending.broadcasts import (
    claimed,
    composed,
    group_of,
    people,
    prepared,
    preparing,
    reload,
    rows,
    states_of,
)

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def scheduled(**late: float) -> Broadcast:
    """A broadcast that should have gone out so long ago (or, where negative, goes out in the future)."""
    broadcast = composed()
    schedule.schedule(broadcast, send_at=timezone.now())
    Broadcast.objects.filter(pk=broadcast.pk).update(send_at=timezone.now() - timedelta(**late))
    return reload(broadcast)


# -- schedule ----------------------------------------------------------------------------------------------------------


def test_scheduling_freezes_what_is_sent() -> None:
    broadcast, send_at = composed(), timezone.now() + 60 * MINUTE
    schedule.schedule(broadcast, send_at=send_at)
    assert broadcast.template
    broadcast.template.translations.update(content={"name": "changed"})
    assert (reload(broadcast).state, reload(broadcast).send_at) == ("scheduled", send_at)
    assert reload(broadcast).content["translations"]["eng"]["name"] == "welcome"


def test_now_may_be_a_little_past_when_it_arrives() -> None:
    broadcast, now = composed(), timezone.now()
    schedule.schedule(broadcast, send_at=now - timedelta(seconds=30))
    assert broadcast.start >= now


def refused(broadcast: Broadcast, **minutes: int) -> schedule.NotReady:
    with pytest.raises(schedule.NotReady) as refusal:
        schedule.schedule(broadcast, send_at=timezone.now() + timedelta(**minutes))
    assert reload(broadcast).state == "draft"
    return refusal.value


def test_a_time_that_is_past_is_refused() -> None:
    problem = refused(composed(), minutes=-2).problems[0]
    assert (problem.step, problem.field) == ("schedule", "send_at")
    assert "past" in problem.sentence


@pytest.mark.parametrize("expires_in", [-5, 10])
def test_an_expiry_before_the_start_is_refused(expires_in: int) -> None:
    broadcast = composed(expires_at=timezone.now() + expires_in * MINUTE)
    assert [problem.field for problem in refused(broadcast, minutes=20).problems] == ["expires_at"]


def test_a_broadcast_without_a_time_is_told_to_choose_one() -> None:
    assert [problem.field for problem in schedule.time_problems(composed())] == ["send_at"]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    broadcast = composed(0, template=None, channel=None)
    assert {problem.field for problem in refused(broadcast, minutes=-2).problems} == {
        "send_at",
        "channel",
        "template",
        "groups",
    }


def test_a_warning_does_not_keep_it_back() -> None:
    broadcast = composed()
    Channel.objects.update(hold_reason="No credit.")
    schedule.schedule(broadcast, send_at=timezone.now())
    assert broadcast.state == "scheduled"


NO_DRAFT = [state for state in Broadcast.State if state != "draft"]


@pytest.mark.parametrize("state", NO_DRAFT)
def test_only_a_draft_is_scheduled(state: str) -> None:
    broadcast = composed(state=state, send_at=timezone.now())
    with pytest.raises(states.MoveRefused):
        schedule.schedule(broadcast, send_at=timezone.now())
    assert reload(broadcast).state == state


def test_two_who_schedule_the_same_draft_schedule_it_once() -> None:
    broadcast = composed()
    mine, yours = reload(broadcast), reload(broadcast)
    schedule.schedule(mine, send_at=timezone.now() + 5 * MINUTE)
    with pytest.raises(states.MoveRefused):
        schedule.schedule(yours, send_at=timezone.now() + 9 * MINUTE)
    assert reload(broadcast).send_at == mine.send_at


@pytest.mark.parametrize("state", ["awaiting_approval", "scheduled", "missed", "failed"])
def test_back_to_the_desk(state: str) -> None:
    broadcast = composed(state=state, send_at=timezone.now(), content={"kind": "text"}, approved_fingerprint="x")
    schedule.unschedule(broadcast)
    assert (broadcast.state, broadcast.content, broadcast.approved_fingerprint) == ("draft", {}, "")


def test_what_is_being_prepared_stays_off_the_desk() -> None:
    with pytest.raises(states.MoveRefused):
        schedule.unschedule(preparing())


# -- the clock ---------------------------------------------------------------------------------------------------------


def test_what_is_due_soon_is_prepared_ahead_of_its_time() -> None:
    soon, far = scheduled(minutes=-4), scheduled(minutes=-6)
    assert settings.PREPARE_AHEAD_S == 300
    assert schedule.start_due() == [soon.pk]
    assert (reload(soon).state, reload(far).state) == ("preparing", "scheduled")


def test_the_earliest_is_prepared_first() -> None:
    later, earlier = scheduled(minutes=1), scheduled(minutes=2)
    assert schedule.start_due() == [earlier.pk, later.pk]


def test_what_is_found_too_late_waits_for_a_person() -> None:
    late, punctual = scheduled(minutes=121), scheduled(minutes=119)
    assert schedule.start_due() == [punctual.pk]
    assert reload(late).state == "missed"
    assert "120 minutes" in reload(late).state_reason


def test_a_second_tick_starts_nothing_twice() -> None:
    scheduled(minutes=1)
    assert len(schedule.start_due()) == 1
    assert schedule.start_due() == []


# -- pause, resume, cancel ---------------------------------------------------------------------------------------------


def test_a_paused_broadcast_hands_nothing_out_until_it_is_resumed() -> None:
    broadcast = prepared()
    batches.release(claimed())
    schedule.pause(broadcast)
    assert batches.claim("worker") is None
    schedule.resume(broadcast)
    assert broadcast.state == "sending"
    assert claimed()


def test_a_resume_before_the_start_goes_back_to_waiting_for_it() -> None:
    broadcast = prepared(send_at=timezone.now() + MINUTE)
    schedule.pause(broadcast)
    schedule.resume(broadcast)
    assert broadcast.state == "preparing"
    assert reload(broadcast).started_at is None


def test_a_broadcast_whose_last_window_ended_in_the_pause_is_completed_by_the_resume() -> None:
    broadcast = prepared(1)
    batch = claimed()
    schedule.pause(broadcast)
    batches.record(batch, [Change(rows(broadcast)[0].pk, batch.pk, "pending", "accepted")], [])
    batches.release(batch)
    assert reload(broadcast).state == "paused"
    schedule.resume(broadcast)
    assert reload(broadcast).state == "completed"


@pytest.mark.parametrize("state", ["draft", "scheduled", "preparing", "sending", "completed", "cancelled"])
def test_only_what_is_paused_can_be_resumed(state: str) -> None:
    broadcast = composed(state=state, send_at=timezone.now(), started_at=timezone.now())
    with pytest.raises(states.MoveRefused):
        schedule.resume(broadcast)
    assert reload(broadcast).state == state


STAGES: dict[str, Callable[[], Broadcast]] = {
    "draft": composed,
    "scheduled": scheduled,
    "preparing": preparing,
    "prepared": prepared,
}


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_cancelling_skips_everyone_who_waits(stage: Callable[[], Broadcast]) -> None:
    broadcast = stage()
    schedule.cancel(broadcast)
    assert (reload(broadcast).state, reload(broadcast).finished_at is None) == ("cancelled", False)
    assert set(states_of(broadcast)) <= {"skipped"}
    assert set(Message.objects.values_list("error_code", flat=True)) <= {"cancelled"}
    assert batches.claim("worker") is None


def test_cancelling_leaves_results_as_they_are() -> None:
    broadcast = prepared(3)
    batch = claimed()
    batches.record(batch, [Change(rows(broadcast)[0].pk, batch.pk, "pending", "accepted")], [])
    batches.release(batch)
    schedule.cancel(broadcast)
    assert states_of(broadcast) == {"accepted": 1, "skipped": 2}


def test_a_batch_that_was_out_during_the_cancel_is_skipped_after_its_return() -> None:
    broadcast = prepared(3)
    batch = claimed()
    schedule.cancel(broadcast)
    assert states_of(broadcast) == {"pending": 3}
    batches.release(batch)
    recovery.settle()
    assert states_of(broadcast) == {"skipped": 3}
    assert {batch.state for batch in broadcast.batches.all()} == {"done"}


@pytest.mark.parametrize("state", ["completed", "cancelled"])
def test_what_has_ended_cannot_be_cancelled(state: str) -> None:
    with pytest.raises(states.MoveRefused):
        schedule.cancel(composed(state=state, send_at=timezone.now()))


# -- copy --------------------------------------------------------------------------------------------------------------


def test_a_copy_is_a_draft_with_the_same_message_and_audience() -> None:
    original = prepared(priority=3, time_zone="Asia/Jakarta", late_cutoff_s=60, name="N" * 100)
    original.exclude_groups.set([group_of(people([900]), "Never")])
    author = User.objects.create(username="ann")
    twin = reload(schedule.copy(original, author=author))
    for name in ("channel", "template", "priority", "time_zone", "late_cutoff_s", "upload"):
        assert getattr(twin, name) == getattr(original, name)
    assert list(twin.groups.all()) == list(original.groups.all())
    assert list(twin.exclude_groups.all()) == list(original.exclude_groups.all())
    assert (twin.state, twin.send_at, twin.author, twin.parent) == ("draft", None, author, original)


def test_a_copy_takes_no_rows_along() -> None:
    twin = schedule.copy(prepared())
    assert (rows(twin), twin.total, twin.batch_count, twin.prepared_at) == ([], 0, 0, None)
