"""How far a broadcast is, in RapidPro's words (`Broadcast.STATUS_CHOICES` in its temba/msgs/models.py)."""

from broadcaster.models import Broadcast

State = Broadcast.State

STATUSES: dict[str, str] = {
    State.AWAITING_APPROVAL: "pending",
    State.SCHEDULED: "pending",
    State.PREPARING: "queued",
    State.SENDING: "started",
    State.PAUSED: "started",
    State.COMPLETED: "completed",
    State.FAILED: "failed",
    State.MISSED: "failed",
    State.CANCELLED: "interrupted",
}
