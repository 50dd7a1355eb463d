"""The queue's entry points: ids in, one call each, then the next task by name. From top to bottom: the way of the data.

Losing any of these tasks loses nothing, since the tick finds in the database what there is to do.
"""

import os
import socket
import time

from django.core.cache import cache
from django_q.models import Schedule

from broadcaster import queue
from broadcaster.audience import uploads
from broadcaster.models import Broadcast
from broadcaster.receipts import apply, inbox, polling
from broadcaster.reports import retention
from broadcaster.sending import batches, expansion, pump, recovery, schedule

TASK_LIFE_S = 15  # a long job gives its worker back after this and queues itself again, so that others get a turn
LINGER_S = 2.0
NAP_S = 0.2
POLL_EVERY_S = 3


def tick() -> None:
    """Once a minute: start what is due, revive what was lost, recover what died, forget what is old."""
    recovery.recover_leases()
    recovery.settle()
    for upload_id in uploads.stalled_imports():
        wake_import(upload_id)
    schedule.start_due()
    for broadcast_id in recovery.stalled_preparations():
        queue.enqueue("prepare_broadcast", broadcast_id)
    if batches.due_within(pump.HORIZON_S):
        queue.enqueue_pumps()
    for channel in polling.channels():
        queue.enqueue("poll_channel", channel.pk)
    queue.enqueue("apply_receipts")
    inbox.discard_old()
    retention.discard_old_calls()


def import_upload(upload_id: int, resumed: bool = False) -> None:  # noqa: FBT001, FBT002  the queue passes positions
    """Import a file, a turn at a time."""
    if uploads.import_rows(upload_id, life_s=TASK_LIFE_S, resumed=resumed):
        queue.enqueue("import_upload", upload_id, True)


def prepare_broadcast(broadcast_id: int) -> None:
    """Give every recipient a row, then let workers send."""
    if expansion.expand(broadcast_id, worker=_worker()):
        queue.enqueue_pumps()


def run_pump() -> None:
    """Send for a while, then make room for others."""
    tally = pump.run()
    if tally.more:
        queue.enqueue_pumps()
    if tally.messages:
        for channel in polling.channels():
            queue.enqueue("poll_channel", channel.pk)


def apply_receipts() -> None:
    """Apply receipts until none has come for a while."""
    quiet_since = time.monotonic()
    end = quiet_since + TASK_LIFE_S
    while time.monotonic() < min(end, quiet_since + LINGER_S):
        if apply.apply_waiting():
            quiet_since = time.monotonic()
        else:
            time.sleep(NAP_S)


def poll_channel(channel_id: int) -> None:
    """Ask for receipts for a while, one task a channel at a time."""
    if not cache.add(f"polling-{channel_id}", _worker(), timeout=TASK_LIFE_S):
        return
    end = time.monotonic() + TASK_LIFE_S - POLL_EVERY_S
    while polling.poll(channel_id) and time.monotonic() < end:
        time.sleep(POLL_EVERY_S)
    cache.delete(f"polling-{channel_id}")


def wake(broadcast: Broadcast) -> None:
    """After a person's word: start now what is due soon, instead of at the next tick."""
    if broadcast.state == Broadcast.State.SCHEDULED:
        schedule.start_due()
        broadcast.refresh_from_db()
    if broadcast.state == Broadcast.State.PREPARING and broadcast.prepared_at is None:
        queue.enqueue("prepare_broadcast", broadcast.pk)
    elif broadcast.state == Broadcast.State.SENDING:
        queue.enqueue_pumps()


def wake_import(upload_id: int) -> None:
    """Let a worker import this file."""
    queue.enqueue("import_upload", upload_id)


def ensure_schedule() -> None:
    """Make the tick run: one row, made once and kept."""
    Schedule.objects.get_or_create(
        func="broadcaster.tasks.tick",
        defaults={"name": "Tick", "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1},
    )


def _worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
