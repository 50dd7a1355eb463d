"""What people do to a broadcast."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from broadcaster.models import Broadcast, Channel
from broadcaster.sending import batches, closing, expansion, schedule, states
from tests.sending.broadcasts import (
    accept,
    claimed,
    composed,
    group_of,
    people,
    prepared,
    preparing,
    reload,
    rows,
    scheduled,
)

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


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


def test_what_was_missed_gets_a_new_time_and_an_audience_looked_at_anew() -> None:
    broadcast = prepared(5, send_at=timezone.now() - timedelta(hours=3))
    schedule.miss_late()
    schedule.unschedule(broadcast)
    assert (rows(broadcast), broadcast.batches.count(), broadcast.prepared_at) == ([], 0, None)
    broadcast.groups.set([group_of(people([700]), "Fewer")])
    schedule.schedule(broadcast, send_at=timezone.now())
    schedule.start_due()
    assert expansion.expand(broadcast.pk, worker="worker")
    assert [row.contact for row in rows(broadcast)] == people([700])


def test_what_is_being_prepared_stays_off_the_desk() -> None:
    with pytest.raises(states.MoveRefused):
        schedule.unschedule(preparing())


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
    accept(batch, rows(broadcast)[:1])
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


def paused_before_its_start(**late: float) -> Broadcast:
    broadcast = prepared(send_at=timezone.now() - timedelta(**late))
    schedule.pause(broadcast)
    return broadcast


def test_a_person_who_resumes_a_late_broadcast_has_decided_that_it_goes() -> None:
    broadcast = paused_before_its_start(hours=5)
    schedule.resume(broadcast)
    assert schedule.miss_late() == []
    assert claimed().broadcast == broadcast


def test_a_resume_leaves_a_time_that_has_not_come() -> None:
    broadcast = paused_before_its_start(hours=-1)
    schedule.resume(broadcast)
    assert broadcast.start > timezone.now() + 50 * MINUTE


def test_a_late_resume_of_what_has_expired_keeps_its_time() -> None:
    broadcast = paused_before_its_start(hours=5)
    Broadcast.objects.update(expires_at=timezone.now() - MINUTE)
    schedule.resume(broadcast)
    assert broadcast.start < timezone.now() - 299 * MINUTE


def test_a_person_lets_it_go_on_though_the_first_messages_were_refused() -> None:
    broadcast = prepared()
    batches.release(claimed())
    Broadcast.objects.update(state="paused", state_reason="The first 20 messages were all refused.")
    schedule.resume(broadcast)
    assert (broadcast.state_reason, broadcast.goes_on_refused) == ("", True)


def test_a_pause_by_a_person_says_nothing_about_refusals() -> None:
    broadcast = prepared()
    batches.release(claimed())
    schedule.pause(broadcast)
    schedule.resume(broadcast)
    assert not broadcast.goes_on_refused


STAGES: dict[str, Callable[[], Broadcast]] = {
    "draft": composed,
    "scheduled": scheduled,
    "preparing": preparing,
    "prepared": prepared,
}


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_after_a_cancel_nothing_is_handed_out(stage: Callable[[], Broadcast]) -> None:
    broadcast = stage()
    schedule.cancel(broadcast)
    assert (reload(broadcast).state, reload(broadcast).finished_at is None) == ("cancelled", False)
    assert batches.claim("worker") is None


def test_a_cancel_does_not_wait_for_the_rows(django_assert_max_num_queries: Any) -> None:
    broadcast = prepared(30)
    with django_assert_max_num_queries(3):
        schedule.cancel(broadcast)
    assert closing.waiting() == [broadcast.pk]


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


def test_what_a_program_said_beside_the_template_is_kept_and_copied() -> None:
    broadcast = composed(content={"variables": {"event": "Tea"}})
    schedule.schedule(broadcast, send_at=timezone.now())
    assert broadcast.content["variables"] == {"event": "Tea"}
    assert broadcast.content["translations"]
    schedule.unschedule(broadcast)
    assert broadcast.content == {"variables": {"event": "Tea"}}
    assert schedule.copy(broadcast).content == broadcast.content


def test_a_copy_takes_no_rows_along() -> None:
    twin = schedule.copy(prepared())
    assert (rows(twin), twin.total, twin.batch_count, twin.prepared_at) == ([], 0, 0, None)
