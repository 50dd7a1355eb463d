"""How a broadcast stands, in numbers: the sums over its batches, and for the reasons a bounded look at its rows."""

from collections import Counter
from dataclasses import dataclass

from broadcaster.models import COUNTED_STATES, Broadcast, Message
from broadcaster.sending.progress import Progress, progress

LOOKED_AT = 5_000  # messages of each of these states; a broadcast that fails, fails for few reasons
WITH_A_REASON = ("failed", "unknown", "skipped", "expired")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why messages did not arrive; `sentence` is how one of them has it, `count` of those that were looked at."""

    state: str
    code: str
    sentence: str
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """`percentages` are of `total`, with one decimal; `reasons` are complete where `looked_at` is `without_success`."""

    broadcast: Broadcast
    progress: Progress
    percentages: dict[str, float]
    reasons: list[Reason]
    looked_at: int
    without_success: int


def summary(broadcast: Broadcast) -> Summary:
    """The broadcast's numbers at this moment."""
    now = progress(broadcast)
    reasons = [reason for state in WITH_A_REASON if now.counts[state] for reason in _reasons(broadcast, state)]
    return Summary(
        broadcast=broadcast,
        progress=now,
        percentages={state: _percentage(now.counts[state], now.total) for state in COUNTED_STATES},
        reasons=sorted(reasons, key=lambda reason: -reason.count),
        looked_at=sum(reason.count for reason in reasons),
        without_success=sum(now.counts[state] for state in WITH_A_REASON),
    )


def _percentage(number: int, total: int) -> float:
    return round(100 * number / total, 1) if total else 0.0


def _reasons(broadcast: Broadcast, state: str) -> list[Reason]:
    """The reasons of the first messages in this state, in the order of the index that has them."""
    rows = Message.objects.filter(broadcast=broadcast, state=state).order_by("contact_id")
    counts: Counter[str] = Counter()
    sentences: dict[str, str] = {}
    for code, sentence in rows.values_list("error_code", "error_text")[:LOOKED_AT]:
        counts[code] += 1
        sentences.setdefault(code, sentence)
    return [Reason(state, code, sentences[code], count) for code, count in counts.items()]
