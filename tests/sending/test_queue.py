"""What is put into the queue, and how much of it."""

from collections import Counter

import pytest
from django_q.models import Schedule

from broadcaster import queue, tasks
from tests.queued import names, packages

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_queue")]


def test_as_many_pumps_are_queued_as_a_cluster_has_seats_for_whatever_else_waits(settings: object) -> None:
    settings.WORKERS = 4  # type: ignore[attr-defined]
    for _ in range(5):
        queue.enqueue("apply_receipts")
    queue.enqueue_pumps()
    assert names() == Counter(apply_receipts=5, run_pump=3)


def test_the_tick_is_scheduled_once() -> None:
    tasks.ensure_schedule()
    tasks.ensure_schedule()
    tick = Schedule.objects.get(func="broadcaster.tasks.tick")
    assert (tick.minutes, tick.repeats) == (1, -1)


def test_an_import_may_take_longer_than_other_tasks(settings: object) -> None:
    queue.enqueue("import_upload", 1)
    queue.enqueue("apply_receipts")
    importing, applying = packages()
    assert importing["timeout"] > settings.Q_CLUSTER["timeout"]  # type: ignore[attr-defined]
    assert "timeout" not in applying
