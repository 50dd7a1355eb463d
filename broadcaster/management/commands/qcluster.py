"""`manage.py qcluster`: django-q2's cluster of workers, but one that never stays up without working.

The processes of a cluster hand tasks on through queues with locks, and an idle worker waits for its next task with the
reading lock in its hand. Where one is killed (by the machine that is out of memory, by a person), nobody can ever give
its lock back: the others look alive and wait for ever. So the whole cluster ends then, and what has started it
(`run.py`, a service manager) starts it anew. Nothing is lost by that, for the tick finds in the database what there is
to do; a new cluster begins with one.
"""

import os
import signal
import time
from types import FrameType
from typing import Any

from django_q import cluster
from django_q.brokers import get_broker
from django_q.management.commands import qcluster
from redis.exceptions import RedisError

from broadcaster import queue

LOOK_AGAIN_S = 1.0
KILLED = 1  # the exit status of a cluster that one of its processes was killed of


class Sentinel(cluster.Sentinel):
    """The process that looks after the others."""

    def guard(self) -> None:
        """Begin with what the last cluster left, and watch. A kill is noticed even while a lock is waited for."""
        queue.enqueue("tick")
        signal.signal(signal.SIGCHLD, self._somebody_ended)
        super().guard()

    def reincarnate(self, process: Any) -> None:
        """Replace a process that ended by itself (a worker after a timeout, a pusher whose broker was away)."""
        self._end_if_killed([process])
        super().reincarnate(process)

    def _somebody_ended(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() == self.pid:  # children inherit the handler until they set their own
            self._end_if_killed([*self.pool, self.monitor, self.pusher])

    def _end_if_killed(self, processes: list[Any]) -> None:
        killed = [process for process in processes if process.exitcode is not None and process.exitcode < 0]
        if not killed or self.stop_event.is_set():
            return
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        cluster.logger.critical("A process of the cluster was killed (signal %d); all end.", -killed[0].exitcode)
        for process in (*self.pool, self.monitor, self.pusher):
            if process.is_alive():
                process.terminate()  # a worker in the middle of a window finishes it first
        os._exit(KILLED)


class Command(qcluster.Command):
    """django-q2's command with our sentinel; it waits for its broker instead of giving up."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until it is told to end, or until one of its processes was killed."""
        cluster.Sentinel = Sentinel  # the name by which the cluster starts it
        wait_for_broker()
        super().handle(*args, **options)


def wait_for_broker() -> None:
    """Return as soon as the broker answers; a cluster that gave up would have to be started by a person."""
    while True:
        try:
            get_broker().ping()
        except RedisError as error:
            cluster.logger.warning("The queue does not answer; looking again every second: %s", error)
            time.sleep(LOOK_AGAIN_S)
        else:
            return
