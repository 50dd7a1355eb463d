"""An import from its start to its end: turns of a worker, chunk after chunk, that can stop, die and go on.

    start -> import_rows, again and again -> imported | failed, or cancel -> cancelled

A chunk is one transaction: contacts, group, audience rows, refused rows, counts and `position` move together, so a
worker that dies loses a chunk's work and nothing else, and no row is ever counted twice.
"""

import contextlib
import gc
import time
from collections.abc import Callable, Iterator
from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from broadcaster.audience import chunks, telling, turns
from broadcaster.audience.chunks import Chunk
from broadcaster.audience.spreadsheets import UnreadableFile
from broadcaster.models import AudienceUpload

LONG_WAY_S = 1.0
WAYS = 4  # a turn takes so many times as long as the way to where the last one ended

State = AudienceUpload.State


def start(upload: AudienceUpload) -> bool:
    """Let workers import the file; False where that was done before."""
    waiting = AudienceUpload.objects.filter(pk=upload.pk, state=State.UPLOADED)
    moved = waiting.update(state=State.IMPORTING, started_at=timezone.now()) == 1
    upload.refresh_from_db()
    return moved


def cancel(upload: AudienceUpload) -> bool:
    """Stop an import between two chunks; what is imported stays. False where it does not run."""
    moved = _close(upload, State.CANCELLED, "Cancelled. The rows before that are imported.")
    upload.refresh_from_db()
    return moved


def stalled() -> list[int]:
    """Imports that nobody works on."""
    return turns.stalled(State.IMPORTING)


def import_rows(
    upload_id: int, *, life_s: float, resumed: bool = False, told: Callable[[int], None] = lambda _: None
) -> bool:
    """Import until the end or until `life_s` is over; whether there is more to do.

    `resumed` goes on with an import that this worker's predecessor gave back; else a fresh heartbeat means that another
    worker is at it, and this one leaves. `told` hears after each chunk how many rows this turn has imported.
    """
    upload = turns.take(upload_id, State.IMPORTING, resumed=resumed)
    if upload is None:
        return False
    try:
        with _no_search_for_circles():
            return _take_a_turn(upload, life_s, told)
    except (UnreadableFile, OSError) as error:
        sentence = getattr(error, "sentence", "The file could not be read from the disk.")
        _close(upload, State.FAILED, f"{sentence} Rows before that are imported.")
        return False


def _take_a_turn(upload: AudienceUpload, life_s: float, told: Callable[[int], None]) -> bool:
    """Import for a while; whether there is more to do. Raises UnreadableFile, OSError."""
    started, end, rows = time.monotonic(), None, 0
    for chunk in chunks.read(upload, passing=partial(turns.touch, upload)):
        if end is None:  # the way to where the last turn ended is no part of this one
            end = time.monotonic() + _life(life_s, time.monotonic() - started)
        if not turns.retried(partial(_save, upload, chunk)):
            return False
        rows += chunk.rows
        told(rows)
        del chunk  # or the next one is read beside it
        if time.monotonic() > end:
            return True
    _close(upload, State.IMPORTED, "")
    return False


def _life(life_s: float, way_s: float) -> float:
    """How long a turn imports: where the way to its first row was long, the longer, or ways would take most of it."""
    return max(life_s, WAYS * way_s) if way_s > LONG_WAY_S else life_s


@contextlib.contextmanager
def _no_search_for_circles() -> Iterator[None]:
    """Keep Python from searching the rows for objects that hold each other: there are none, and it took a seventh."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _save(upload: AudienceUpload, chunk: Chunk) -> bool:
    """Save some rows; False where another worker has saved them meanwhile, or the import was cancelled."""
    with transaction.atomic():
        present = AudienceUpload.objects.filter(pk=upload.pk).values_list("group_id", flat=True)
        upload.group_id = present.first()  # it may have been deleted since the turn began
        added = chunks.added(chunks.save(upload, chunk))
        here = AudienceUpload.objects.filter(pk=upload.pk, position=upload.position, state=State.IMPORTING)
        moved = here.update(position=chunk.through, rows=F("rows") + chunk.rows, touched_at=timezone.now(), **added)
        if moved != 1:
            transaction.set_rollback(True)
            return False
    upload.position = chunk.through
    return True


def _close(upload: AudienceUpload, state: AudienceUpload.State, error: str) -> bool:
    running = AudienceUpload.objects.filter(pk=upload.pk, state=State.IMPORTING)
    with transaction.atomic(savepoint=False):
        is_closed = running.update(state=state, error=error[:500], finished_at=timezone.now()) == 1
        if is_closed:
            telling.closed(upload.pk, state)
    return is_closed
