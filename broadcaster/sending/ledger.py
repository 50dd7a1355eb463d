"""Writes what became of many messages, with set-based statements, and keeps the batches' counts equal to the rows.

Everything that changes a message's state goes through `write`: recording, recovery, expiry, cancelling and receipts.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count

from broadcaster.models import Batch, Message


@dataclass(slots=True)
class Change:
    """One message's move from the state it was read in, under a lock, to another one."""

    message_id: int
    batch_id: int
    old: str
    new: str
    provider_id: str = ""
    error_code: str = ""
    error_text: str = ""


@dataclass(slots=True)
class Retry:
    """A message that was surely not accepted and goes back to the queue, in a later batch."""

    message_id: int
    after_s: float
    costs_attempt: bool
    error_code: str
    error_text: str


# Who tells how an unknown message ended has had it: it was accepted, and is never sent again as one that was refused.
COLUMNS = """
    state = {state}, changed_at = {now},
    provider_id = CASE WHEN {provider_id} = '' THEN m.provider_id ELSE {provider_id} END,
    error_code = {error_code}, error_text = {error_text},
    accepted_at = CASE WHEN {state} = 'accepted' THEN {now}
                       WHEN m.state = 'unknown' AND {state} IN ('failed', 'expired') THEN COALESCE(m.accepted_at, {now})
                       ELSE m.accepted_at END,
    delivered_at = CASE WHEN {state} IN ('delivered', 'read') THEN COALESCE(m.delivered_at, {now})
                        ELSE m.delivered_at END,
    read_at = CASE WHEN {state} = 'read' THEN {now} ELSE m.read_at END
"""


def write(changes: Sequence[Change], *, now: datetime) -> int:
    """Write the changes and the counts that follow from them; how many. Call it inside a transaction."""
    if not changes:
        return 0
    if connection.vendor == "postgresql":
        _write_postgresql(changes, now)
    else:
        _write_portable(changes, now)
    shift_counts(changes)
    return len(changes)


def postpone(retries: Sequence[Retry], *, batch_id: int, now: datetime) -> None:
    """Move pending messages to another batch, numbered anew; the counts of both batches are the caller's."""
    statement = """
        UPDATE broadcaster_message SET batch_id = %s, seq = %s, attempts = attempts + %s,
               error_code = %s, error_text = %s, changed_at = %s
        WHERE id = %s
    """
    stamp = connection.ops.adapt_datetimefield_value(now)
    rows = [
        (
            batch_id,
            seq,
            1 if retry.costs_attempt else 0,
            retry.error_code[:64],
            retry.error_text[:300],
            stamp,
            retry.message_id,
        )
        for seq, retry in enumerate(retries, start=1)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)


def shift_counts(changes: Iterable[Change]) -> None:
    """Move the changes' messages from one count of their batch to another."""
    deltas: dict[int, Counter[str]] = defaultdict(Counter)
    for change in changes:
        deltas[change.batch_id][change.old] -= 1
        deltas[change.batch_id][change.new] += 1
    states = sorted({state for delta in deltas.values() for state, number in delta.items() if number})
    if not states:
        return
    keys = sorted(deltas)
    columns = [keys, *([deltas[key][state] for key in keys] for state in states)]
    if connection.vendor == "postgresql":
        _shift_postgresql(states, columns)
    else:
        _shift_portable(states, columns)


def counts_of(batch_ids: Sequence[int]) -> None:
    """Count the batches' messages anew, in place; for batches whose rows were just made or moved."""
    counted: dict[int, Counter[str]] = {batch_id: Counter() for batch_id in batch_ids}
    rows = Message.objects.filter(batch__in=batch_ids).order_by().values_list("batch_id", "state")
    for batch_id, state, number in rows.annotate(number=Count("id")):
        counted[batch_id][state] = number
    for batch_id, counter in counted.items():
        Batch.objects.filter(pk=batch_id).update(**{state.value: counter[state] for state in Message.State})


def _write_postgresql(changes: Sequence[Change], now: datetime) -> None:
    values = COLUMNS.format(
        state="c.state", now="%s", provider_id="c.provider_id", error_code="c.error_code", error_text="c.error_text"
    )
    statement = f"""
        UPDATE broadcaster_message m SET {values}
        FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
             AS c (id, state, provider_id, error_code, error_text)
        WHERE m.id = c.id
    """  # noqa: S608  made of constants
    columns: list[Any] = [list(column) for column in zip(*map(_values, changes), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*[now] * values.count("%s"), *columns])


def _write_portable(changes: Sequence[Change], now: datetime) -> None:
    values = COLUMNS.format(
        state="%(state)s",
        now="%(now)s",
        provider_id="%(provider_id)s",
        error_code="%(error_code)s",
        error_text="%(error_text)s",
    )
    statement = f"UPDATE broadcaster_message AS m SET {values} WHERE m.id = %(id)s"  # noqa: S608  made of constants
    names = ("id", "state", "provider_id", "error_code", "error_text")
    stamp = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.executemany(statement, [dict(zip(names, _values(change), strict=True), now=stamp) for change in changes])


def _shift_postgresql(states: Sequence[str], columns: Sequence[list[int]]) -> None:
    """Add the columns (keys of batches, then a number for each state) to the batches' counts."""
    keys = columns[0]
    if len(keys) > 1:  # locked in one order everywhere, so that two writers cannot wait for each other
        list(Batch.objects.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    sums = ", ".join(f"{state} = b.{state} + d.{state}" for state in states)
    arrays = ", ".join(["%s::bigint[]"] * len(columns))
    statement = f"""
        UPDATE broadcaster_batch b SET {sums} FROM unnest({arrays}) AS d (id, {", ".join(states)}) WHERE b.id = d.id
    """  # noqa: S608  made of constants
    with connection.cursor() as cursor:
        cursor.execute(statement, columns)


def _shift_portable(states: Sequence[str], columns: Sequence[list[int]]) -> None:
    sums = ", ".join(f"{state} = {state} + %s" for state in states)
    statement = f"UPDATE broadcaster_batch SET {sums} WHERE id = %s"  # noqa: S608  made of constants
    keys, *numbers = columns
    with connection.cursor() as cursor:
        cursor.executemany(statement, list(zip(*numbers, keys, strict=True)))


def _values(change: Change) -> tuple[Any, ...]:
    return change.message_id, change.new, change.provider_id, change.error_code[:64], change.error_text[:300]
