"""The queue as everything else sees it: tasks by name, since the modules below `tasks` cannot import it.

Losing a task loses nothing, for the tick finds in the database what there is to do; so nobody's request fails because
the queue is away.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.cache import cache
from django_q.tasks import async_task
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

# A turn in a long workbook begins with the way to its first row. If such a task is handed out again meanwhile, one of
# the two finds its rows saved, and leaves.
PATIENCE = {"import_upload": {"timeout": 900}}


@contextmanager
def if_it_answers() -> Iterator[None]:
    """Leave it, with a line in the log, where Redis is away."""
    try:
        yield
    except RedisError as error:
        log.warning("the queue is away, what there is to do is found again without it: %s", error)


@if_it_answers()
def enqueue(task: str, *args: int | bool) -> None:
    """Let a worker run `broadcaster.tasks.<task>`."""
    async_task(f"broadcaster.tasks.{task}", *args, **PATIENCE.get(task, {}))


@if_it_answers()
def enqueue_at_most(task: str, *, every_s: float) -> None:
    """The same, but at most once in this time on this host."""
    if cache.add(f"queued-{task}", True, timeout=every_s):
        enqueue(task)


@if_it_answers()
def enqueue_pumps() -> None:
    """Queue as many pumps as a cluster has seats for; one that finds no seat ends at once.

    What else is queued does not count: tasks that take long would keep the pumps away.
    """
    for _ in range(pumps_a_cluster()):
        enqueue("run_pump")


def pumps_a_cluster() -> int:
    """How many workers of a cluster may send; one stays free for everything else."""
    return int(max(1, settings.WORKERS - 1))
