"""Stops a broadcast whose content is wrong before it has failed for everyone.

The first messages of a broadcast go out a few at a time until one of them is accepted. Where the provider refuses all
of them for the same reason, it will refuse the others too, so the broadcast waits for a person.
"""

import contextlib
import logging
from collections.abc import Sequence

from django.db.models import Q, Sum

from broadcaster.models import COUNTED_STATES, Batch, Broadcast, Message
from broadcaster.sending import states
from providers import Outcome, SendResult

log = logging.getLogger(__name__)

FIRST = 10  # this many refusals for one reason, and nothing else, are no coincidence
GOOD = ("accepted", "sent", "delivered", "read")


def is_tried(broadcast: Broadcast) -> bool:
    """Whether the provider has accepted a message of it before."""
    accepted = Q(*((f"{state}__gt", 0) for state in GOOD), _connector=Q.OR)
    return Batch.objects.filter(accepted, broadcast=broadcast).exists()


def look(broadcast: Broadcast, results: Sequence[SendResult]) -> bool:
    """Whether a result shows that the content can be accepted; pauses the broadcast where all show that it cannot."""
    if any(result.outcome is Outcome.ACCEPTED for result in results):
        return True
    refusal = results[0].error
    if refusal and all(_same(result, results[0]) for result in results) and _all_failed_with(broadcast, refusal.code):
        _pause(broadcast, refusal.sentence)
    return False


def _same(result: SendResult, other: SendResult) -> bool:
    codes = {each.error.code if each.error else None for each in (result, other)}
    return result.outcome is Outcome.REJECTED and len(codes) == 1


def _all_failed_with(broadcast: Broadcast, code: str) -> bool:
    """Whether everything that was posted so far, and enough of it, failed with this code, and some are still to go."""
    counts = Batch.objects.filter(broadcast=broadcast).aggregate(**{state: Sum(state) for state in COUNTED_STATES})
    if any(counts[state] for state in (*GOOD, "unknown")) or not counts["pending"]:
        return False
    posted = Message.objects.filter(broadcast=broadcast, state=Message.State.FAILED, attempts__gt=0)
    codes = posted.order_by().values_list("error_code", flat=True).distinct()[:2]
    return list(codes) == [code] and posted[:FIRST].count() == FIRST


def _pause(broadcast: Broadcast, sentence: str) -> None:
    reason = f"The provider refused the first messages, all for the same reason: {sentence} Mend it, or let it go on."
    with contextlib.suppress(states.MoveRefused):  # a person was quicker
        states.move(broadcast, Broadcast.State.PAUSED, only_from={Broadcast.State.SENDING}, state_reason=reason[:500])
        log.warning("broadcast %s is paused: %s", broadcast.pk, reason)
