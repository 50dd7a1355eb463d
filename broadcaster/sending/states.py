"""The states and the only moves between them. Every move is a conditional UPDATE that must change exactly one row.

Broadcast  draft -> awaiting_approval -> scheduled -> preparing -> sending -> completed
           preparing, sending <-> paused
           draft -> scheduled (where approval is off)          any before completed -> cancelled
           scheduled, preparing -> missed (past the late cut-off)   preparing -> failed (to nobody, or unknown to whom)
           scheduled, awaiting_approval, missed, failed -> draft (back to the desk)
           preparing, paused -> completed (everybody's message has expired)
Message    pending -> accepted -> sent -> delivered -> read
           pending -> failed | expired | skipped(reason) | unknown      accepted|sent -> failed
           unknown -> any by receipt, or pending by a person            receipts only move up in rank
           failed -> pending by a person, where the provider refused it (`resending`)
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from broadcaster.errors import Explained
from broadcaster.models import Broadcast, Message
from broadcaster.sending import telling

B = Broadcast.State
M = Message.State

BROADCAST_MOVES: dict[str, frozenset[str]] = {
    B.DRAFT: frozenset({B.AWAITING_APPROVAL, B.SCHEDULED, B.CANCELLED}),
    B.AWAITING_APPROVAL: frozenset({B.SCHEDULED, B.DRAFT, B.CANCELLED}),
    B.SCHEDULED: frozenset({B.PREPARING, B.MISSED, B.DRAFT, B.CANCELLED}),
    B.PREPARING: frozenset({B.SENDING, B.FAILED, B.PAUSED, B.MISSED, B.COMPLETED, B.CANCELLED}),
    B.SENDING: frozenset({B.PAUSED, B.COMPLETED, B.CANCELLED}),
    B.PAUSED: frozenset({B.PREPARING, B.SENDING, B.COMPLETED, B.CANCELLED}),
    B.MISSED: frozenset({B.DRAFT, B.CANCELLED}),
    B.FAILED: frozenset({B.DRAFT}),
    B.COMPLETED: frozenset({B.SENDING}),  # a person sends messages again
    B.CANCELLED: frozenset(),
}

MESSAGE_MOVES: dict[str, frozenset[str]] = {
    M.PENDING: frozenset({M.ACCEPTED, M.FAILED, M.EXPIRED, M.SKIPPED, M.UNKNOWN}),
    M.ACCEPTED: frozenset({M.SENT, M.DELIVERED, M.READ, M.FAILED, M.EXPIRED}),
    M.SENT: frozenset({M.DELIVERED, M.READ, M.FAILED, M.EXPIRED}),
    M.FAILED: frozenset({M.PENDING, M.DELIVERED, M.READ}),  # the latter two: a provider's late word that it did arrive
    M.EXPIRED: frozenset({M.DELIVERED, M.READ}),
    M.DELIVERED: frozenset({M.READ}),
    M.READ: frozenset(),
    M.SKIPPED: frozenset(),
    M.UNKNOWN: frozenset({M.PENDING, M.ACCEPTED, M.SENT, M.DELIVERED, M.READ, M.FAILED, M.EXPIRED}),
}

# What a receipt may do: the same moves, without a person's "send again", and "accepted" only for an unknown.
RECEIPT_MOVES: dict[str, frozenset[str]] = {
    state: targets - {M.PENDING} for state, targets in MESSAGE_MOVES.items() if state not in (M.PENDING, M.SKIPPED)
}


class MoveRefused(Explained):
    """The broadcast is in a state that does not allow this; `sentence` says which, for a person."""


def move(
    broadcast: Broadcast, to: Broadcast.State, *, only_from: Collection[Broadcast.State] = (), **fields: Any
) -> None:
    """Move a broadcast and set the fields with it. Raises MoveRefused where another state got there first.

    `only_from` is for callers that mean fewer than all moves to that state: nobody resumes what is completed.
    """
    allowed = [
        state for state, targets in BROADCAST_MOVES.items() if to in targets and state in (only_from or BROADCAST_MOVES)
    ]
    with transaction.atomic(savepoint=False):
        moved = Broadcast.objects.filter(pk=broadcast.pk, state__in=allowed).update(state=to, **fields)
        if moved == 1:
            telling.moved(broadcast.pk, to)
    broadcast.refresh_from_db()
    if moved != 1:
        raise refused(broadcast, to)


def refused(broadcast: Broadcast, to: Broadcast.State) -> MoveRefused:
    """The refusal to move this broadcast there, in words."""
    return MoveRefused(
        f"This broadcast is {broadcast.get_state_display().lower()}; it cannot become {to.label.lower()}."
    )


def is_missed(broadcast: Broadcast, now: datetime) -> bool:
    """Whether the broadcast has not begun and is found so late that a person should decide.

    It does not matter how far its preparation got: what counts for the recipient is when the first message leaves.
    """
    if broadcast.started_at or broadcast.send_at is None:
        return False
    return broadcast.send_at + timedelta(seconds=broadcast.late_cutoff_s) < now


def missed_reason(broadcast: Broadcast) -> str:
    """Why it was not sent by itself."""
    return f"It was found more than {broadcast.late_cutoff_s // 60} minutes after its time. Choose a new time for it."


def next_batch_number(broadcast_id: int, count: int = 1) -> int:
    """Take `count` batch numbers; the first of them. To be called inside the transaction that uses them."""
    Broadcast.objects.filter(pk=broadcast_id).update(batch_count=F("batch_count") + count)
    last: int = Broadcast.objects.values_list("batch_count", flat=True).get(pk=broadcast_id)
    return last - count + 1
