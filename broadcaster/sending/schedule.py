"""What people and the clock do to a broadcast: schedule, call back, pause, resume, cancel, copy, and start when due."""

import contextlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from broadcaster.content import preflight
from broadcaster.content.preflight import Problem
from broadcaster.content.rendering import freeze
from broadcaster.models import Batch, Broadcast, Message
from broadcaster.sending import batches, ledger, states
from broadcaster.sending.ledger import Change

AS_NEW: dict[str, Any] = {
    "content": {},
    "approved_fingerprint": "",
    "state_reason": "",
    "total": 0,
    "batch_count": 0,
    "expanded_through": 0,
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
    if problems or broadcast.template is None:
        raise NotReady(problems)
    now = timezone.now()
    states.move(
        broadcast,
        Broadcast.State.SCHEDULED,
        only_from={Broadcast.State.DRAFT},
        send_at=max(send_at, now),
        content=freeze(broadcast.template),
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
    with transaction.atomic():
        states.move(broadcast, Broadcast.State.DRAFT, **AS_NEW)
        broadcast.batches.all().delete()  # a failed one's rows, all skipped: its audience is looked at anew


def pause(broadcast: Broadcast) -> None:
    """Stop handing out; the windows at hand still end. Raises states.MoveRefused."""
    states.move(broadcast, Broadcast.State.PAUSED)


def resume(broadcast: Broadcast) -> None:
    """Go on where it was paused. Raises states.MoveRefused."""
    to = Broadcast.State.PREPARING if broadcast.started_at is None else Broadcast.State.SENDING
    states.move(broadcast, to, only_from={Broadcast.State.PAUSED})
    batches.complete(broadcast.pk)  # its last window may have ended during the pause


def cancel(broadcast: Broadcast) -> None:
    """Send nothing more of it; who was not yet handed out is skipped. Raises states.MoveRefused."""
    states.move(broadcast, Broadcast.State.CANCELLED, finished_at=timezone.now())
    skip_pending(broadcast)


def skip_pending(broadcast: Broadcast) -> None:
    """Skip what is pending in batches that nobody holds; recovery and release come back for the others."""
    for batch_id in broadcast.batches.filter(state=Batch.State.READY, pending__gt=0).values_list("pk", flat=True):
        with transaction.atomic():
            if not Batch.objects.select_for_update().filter(pk=batch_id, state=Batch.State.READY).exists():
                continue
            pending = Message.objects.filter(batch=batch_id, state=Message.State.PENDING).values_list("pk", flat=True)
            changes = [
                Change(
                    pk,
                    batch_id,
                    "pending",
                    "skipped",
                    error_code="cancelled",
                    error_text="The broadcast was cancelled.",
                )
                for pk in pending
            ]
            ledger.write(changes, now=timezone.now())
            batches.finish([batch_id])


def copy(broadcast: Broadcast, *, author: User | None = None) -> Broadcast:
    """A new draft with everything but the time and the state."""
    twin = Broadcast.objects.create(
        name=f"{broadcast.name[:93]} (copy)",
        channel=broadcast.channel,
        template=broadcast.template,
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


def start_due() -> list[int]:
    """Move every broadcast that is due soon to preparing, or to missed; the ids of those to prepare."""
    now = timezone.now()
    soon = now + timedelta(seconds=settings.PREPARE_AHEAD_S)
    started = []
    for broadcast in Broadcast.objects.filter(state=Broadcast.State.SCHEDULED, send_at__lte=soon).order_by("send_at"):
        with contextlib.suppress(states.MoveRefused):  # another tick, or a person, was quicker
            if is_missed(broadcast, now):
                states.move(broadcast, Broadcast.State.MISSED, state_reason=missed_reason(broadcast))
            else:
                states.move(broadcast, Broadcast.State.PREPARING, only_from={Broadcast.State.SCHEDULED})
                started.append(broadcast.pk)
    return started


def is_missed(broadcast: Broadcast, now: datetime) -> bool:
    """Whether the broadcast is found so late that a person should decide."""
    return broadcast.send_at is not None and broadcast.send_at + timedelta(seconds=broadcast.late_cutoff_s) < now


def missed_reason(broadcast: Broadcast) -> str:
    """Why it was not sent by itself."""
    return f"It was found more than {broadcast.late_cutoff_s // 60} minutes after its time. Choose a new time for it."
