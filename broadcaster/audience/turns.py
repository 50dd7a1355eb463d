"""How a worker has a file to itself: it takes it, shows signs of life, and another goes on where none came."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.db import IntegrityError, OperationalError
from django.db.models import Q
from django.utils import timezone

from broadcaster.models import AudienceUpload

LEASE = timedelta(seconds=60)  # a file on which nothing moved for so long has lost its worker
TRIES = 3  # of a step that touches people whom another file touches at the same moment

T = TypeVar("T")


def take(upload_id: int, state: AudienceUpload.State, *, resumed: bool) -> AudienceUpload | None:
    """The file, if it is in this state and nobody works on it; `resumed` where this worker's predecessor gave it back.

    The file itself shows that it is worked on: `touched_at` is fresh.
    """
    now = timezone.now()
    mine = Q() if resumed else Q(touched_at=None) | Q(touched_at__lt=now - LEASE)
    if AudienceUpload.objects.filter(mine, pk=upload_id, state=state).update(touched_at=now) != 1:
        return None
    return AudienceUpload.objects.select_related("group").get(pk=upload_id)


def touch(upload: AudienceUpload) -> None:
    """Show that the file is worked on, where nothing else does."""
    AudienceUpload.objects.filter(pk=upload.pk, state=upload.state).update(touched_at=timezone.now())


def stalled(state: AudienceUpload.State) -> list[int]:
    """The files in this state that nobody works on."""
    waiting = AudienceUpload.objects.filter(state=state)
    return list(waiting.exclude(touched_at__gt=timezone.now() - LEASE).values_list("pk", flat=True))


def retried(step: Callable[[], T]) -> T:
    """What the step returns; it is done again where it collides or deadlocks with the work on another file.

    Raises IntegrityError or OperationalError where it does so each time. The step is a transaction of its own.
    """
    for _ in range(TRIES - 1):
        with contextlib.suppress(IntegrityError, OperationalError):
            return step()
    return step()
