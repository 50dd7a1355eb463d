"""What a person decides about messages whose fate nobody knows: they count as sent, or they are sent again.

    unknown -> accepted                    a later receipt still corrects it
    unknown -> pending, in new batches     a completed broadcast goes back to sending

Both work in chunks, each a transaction that locks rows which are still unknown: a receipt that was quicker wins, and
doing it twice does nothing more. Rows are locked first, then batches, then the broadcast, as everywhere.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from broadcaster.models import Batch, Broadcast, Message
from broadcaster.sending import expansion, ledger, states
from broadcaster.sending.ledger import Change

CHUNK = 10_000
SENT_AGAIN = "sent_again"  # on a message that may have been posted before, until its next result
AGAIN = "No answer came; a person decided to send it again."
TREATED = "No answer came; a person decided that it counts as sent."
STILL_SENDS = frozenset({Broadcast.State.SENDING, Broadcast.State.PAUSED, Broadcast.State.COMPLETED})

# Kept among a message's variables, whose own names all have a dot: whatever comes of the next try, an earlier one may
# have arrived.
MARK = "sent_again"

# Attempts begin anew: their limit is for tries that nobody asked for.
PLACE = """
UPDATE broadcaster_message SET batch_id = %s, seq = %s, state = 'pending', attempts = 0, error_code = %s,
       error_text = %s, changed_at = %s
WHERE id = %s AND state = %s
"""
MARK_POSTGRESQL = "UPDATE broadcaster_message SET variables = variables || %s WHERE id = ANY(%s)"
MARK_PORTABLE = f"""
UPDATE broadcaster_message SET variables = json_set(variables, '$.{MARK}', json('true'))
WHERE id IN (SELECT value FROM json_each(%s))
"""  # noqa: S608  made of constants


def unknown_of(broadcast: Broadcast) -> QuerySet[Message]:
    """The broadcast's messages that wait for a receipt or for a person."""
    return Message.objects.filter(broadcast=broadcast, state=Message.State.UNKNOWN)


def treat_as_sent(broadcast: Broadcast, messages: QuerySet[Message], *, person: User) -> int:
    """Count those of the messages that are unknown as accepted; how many were."""
    return _in_chunks(lambda: _accept(broadcast, messages, person))


def send_again(broadcast: Broadcast, messages: QuerySet[Message], *, person: User) -> int:
    """Queue those of the messages that are unknown once more; how many. Raises states.MoveRefused, see `why_not`."""
    return _in_chunks(lambda: _queue(broadcast, messages, person))


def why_not(broadcast: Broadcast) -> str:
    """Why nothing of this broadcast can be sent again, for a person; empty where it can."""
    if broadcast.state == Broadcast.State.CANCELLED:
        return "This broadcast was cancelled, so nothing more of it is sent."
    if broadcast.expires_at and broadcast.expires_at <= timezone.now():
        return "This broadcast has expired, so nothing more of it is sent."
    if broadcast.state not in STILL_SENDS:
        return f"This broadcast is {broadcast.get_state_display().lower()}, so nothing of it can be sent again."
    return ""


def _in_chunks(act: Callable[[], int]) -> int:
    done = 0
    while number := act():
        done += number
    return done


def _accept(broadcast: Broadcast, messages: QuerySet[Message], person: User) -> int:
    now = timezone.now()
    with transaction.atomic():
        changes = [
            Change(row.pk, row.batch_id, "unknown", "accepted", error_code="treated_as_sent", error_text=TREATED)
            for row in _locked(broadcast, messages)
        ]
        ledger.write(changes, now=now)
        _audit(person, broadcast, "Treated {} as sent.", len(changes))
    return len(changes)


def _queue(broadcast: Broadcast, messages: QuerySet[Message], person: User) -> int:
    now = timezone.now()
    with transaction.atomic():
        rows = _locked(broadcast, messages)
        if rows:
            place_anew(rows, broadcast, state=Message.State.UNKNOWN, reason=AGAIN, now=now)
            _mark(rows)
            _audit(person, broadcast, "Sent {} again.", len(rows))
    return len(rows)


def _locked(broadcast: Broadcast, messages: QuerySet[Message]) -> list[Message]:
    """The next chunk of what is still unknown, locked in the one order that receipts lock rows in."""
    chosen = unknown_of(broadcast).filter(pk__in=messages.order_by().values("pk"))
    return list(chosen.select_for_update().order_by("pk").only("pk", "batch")[:CHUNK])


def place_anew(
    rows: Sequence[Message], broadcast: Broadcast, *, state: Message.State, reason: str, now: datetime
) -> None:
    """Put locked rows, all in this state, into new batches, as expansion sizes them. Raises states.MoveRefused."""
    _take_out_of_their_batches(rows, state)
    size = expansion.batch_size(broadcast)
    sizes = [min(size, len(rows) - start) for start in range(0, len(rows), size)]
    first = states.next_batch_number(broadcast.pk, len(sizes))
    _reopen(broadcast)
    made = Batch.objects.bulk_create(
        Batch(broadcast=broadcast, number=number, size=people, pending=people, not_before=now)
        for number, people in enumerate(sizes, start=first)
    )
    stamp = connection.ops.adapt_datetimefield_value(now)
    places = (
        (made[place // size].pk, place % size + 1, SENT_AGAIN, reason, stamp, row.pk, state.value)
        for place, row in enumerate(rows)
    )
    with connection.cursor() as cursor:
        cursor.executemany(PLACE, list(places))


def _take_out_of_their_batches(rows: Sequence[Message], state: Message.State) -> None:
    left = Counter(row.batch_id for row in rows)
    for batch_id in sorted(left):
        Batch.objects.filter(pk=batch_id).update(**{state.value: F(state.value) - left[batch_id]})


def _mark(rows: Sequence[Message]) -> None:
    """Keep in mind that these may have been posted before."""
    keys = [row.pk for row in rows]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(MARK_POSTGRESQL, [json.dumps({MARK: True}), keys])
        else:
            cursor.execute(MARK_PORTABLE, [json.dumps(keys)])


def _reopen(broadcast: Broadcast) -> None:
    """Let the broadcast send again; its row was locked by the taking of batch numbers. Raises states.MoveRefused."""
    broadcast.refresh_from_db()
    sentence = why_not(broadcast)
    if sentence:
        raise states.MoveRefused(sentence)
    if broadcast.state == Broadcast.State.COMPLETED:
        states.move(broadcast, Broadcast.State.SENDING, only_from={Broadcast.State.COMPLETED}, finished_at=None)


def _audit(person: User, broadcast: Broadcast, sentence: str, number: int) -> None:
    if number:
        what = f"{number:,} unknown message{'' if number == 1 else 's'}"
        LogEntry.objects.log_actions(person.pk, [broadcast], CHANGE, sentence.format(what), single_object=True)
