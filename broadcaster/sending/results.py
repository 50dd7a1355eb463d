"""Writes what one window's posts came to: rows, counts and retries in one transaction, once, under the lease.

The batch's number of recorded windows is compared and moved on with it. So a write whose answer was lost with the
database's connection can be tried again: what was written is not written twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from broadcaster.models import Batch, Message, ProviderCall
from broadcaster.sending import batches, clock, ledger, states
from broadcaster.sending.ledger import Change, Retry


@dataclass(slots=True)
class Results:
    """What became of a window's messages: accepted ones as (message id, provider id), and the rarer ends."""

    accepted: list[tuple[int, str]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    retries: list[Retry] = field(default_factory=list)
    posted: list[int] = field(default_factory=list)  # ids in `changes` that cost an attempt
    calls: list[ProviderCall] = field(default_factory=list)

    @property
    def are_plain(self) -> bool:
        """Whether everything was accepted, and nothing else is to be written."""
        return bool(self.accepted) and not (self.changes or self.retries or self.calls)


def record(batch: Batch, results: Results, *, hand_over: int = 0) -> bool:
    """Write the results, and move the write-ahead mark on to `hand_over` with them; whether the mark stands there.

    It does not where the broadcast or its channel was stopped meanwhile. Raises batches.LeaseLost where the batch is
    another worker's by now.
    """
    now = timezone.now()
    if connection.vendor == "postgresql" and results.are_plain:
        batch.handed_through = _record_at_once(batch, results, hand_over, now)
    else:
        with transaction.atomic():
            batch.handed_through = _record(batch, results, hand_over, now)
    batch.windows += 1
    return batch.handed_through >= hand_over


def _record_at_once(batch: Batch, results: Results, hand_over: int, now: datetime) -> int:
    """Write a window of which everything was accepted with one statement; where the mark stands."""
    ids, provider_ids = zip(*results.accepted, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH batch AS ({COUNT}), message AS ({ACCEPT_POSTGRESQL} AND EXISTS (SELECT 1 FROM batch)) "  # noqa: S608
            "SELECT handed_through FROM batch",
            [*_count(batch, results, hand_over, now), now, now, list(ids), list(provider_ids)],
        )
        counted = cursor.fetchone()
    return int(counted[0]) if counted else _recorded_before(batch)


def _record(batch: Batch, results: Results, hand_over: int, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, _count(batch, results, hand_over, now))
        counted = cursor.fetchone()
    if counted is None:
        return _recorded_before(batch)
    accept(results.accepted, now=now)
    ledger.write(results.changes, now=now)
    if results.posted:
        Message.objects.filter(pk__in=results.posted).update(attempts=F("attempts") + 1)
    requeue(batch, results.retries, now=now)
    if results.calls:
        ProviderCall.objects.bulk_create(results.calls)
    return int(counted[0])


def _count(batch: Batch, results: Results, hand_over: int, now: datetime) -> list[Any]:
    """The parameters of COUNT."""
    number = len(results.accepted)
    stamp, today = map(connection.ops.adapt_datetimefield_value, (now, clock.now()))
    ours = [batch.pk, batch.lease_worker, batch.windows]
    return [stamp, number, number, hand_over, today, today, hand_over, *ours]


def _recorded_before(batch: Batch) -> int:
    """Where the mark stands, if an earlier try has recorded the window. Raises batches.LeaseLost where none has."""
    recorded = batches.ours(batch).filter(windows=batch.windows + 1)
    mark = recorded.values_list("handed_through", flat=True).first()
    if mark is None:
        raise batches.LeaseLost
    return mark


def accept(accepted: Sequence[tuple[int, str]], *, now: datetime) -> None:
    """Mark pending messages as accepted by the provider; the counts are the caller's. The way that most rows go."""
    if not accepted:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            ids, provider_ids = zip(*accepted, strict=True)
            cursor.execute(ACCEPT_POSTGRESQL, [now, now, list(ids), list(provider_ids)])
        else:
            stamp = connection.ops.adapt_datetimefield_value(now)
            cursor.executemany(ACCEPT_PORTABLE, [(stamp, stamp, provider_id, pk) for pk, provider_id in accepted])


def requeue(batch: Batch, retries: Sequence[Retry], *, now: datetime) -> None:
    """Put messages into a later batch of their own, since this batch's mark has passed them."""
    if not retries:
        return
    later = Batch.objects.create(
        broadcast_id=batch.broadcast_id,
        number=states.next_batch_number(batch.broadcast_id),
        size=len(retries),
        not_before=now + timedelta(seconds=max(retry.after_s for retry in retries)),
        pending=len(retries),
    )
    ledger.postpone(retries, batch_id=later.pk, now=now)
    Batch.objects.filter(pk=batch.pk).update(pending=F("pending") - len(retries))


COUNT = f"""
    UPDATE broadcaster_batch SET windows = windows + 1, recorded_at = %s,
           pending = pending - %s, accepted = accepted + %s,
           handed_through = CASE WHEN handed_through < %s AND {batches.WANTED} THEN %s ELSE handed_through END
    WHERE id = %s AND state = 'leased' AND lease_worker = %s AND windows = %s
    RETURNING handed_through
"""  # noqa: S608  made of constants
ACCEPT_POSTGRESQL = """
    UPDATE broadcaster_message m SET state = 'accepted', provider_id = c.provider_id, attempts = m.attempts + 1,
           error_code = '', error_text = '', accepted_at = %s, changed_at = %s
    FROM unnest(%s::bigint[], %s::text[]) AS c (id, provider_id)
    WHERE m.id = c.id
"""
ACCEPT_PORTABLE = """
    UPDATE broadcaster_message SET state = 'accepted', attempts = attempts + 1,
           error_code = '', error_text = '', accepted_at = %s, changed_at = %s, provider_id = %s
    WHERE id = %s
"""
