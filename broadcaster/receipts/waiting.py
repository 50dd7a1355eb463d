"""Receipts that wait: which are looked at next, and what came of a look.

Fresh ones first, the oldest of them before the others. Those that were looked at before and found no message share a
quarter of each bulk, so that a flood of ids that nobody knows keeps no fresh receipt from its message.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from broadcaster.models import Receipt

BULK = 1_000
SHARE_OF_REPEATS = 4  # one in so many
PATIENCE = 20  # times that a receipt without a message is looked at, at growing distances
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=30)


class Waiting(NamedTuple):
    """What applying needs of a receipt; a tuple, since a model instance costs more than all the rest."""

    pk: int
    channel_id: int
    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes | memoryview
    attempts: int


class Look(NamedTuple):
    """What came of a look at a receipt: `is_done`, or it waits for the message's own result; `outcome` in words."""

    receipt: Waiting
    is_done: bool
    outcome: str


def take(now: datetime) -> list[Waiting]:
    """The next receipts that are due, locked; nobody else gets them before this transaction has ended."""
    waiting = Receipt.objects.filter(applied_at=None, apply_after__lte=now)
    repeats = _locked(waiting.filter(attempts__gt=0), BULK // SHARE_OF_REPEATS)
    return [*_locked(waiting.filter(attempts=0), BULK - len(repeats)), *repeats]


def write(looks: Iterable[Look], now: datetime) -> None:
    """Write what came of the looks, with one statement for all that ended alike; most of a bulk did."""
    alike: dict[tuple[bool, str, int], list[int]] = {}
    for receipt, is_done, outcome in looks:
        attempts = receipt.attempts + 1
        alike.setdefault((is_done or attempts >= PATIENCE, outcome, attempts), []).append(receipt.pk)
    for (is_over, outcome, attempts), keys in alike.items():
        ended = {"applied_at": now} if is_over else {"apply_after": now + wait(attempts)}
        Receipt.objects.filter(pk__in=keys).update(outcome=outcome, attempts=attempts, **ended)


def wait(attempts: int) -> timedelta:
    """How long until the next look after so many."""
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << min(attempts, 12)))


def _locked(receipts: QuerySet[Receipt], count: int) -> Collection[Waiting]:
    oldest = receipts.select_for_update(skip_locked=True).order_by("apply_after")
    return [Waiting(*row) for row in oldest.values_list(*Waiting._fields)[:count]]
