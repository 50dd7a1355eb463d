"""The queue's entry points: ids in, one call each, then the next task by name. From top to bottom: the way of the data.

Losing any of these tasks loses nothing, since the tick finds in the database what there is to do.
"""

import logging
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterable

from django.core.cache import cache
from django.db import Error, connection
from django_q.models import Schedule

from broadcaster import accounts, provider_groups, queue, seats
from broadcaster.audience import importing, rules_counts, undoing
from broadcaster.hooks import outbox, posting
from broadcaster.models import Broadcast, Channel
from broadcaster.receipts import apply, polling
from broadcaster.reports import retention
from broadcaster.sending import approvals, asking, batches, closing, expansion, pump, recovery, resending, schedule

log = logging.getLogger(__name__)

TASK_LIFE_S = 15  # a long job gives its worker back after this and queues itself again, so that others get a turn
LINGER_S = 2.0
NAP_S = 0.2
POLL_EVERY_S = 3
POLL_LOCK_S = 75  # longer than a task that begins its last turn at its end, the turn and the turn's last call
GROUPS_EVERY_S = 5  # a person presses a button for it
COUNT_LOCK_S = 75  # longer than the longest count
ASK_EVERY_S = 240  # a list of everything that a provider was given is no small thing to ask for


def tick() -> None:
    """Once a minute: start what is due, revive what was lost, recover what died, forget what is old.

    A step that fails is logged and keeps no other from its turn. The first error is raised at the end, so that the
    queue lists the tick among its failures.
    """
    steps: dict[str, Callable[[], object]] = {
        "recover leases": recovery.recover_leases,
        "settle broadcasts": recovery.settle,
        "revive imports": lambda: _queue_each("import_upload", importing.stalled()),
        "take back imports": lambda: _queue_each("take_back_upload", undoing.stalled()),
        "miss what is late": schedule.miss_late,
        "start what is due": schedule.start_due,
        "revive preparations": lambda: _queue_each("prepare_broadcast", recovery.stalled_preparations()),
        "go on to send again": lambda: _queue_each("send_refused_again", resending.unfinished()),
        "look at templates again": lambda: _queue_each("look_again", approvals.waiting()),
        "close broadcasts": lambda: _queue_each("close_broadcast", closing.waiting()),
        "wake pumps": lambda: batches.due_within(pump.HORIZON_S) and queue.enqueue_pumps(),
        "poll for receipts": poll_channels,
        "ask for unknowns": lambda: _queue_each("ask_unknowns", [channel.pk for channel in asking.channels()]),
        "list templates": lambda: _queue_each("list_templates", accounts.due()),
        "apply receipts": lambda: queue.enqueue("apply_receipts"),
        "post to webhooks": lambda: posting.is_due() and queue.enqueue(outbox.TASK),
        "discard receipts": retention.discard_old_receipts,
        "discard calls": retention.discard_old_calls,
        "discard answers": retention.discard_old_answers,
        "discard files": retention.discard_old_files,
        "discard deliveries": retention.discard_old_deliveries,
    }
    errors = [error for name, step in steps.items() if (error := _failure_of(name, step))]
    if errors:
        raise errors[0]


def import_upload(upload_id: int, resumed: bool = False) -> None:  # noqa: FBT001, FBT002  the queue passes positions
    """Import a file, a turn at a time."""
    if importing.import_rows(upload_id, life_s=TASK_LIFE_S, resumed=resumed):
        queue.enqueue("import_upload", upload_id, True)


def take_back_upload(upload_id: int, resumed: bool = False) -> None:  # noqa: FBT001, FBT002  as above
    """Remove what an import made, a turn at a time."""
    if undoing.remove_rows(upload_id, life_s=TASK_LIFE_S, resumed=resumed):
        queue.enqueue("take_back_upload", upload_id, True)


def prepare_broadcast(broadcast_id: int) -> None:
    """Give every recipient a row, a turn at a time, then let workers send."""
    if expansion.expand(broadcast_id, worker=_worker(), life_s=TASK_LIFE_S):
        queue.enqueue_pumps()
    elif broadcast_id in recovery.stalled_preparations():  # its turn is over; others that wait go first
        queue.enqueue("prepare_broadcast", broadcast_id)


def look_again(broadcast_id: int) -> None:
    """See whether a broadcast that is prepared and waits may still be sent."""
    approvals.look_again(broadcast_id)


def close_broadcast(broadcast_id: int) -> None:
    """Skip or expire what is not sent any more, a turn at a time."""
    if closing.close(broadcast_id, life_s=TASK_LIFE_S):
        queue.enqueue("close_broadcast", broadcast_id)


def send_refused_again(resending_id: int) -> None:
    """Queue more of what was refused, a turn at a time, then let workers send."""
    if resending.go_on(resending_id, life_s=TASK_LIFE_S):
        queue.enqueue("send_refused_again", resending_id)
    queue.enqueue_pumps()


def run_pump() -> None:
    """Send for a while, then make room for others. Where there is work, other hosts' workers are woken too."""
    with seats.taken(seats.Kind.PUMP, of=queue.pumps_a_cluster()) as is_seated:
        if not is_seated:
            return
        if batches.due_within(pump.HORIZON_S):
            queue.enqueue_pumps()
        tally = pump.run()
    if tally.more:
        queue.enqueue_pumps()
    if tally.messages:
        poll_channels()
    if tally.told_to_end:
        raise SystemExit


def apply_receipts() -> None:
    """Apply receipts until none has come for a while, a turn at a time; one worker of a cluster is enough for that."""
    with seats.taken(seats.Kind.RECEIPTS, of=1) as is_seated:
        quiet_since = time.monotonic()
        end = quiet_since + TASK_LIFE_S
        while is_seated and time.monotonic() < min(end, quiet_since + LINGER_S):
            if apply.apply_waiting():
                quiet_since = time.monotonic()
            else:
                time.sleep(NAP_S)
        is_quiet = time.monotonic() >= quiet_since + LINGER_S
    if is_seated and not is_quiet:  # those who were woken meanwhile found the seat taken, and have gone
        queue.enqueue("apply_receipts")


def poll_channels() -> None:
    """Let every channel be asked that waits for receipts."""
    _queue_each("poll_channel", [channel.pk for channel in polling.channels()])


def poll_channel(channel_id: int) -> None:
    """Ask for receipts for a while, one task a channel at a time."""
    lock, mine = f"polling-{channel_id}", uuid.uuid4().hex
    if not cache.add(lock, mine, timeout=POLL_LOCK_S):
        return
    end = time.monotonic() + TASK_LIFE_S - POLL_EVERY_S
    try:
        while polling.poll(channel_id) and time.monotonic() < end:
            time.sleep(POLL_EVERY_S)
    finally:
        if cache.get(lock) == mine:  # it may have run out, and be another's by now
            cache.delete(lock)


def ask_unknowns(channel_id: int) -> None:
    """Ask for the messages whose answer was lost, not too often; those that are found have receipts to come."""
    if cache.add(f"asked-{channel_id}", _worker(), timeout=ASK_EVERY_S) and asking.ask(channel_id):
        queue.enqueue("poll_channel", channel_id)


def list_groups(channel_id: int) -> None:
    """Ask for the groups of a channel's account, not too often."""
    if cache.add(f"groups-{channel_id}", _worker(), timeout=GROUPS_EVERY_S):
        provider_groups.look(channel_id)


def post_webhooks() -> None:
    """Tell webhooks what waits to be told, a turn at a time; one worker of a cluster is enough for that."""
    with seats.taken(seats.Kind.WEBHOOKS, of=1) as is_seated:
        if is_seated:
            posting.post_due(life_s=TASK_LIFE_S)
    if is_seated and posting.is_due():  # those who were woken meanwhile found the seat taken, and have gone
        queue.enqueue(outbox.TASK)


def count_groups(*group_ids: int) -> None:
    """Count whom the groups' rules fit, a turn at a time; one worker of a cluster is enough for that.

    Who finds no seat leaves it: whoever looks at the groups next asks again.
    """
    waiting = list(group_ids)
    with seats.taken(seats.Kind.COUNTS, of=1) as is_seated:
        end = time.monotonic() + TASK_LIFE_S
        while is_seated and waiting and time.monotonic() < end:
            rules_counts.refresh(waiting[0])
            cache.delete(f"counting-{waiting.pop(0)}")
    if is_seated and waiting:
        queue.enqueue("count_groups", *waiting)
    else:
        cache.delete_many([f"counting-{pk}" for pk in waiting])


@queue.if_it_answers()  # whoever looks at the groups next asks again
def wake_counts(group_ids: Iterable[int]) -> None:
    """Let a worker count these smart groups anew, each once however many people look at it meanwhile."""
    if new := [pk for pk in group_ids if cache.add(f"counting-{pk}", _worker(), timeout=COUNT_LOCK_S)]:
        queue.enqueue("count_groups", *new)


@queue.if_it_answers()
def recount(group_id: int) -> None:
    """Let a worker count a group whose rule is new, even if one still counts whom the old one fits."""
    cache.delete(f"counting-{group_id}")
    wake_counts([group_id])


def wake(broadcast: Broadcast) -> None:
    """After a person's word: start now what is due soon, instead of at the next tick."""
    if broadcast.state == Broadcast.State.SCHEDULED:
        schedule.start_due()
        broadcast.refresh_from_db()
    if broadcast.state == Broadcast.State.PREPARING and broadcast.prepared_at is None:
        queue.enqueue("prepare_broadcast", broadcast.pk)
    elif broadcast.state == Broadcast.State.SENDING:
        queue.enqueue_pumps()
    elif broadcast.state == Broadcast.State.CANCELLED:
        queue.enqueue("close_broadcast", broadcast.pk)


def wake_import(upload_id: int) -> None:
    """Let a worker import this file."""
    queue.enqueue("import_upload", upload_id)


def wake_taking_back(upload_id: int) -> None:
    """Let a worker take this file back."""
    queue.enqueue("take_back_upload", upload_id)


def list_templates(channel_id: int) -> None:
    """See which templates an account holds and whether they may be sent."""
    accounts.list_due(channel_id)


def wake_listing(channel: Channel) -> None:
    """Let a worker look at the account's templates now, however fresh the last look is."""
    accounts.want_templates(channel)
    queue.enqueue("list_templates", channel.pk)


def ensure_schedule() -> None:
    """Make the tick run: one row, made once and kept."""
    Schedule.objects.get_or_create(
        func="broadcaster.tasks.tick",
        defaults={"name": "Tick", "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1},
    )


def _failure_of(name: str, step: Callable[[], object]) -> Exception | None:
    """Take one step of the tick; why it failed, if it did."""
    try:
        step()
    except Exception as error:
        log.exception("the tick could not %s", name)
        if isinstance(error, Error) and not connection.in_atomic_block:
            connection.close()  # it may be broken, and must not fail the next step too
        return error
    return None


def _queue_each(task: str, keys: Iterable[int]) -> None:
    for key in keys:
        queue.enqueue(task, key)


def _worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
