"""The queue as everything else sees it: tasks by name, since the modules below `tasks` cannot import it.

Losing a task loses nothing, for the tick finds in the database what there is to do; so nobody's request fails because
the queue is away.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.cache import cache
from django_q.brokers import get_broker
from django_q.tasks import async_task
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


@contextmanager
def _if_it_answers() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        log.warning("the queue is away, the tick will find the work: %s", error)


@_if_it_answers()
def enqueue(task: str, *args: int | bool) -> None:
    """Let a worker run `broadcaster.tasks.<task>`."""
    async_task(f"broadcaster.tasks.{task}", *args)


@_if_it_answers()
def enqueue_at_most(task: str, *, every_s: float) -> None:
    """The same, but at most once in this time on this host."""
    if cache.add(f"queued-{task}", True, timeout=every_s):
        enqueue(task)


@_if_it_answers()
def enqueue_pumps() -> None:
    """Queue pumps, but never more than there are workers for; one worker stays free for everything else."""
    wanted = max(1, settings.WORKERS - 1) - get_broker().queue_size()
    for _ in range(wanted):
        enqueue("run_pump")
