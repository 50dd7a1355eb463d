"""What webhooks are told of a broadcast: which moves of its state, and how it stood at that moment.

It is looked up inside the transaction of the move, and only where some webhook wants to know.
"""

from functools import partial
from typing import Any

from broadcaster.hooks import outbox
from broadcaster.models import Broadcast, Event
from broadcaster.sending import progress
from broadcaster.sending.statuses import STATUSES

State = Broadcast.State

# That it goes on after a pause, or to be prepared, is told of nowhere: the first message is what counts as its start.
MOVES: dict[str, Event] = {
    State.SCHEDULED: Event.BROADCAST_SCHEDULED,
    State.PAUSED: Event.BROADCAST_PAUSED,
    State.COMPLETED: Event.BROADCAST_COMPLETED,
    State.FAILED: Event.BROADCAST_FAILED,
    State.MISSED: Event.BROADCAST_MISSED,
    State.CANCELLED: Event.BROADCAST_CANCELLED,
}


def moved(broadcast_id: int, to: State) -> None:
    """Tell of a move, in its transaction."""
    if event := MOVES.get(to):
        _tell(event, broadcast_id)


def started(broadcast_id: int) -> None:
    """Tell that the first messages go out, in the transaction that says so."""
    _tell(Event.BROADCAST_STARTED, broadcast_id)


def _tell(event: Event, broadcast_id: int) -> None:
    outbox.put(event, subject=f"broadcast {broadcast_id}", facts=partial(_facts, broadcast_id))


def _facts(broadcast_id: int) -> dict[str, Any]:
    broadcast = Broadcast.objects.get(pk=broadcast_id)
    counts = progress.counts_of([broadcast_id])[broadcast_id]
    return {
        "id": broadcast.pk,
        "uuid": str(broadcast.uuid),
        "name": broadcast.name,
        "status": STATUSES[broadcast.state],
        "state": broadcast.state,
        "state_reason": broadcast.state_reason,
        "totals": {"recipients": broadcast.total} | counts,
    }
