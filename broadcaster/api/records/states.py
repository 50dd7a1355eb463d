"""A message's state in RapidPro's words, and the folders of its messages (`Msg` in its temba/msgs/models.py)."""

from broadcaster.models import Message

State = Message.State

# "wired": the provider has it; "errored": it may still go out, or a person decides; "failed": it will not.
STATUSES: dict[str, str] = {
    State.PENDING: "queued",
    State.ACCEPTED: "wired",
    State.SENT: "sent",
    State.DELIVERED: "delivered",
    State.READ: "read",
    State.FAILED: "failed",
    State.EXPIRED: "failed",
    State.SKIPPED: "failed",
    State.UNKNOWN: "errored",
}

FOLDERS: dict[str, tuple[str, ...]] = {
    "outbox": (State.PENDING, State.UNKNOWN),
    "sent": (State.ACCEPTED, State.SENT, State.DELIVERED, State.READ),
    "failed": (State.FAILED, State.EXPIRED, State.SKIPPED),
}


def status_of(message: Message) -> str:
    """RapidPro's word for its state; one that waits after a try that did not succeed is "errored" there."""
    has_been_tried = message.state == State.PENDING and message.attempts
    return "errored" if has_been_tried else STATUSES[message.state]
