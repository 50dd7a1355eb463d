"""What people and the clock do to a broadcast: schedule, call back, pause, resume, cancel, copy, and start when due."""

import contextlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from broadcaster.content import preflight
from broadcaster.content.preflight import Problem
from broadcaster.content.rendering import own_content
from broadcaster.content.samples import content_of
from broadcaster.models import Broadcast
from broadcaster.sending import approvals, batches, closing, states

AS_NEW: dict[str, Any] = {
    "content": {},
    "media": {},
    "approved_fingerprint": "",
    "state_reason": "",
    "goes_on_refused": False,
    "goes_on_unapproved": False,
    "total": 0,
    "batch_count": 0,
    "expanded_through": 0,
    "prepare_worker": "",  # whoever still prepares it has lost it
    "prepare_until": None,
    "prepared_at": None,
    "finished_at": None,
}
PAST_TOLERANCE = timedelta(minutes=1)  # "now" in a form is in the past by the time it arrives


class NotReady(Exception):  # noqa: N818
    """The broadcast cannot be scheduled as it is; `problems` says why, for a person."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.sentence for problem in problems))
        self.problems = problems


def schedule(broadcast: Broadcast, *, send_at: datetime) -> None:
    """Freeze what is sent and set the time. Raises NotReady, or states.MoveRefused where it is no draft."""
    if not broadcast.is_editable:
        raise states.refused(broadcast, Broadcast.State.SCHEDULED)
    broadcast.send_at = send_at
    problems = [problem for problem in [*time_problems(broadcast), *preflight.problems(broadcast)] if problem.blocking]
    if problems:
        raise NotReady(problems)
    now = timezone.now()
    states.move(
        broadcast,
        Broadcast.State.SCHEDULED,
        only_from={Broadcast.State.DRAFT},
        send_at=max(send_at, now),
        content=content_of(broadcast),
        state_reason="",
    )


def time_problems(broadcast: Broadcast) -> list[Problem]:
    """What is wrong with when it starts and when it expires."""
    if broadcast.send_at is None:
        return [Problem("schedule", "send_at", "Choose when it is sent.", blocking=True)]
    if broadcast.send_at < timezone.now() - PAST_TOLERANCE:
        return [Problem("schedule", "send_at", "This time is past. Choose a later one, or send now.", blocking=True)]
    if broadcast.expires_at and broadcast.expires_at <= max(broadcast.send_at, timezone.now()):
        return [Problem("schedule", "expires_at", "It would expire before it is sent.", blocking=True)]
    return []


def unschedule(broadcast: Broadcast) -> None:
    """Back to the desk, while nothing of it has been sent. Raises states.MoveRefused."""
    closing.drop(broadcast.pk)  # its audience is looked at anew
    own = own_content(broadcast)  # what a program wrote stands nowhere else
    states.move(broadcast, Broadcast.State.DRAFT, **AS_NEW | {"content": own})


def pause(broadcast: Broadcast) -> None:
    """Stop handing out; the windows at hand still end. Raises states.MoveRefused."""
    states.move(broadcast, Broadcast.State.PAUSED, state_reason="")  # only the engine gives a reason for a pause


def resume(broadcast: Broadcast) -> None:
    """Go on where it was paused. Raises states.MoveRefused."""
    broadcast.refresh_from_db()
    to = Broadcast.State.PREPARING if broadcast.started_at is None else Broadcast.State.SENDING
    states.move(broadcast, to, only_from={Broadcast.State.PAUSED}, **_decided_by_resuming(broadcast, timezone.now()))
    batches.complete(broadcast.pk)  # its last window may have ended during the pause


def _decided_by_resuming(broadcast: Broadcast, now: datetime) -> dict[str, Any]:
    """What else a resume decides: that it goes on in spite of the reason, and that it begins now though it is late."""
    fields: dict[str, Any] = {}
    has_begun = broadcast.started_at is not None
    if not has_begun:  # whatever its preparation waits for, a person wants it to be tried now
        fields |= {"prepare_worker": "", "prepare_until": None}
    if broadcast.state_reason:  # only the engine gives a reason for a pause: its templates, or the first messages
        fields |= {"state_reason": "", "goes_on_refused" if has_begun else "goes_on_unapproved": True}
    elif not has_begun and broadcast.sender.templates_at and approvals.concerns(broadcast):
        fields["prepared_at"] = None  # whoever prepares it to its end looks at its templates again
    if not has_begun and broadcast.start < now and not _has_expired(broadcast, now):
        fields["send_at"] = now
    return fields


def _has_expired(broadcast: Broadcast, now: datetime) -> bool:
    return broadcast.expires_at is not None and broadcast.expires_at <= now


def cancel(broadcast: Broadcast) -> None:
    """Send nothing more of it. Raises states.MoveRefused.

    From here on no worker takes a batch of it. Its rows may be a million, so a worker skips those (`closing`), and
    nobody's request waits for that.
    """
    states.move(broadcast, Broadcast.State.CANCELLED, finished_at=timezone.now())


def copy(broadcast: Broadcast, *, author: User | None = None) -> Broadcast:
    """A new draft with everything but the time and the state."""
    twin = Broadcast.objects.create(
        name=f"{broadcast.name[:93]} (copy)",
        channel=broadcast.channel,
        template=broadcast.template,
        content=own_content(broadcast),
        by_urn=broadcast.by_urn,
        upload=broadcast.upload,
        time_zone=broadcast.time_zone,
        priority=broadcast.priority,
        late_cutoff_s=broadcast.late_cutoff_s,
        author=author,
        parent=broadcast,
    )
    for relation in ("groups", "exclude_groups", "contacts"):
        getattr(twin, relation).set(getattr(broadcast, relation).all())
    return twin


def miss_late() -> list[int]:
    """Move to missed what was prepared, or half prepared, and did not begin before its late cut-off; the ids.

    Whether its workers died or its channel was closed does not matter: a person decides whether it still goes out.
    """
    now = timezone.now()
    waiting = Broadcast.objects.filter(state=Broadcast.State.PREPARING, started_at=None, send_at__lt=now)
    late = [broadcast for broadcast in waiting if states.is_missed(broadcast, now)]
    for broadcast in late:
        with contextlib.suppress(states.MoveRefused):
            _miss(broadcast)
    return [broadcast.pk for broadcast in late if broadcast.state == Broadcast.State.MISSED]


def start_due() -> list[int]:
    """Move every broadcast that is due soon to preparing, or to missed; the ids to prepare, the most urgent first."""
    now = timezone.now()
    soon = now + timedelta(seconds=settings.PREPARE_AHEAD_S)
    started = []
    due = Broadcast.objects.filter(state=Broadcast.State.SCHEDULED, send_at__lte=soon)
    for broadcast in due.order_by("-priority", "send_at"):
        with contextlib.suppress(states.MoveRefused):  # another tick, or a person, was quicker
            if states.is_missed(broadcast, now):
                _miss(broadcast)
            else:
                states.move(broadcast, Broadcast.State.PREPARING, only_from={Broadcast.State.SCHEDULED})
                started.append(broadcast.pk)
    return started


def _miss(broadcast: Broadcast) -> None:
    missed = Broadcast.State.MISSED
    states.move(broadcast, missed, state_reason=states.missed_reason(broadcast), prepare_worker="", prepare_until=None)
