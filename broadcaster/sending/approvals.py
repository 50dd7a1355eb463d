"""Looks at provider templates again before a broadcast begins, and pauses it where one may not be sent any more.

    prepare --look--> every recipient gets a row --> prepared, waits for its time or its channel --look again--> sending

Each look asks the provider, if the last one is older than a few minutes, with no transaction open. A provider that does
not answer stops nothing: what is known already counts, and the provider itself refuses what it must.
"""

import contextlib
import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from broadcaster import accounts
from broadcaster.content import listed
from broadcaster.models import Broadcast
from broadcaster.sending import batches, states

log = logging.getLogger(__name__)

FRESH = timedelta(minutes=3)  # less than broadcasts are prepared ahead, so that each is looked at shortly before
REMEDY = "Nothing was sent. Let it go on once that is mended, or cancel it and copy it to a new draft."


def concerns(broadcast: Broadcast) -> bool:
    """Whether there is something to look at before the broadcast begins; not where a person has let it go on."""
    return not broadcast.goes_on_unapproved and listed.is_listed(broadcast.sender, broadcast.content)


def look(broadcast: Broadcast) -> None:
    """Pause a broadcast that is being prepared, or waits to begin, where its templates may not be sent.

    Raises batches.LeaseLost then, since nobody may prepare it on.
    """
    if not concerns(broadcast):
        return
    accounts.list_due(broadcast.sender.pk, older_than=FRESH)
    broadcast.sender.refresh_from_db(fields=["templates_at", "templates_problem"])
    what = next((fault.what for fault in listed.faults(broadcast.sender, broadcast.content) if fault.blocking), "")
    if what:
        _pause(broadcast, f"{what} {REMEDY}"[:500])
        raise batches.LeaseLost


def waiting() -> list[int]:
    """Prepared broadcasts that have not begun, and whose templates were not looked at lately."""
    fresh = timezone.now() - FRESH
    prepared = Broadcast.objects.filter(state=Broadcast.State.PREPARING, prepared_at__isnull=False)
    stale = prepared.exclude(channel__templates_tried_at__gte=fresh).select_related("channel")
    return [broadcast.pk for broadcast in stale if concerns(broadcast)]


def look_again(broadcast_id: int) -> None:
    """Look at the templates of a broadcast that is prepared and still waits."""
    prepared = Broadcast.objects.filter(pk=broadcast_id, state=Broadcast.State.PREPARING, prepared_at__isnull=False)
    for broadcast in prepared.select_related("channel"):
        with contextlib.suppress(batches.LeaseLost):
            look(broadcast)


def _pause(broadcast: Broadcast, reason: str) -> None:
    """Let it wait for a person, unless it was called back and scheduled anew meanwhile."""
    looked_at = {"prepare_worker": broadcast.prepare_worker, "prepared_at": broadcast.prepared_at}
    with contextlib.suppress(states.MoveRefused), transaction.atomic():
        if Broadcast.objects.filter(pk=broadcast.pk, **looked_at).update(prepare_until=None) == 1:
            paused = Broadcast.State.PAUSED
            states.move(broadcast, paused, only_from={Broadcast.State.PREPARING}, state_reason=reason)
            log.warning("broadcast %s is paused: %s", broadcast.pk, reason)
