"""Audience -> one message row for each recipient, in chunks, each a transaction, safe to repeat.

A chunk takes the next contacts by key, makes their batches, and inserts their rows with one INSERT .. SELECT: opted-out
people as skipped, with only the variables that the content uses. The unique key (broadcast, contact) makes a repeat
harmless; `expanded_through` says where to go on after a crash; nothing is sent before `prepared_at` is set.
"""

import json
import math
import time
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

import providers
from broadcaster import gateway
from broadcaster.audience import segments
from broadcaster.audience.rules import Unusable
from broadcaster.content.rendering import placeholders_of
from broadcaster.models import Batch, Broadcast, Message
from broadcaster.sending import approvals, batches, clock, expansion_sql, ledger, media, states

CHUNK = 10_000
BATCH_S = 5  # a batch is about this many seconds of its channel's pace, so that a slow one never holds a worker long
LARGEST_BATCH = 500
REQUESTS_A_BATCH = 5  # at least, or claiming batches would take longer than sending them


def expand(broadcast_id: int, *, worker: str, life_s: float = math.inf) -> bool:
    """Give every recipient of the broadcast its row; whether it is prepared now.

    After about `life_s` seconds it stops and gives the lease back, so that a small broadcast need not wait behind a
    huge one; whoever calls it next goes on there.
    """
    end = time.monotonic() + life_s
    broadcast = _lease(broadcast_id, worker)
    if broadcast is None:
        return False
    try:
        approvals.look(broadcast)
        while media.give_next(broadcast) or _chunk(broadcast):
            if time.monotonic() >= end:
                break
        else:
            return _seal(broadcast)
    except batches.LeaseLost:  # it was paused or cancelled
        pass
    except Unusable as error:
        _fail(broadcast, segments.because(error))
        return False
    except media.NotYet:
        return False
    _give_back(broadcast)
    return False


def batch_size(broadcast: Broadcast) -> int:
    """Messages a batch for this broadcast's channel."""
    largest = max(LARGEST_BATCH, REQUESTS_A_BATCH * gateway.recipients_a_request(broadcast.sender))
    return max(1, min(largest, broadcast.sender.rate_per_second * BATCH_S))


def _lease(broadcast_id: int, worker: str) -> Broadcast | None:
    now = clock.now()
    free = Q(prepare_until=None) | Q(prepare_until__lt=now)
    waiting = Broadcast.objects.filter(free, pk=broadcast_id, state=Broadcast.State.PREPARING, prepared_at=None)
    if waiting.update(prepare_worker=worker, prepare_until=now + timedelta(seconds=settings.LEASE_S)) != 1:
        return None
    return Broadcast.objects.select_related("channel").get(pk=broadcast_id)


def _give_back(broadcast: Broadcast) -> None:
    """End the lease, so that whoever goes on need not wait until it runs out."""
    ours = Broadcast.objects.filter(pk=broadcast.pk, prepare_worker=broadcast.prepare_worker)
    ours.update(prepare_until=None)


def _chunk(broadcast: Broadcast) -> bool:
    """Insert the next chunk, if anybody is in it; whether there was one. Raises batches.LeaseLost, rules.Unusable.

    It is looked for before the transaction, in which SQLite would let nobody else write meanwhile.
    """
    stretch = segments.following(broadcast, broadcast.expanded_through, CHUNK)
    if stretch.through == broadcast.expanded_through:
        return False
    with transaction.atomic():
        until = clock.now() + timedelta(seconds=settings.LEASE_S)
        if _ours(broadcast).update(expanded_through=stretch.through, prepare_until=until) != 1:
            raise batches.LeaseLost
        if stretch.contact_ids:
            _insert(broadcast, stretch.contact_ids)
    broadcast.expanded_through = stretch.through
    return True


def _insert(broadcast: Broadcast, contact_ids: Sequence[int]) -> None:
    size = batch_size(broadcast)
    sizes = [min(size, len(contact_ids) - start) for start in range(0, len(contact_ids), size)]
    first = states.next_batch_number(broadcast.pk, len(sizes))
    made = Batch.objects.bulk_create(
        Batch(broadcast=broadcast, number=number, size=number_of_people, not_before=broadcast.start)
        for number, number_of_people in enumerate(sizes, start=first)
    )
    statement, parameters = expansion_sql.insert_messages(
        broadcast_id=broadcast.pk,
        channel_id=broadcast.sender.pk,
        upload_id=broadcast.upload_id,
        unreachable=_unreachable(broadcast.sender.client_class.capabilities),
        placeholders=placeholders_of(broadcast.content),
        batch_ids=json.dumps([batch.pk for batch in made]),
        contact_ids=json.dumps(contact_ids),
        batch_size=size,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    ledger.counts_of([batch.pk for batch in made])
    batches.finish(batch.pk for batch in made)


def _unreachable(capabilities: providers.Capabilities) -> tuple[str, str, str]:
    """Whom the channel cannot reach."""
    if capabilities.recipient_key == "phone":
        return expansion_sql.NO_PHONE
    return expansion_sql.NOBODY if capabilities.groups else expansion_sql.NOT_OURS


def _seal(broadcast: Broadcast) -> bool:
    """Freeze the total; whether there is somebody to write to, else it fails. Raises batches.LeaseLost."""
    total = Message.objects.filter(broadcast=broadcast).count()
    with transaction.atomic():
        if _ours(broadcast).update(total=total, prepared_at=timezone.now(), prepare_until=None) != 1:
            raise batches.LeaseLost
        to_send = Batch.objects.filter(broadcast=broadcast).exclude(state=Batch.State.DONE)
        if not to_send.exists():
            states.move(broadcast, Broadcast.State.FAILED, state_reason=nobody(total), finished_at=timezone.now())
            return False
    return True


def _fail(broadcast: Broadcast, reason: str) -> None:
    """End it before anything is sent: nobody can tell who else gets it, or who must not. Another's stays as it is."""
    with transaction.atomic():
        if _ours(broadcast).update(prepare_until=None) == 1:
            states.move(broadcast, Broadcast.State.FAILED, state_reason=reason, finished_at=timezone.now())


def nobody(total: int) -> str:
    """Why a broadcast with `total` rows has nobody to write to."""
    if total:
        return f"All {total} recipients have opted out or cannot be reached on this channel."
    return "The audience is empty. Choose a file or groups with people in them."


def _ours(broadcast: Broadcast) -> QuerySet[Broadcast]:
    """The broadcast, if it stands where this worker has left it: it may have been called back and scheduled anew."""
    return Broadcast.objects.filter(
        pk=broadcast.pk,
        state=Broadcast.State.PREPARING,
        prepared_at=None,
        prepare_worker=broadcast.prepare_worker,
        expanded_through=broadcast.expanded_through,
    )
