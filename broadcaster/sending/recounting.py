"""Compares the batches' counts with the rows, and mends counts that are wrong; nothing in the product needs it.

Every writer changes rows and counts in one transaction, so each single statement sees both or neither, and they must
agree at any moment, also while workers and receipts are writing.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.db import transaction
from django.db.models import Count, Q

from broadcaster.models import COUNTED_STATES, Batch, Broadcast, Message

BATCHES = 500  # in one statement; at most a quarter of a million rows


@dataclass(frozen=True, slots=True)
class Difference:
    """A batch whose counts are not what its rows say; both hold only the states that differ."""

    batch_id: int
    counted: dict[str, int]
    rows: dict[str, int]


def differences(broadcast_id: int) -> Iterator[Difference]:
    """The broadcast's batches that disagree with their rows."""
    batch_ids = Batch.objects.filter(broadcast=broadcast_id).order_by("pk").values_list("pk", flat=True).iterator()
    while some := list(islice(batch_ids, BATCHES)):
        counted = {f"rows_{state}": Count("messages", filter=Q(messages__state=state)) for state in COUNTED_STATES}
        for batch in Batch.objects.filter(pk__in=some).order_by().annotate(**counted):
            rows = {state: getattr(batch, f"rows_{state}") for state in COUNTED_STATES}
            wrong = {state: number for state, number in batch.counts().items() if number != rows[state]}
            if wrong:
                yield Difference(batch.pk, wrong, {state: rows[state] for state in wrong})


def mend(batch_id: int) -> None:
    """Count the batch anew, whoever is writing to it.

    The lock on the batch is what makes it right: who has changed rows of it but not yet its counts waits for us with
    both, unseen until then; who was quicker has committed both, and the count below sees the rows.
    """
    with transaction.atomic():
        Batch.objects.select_for_update().get(pk=batch_id)
        states = Message.objects.filter(batch=batch_id).order_by().values_list("state")
        rows: Counter[str] = Counter(dict(states.annotate(Count("id"))))
        Batch.objects.filter(pk=batch_id).update(**{state: rows[state] for state in COUNTED_STATES})


def total_of(found: list[Difference]) -> str:
    """What the batches say and what the rows say, in words, for one broadcast."""
    counted, rows = Counter[str](), Counter[str]()
    for difference in found:
        counted.update(difference.counted)
        rows.update(difference.rows)
    words = [f"{state} {counted[state]} not {rows[state]}" for state in COUNTED_STATES if counted[state] != rows[state]]
    return ", ".join(words) or "the sums agree, but single batches do not"


def broadcasts(only: int | None) -> list[Broadcast]:
    """One broadcast, or all, the oldest first."""
    chosen = Broadcast.objects.order_by("pk")
    return list(chosen.filter(pk=only) if only else chosen)
