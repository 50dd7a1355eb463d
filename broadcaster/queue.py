"""The queue as everything else sees it: tasks by name, since the modules below `tasks` cannot import it."""

from django.conf import settings
from django.core.cache import cache
from django_q.brokers import get_broker
from django_q.tasks import async_task


def enqueue(task: str, *args: int | bool) -> None:
    """Let a worker run `broadcaster.tasks.<task>`; losing it loses nothing, since the tick finds the work again."""
    async_task(f"broadcaster.tasks.{task}", *args)


def enqueue_at_most(task: str, *, every_s: float) -> None:
    """The same, but at most once in this time on this host."""
    if cache.add(f"queued-{task}", True, timeout=every_s):
        enqueue(task)


def enqueue_pumps() -> None:
    """Queue pumps, but never more than there are workers for; one worker stays free for everything else."""
    wanted = max(1, settings.WORKERS - 1) - get_broker().queue_size()
    for _ in range(wanted):
        enqueue("run_pump")
