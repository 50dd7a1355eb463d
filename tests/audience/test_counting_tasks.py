"""Counting groups by rule in the background: all that somebody looks at, by one worker, a turn at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache

from broadcaster import queue, seats, tasks
from broadcaster.models import Contact, Group

pytestmark = pytest.mark.django_db

RULE = {"match": "all", "conditions": [{"of": "language", "value": "ind"}]}


@pytest.fixture(autouse=True)
def groups() -> list[Group]:
    cache.clear()
    Contact.objects.create(identifier="a", language="ind")
    return [Group.objects.create(name=name, rule=RULE) for name in ("One", "Two", "Three")]


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(queue, "enqueue", lambda *call: calls.append(call))
    return calls


def keys(groups: list[Group]) -> list[int]:
    return [group.pk for group in groups]


def counts() -> list[int | None]:
    return list(Group.objects.order_by("pk").values_list("counted", flat=True))


def test_what_one_looks_at_is_one_task_however_often_one_looks(
    groups: list[Group], queued: list[tuple[Any, ...]]
) -> None:
    tasks.wake_counts(keys(groups))
    tasks.wake_counts(keys(groups))
    assert queued == [("count_groups", *keys(groups))]
    tasks.count_groups(*keys(groups))
    assert counts() == [1, 1, 1]
    tasks.wake_counts(keys(groups))
    assert len(queued) == 2


def test_a_turn_that_ends_leaves_the_others_to_the_next(
    groups: list[Group], queued: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(range(0, 100, tasks.TASK_LIFE_S - 1))
    monkeypatch.setattr("broadcaster.tasks.time", SimpleNamespace(monotonic=lambda: next(now)))
    tasks.count_groups(*keys(groups))
    assert (counts(), queued) == ([1, None, None], [("count_groups", *keys(groups)[1:])])


def test_while_another_worker_counts_nothing_is_counted_or_queued_and_the_next_look_asks_again(
    groups: list[Group], queued: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def none(kind: seats.Kind, *, of: int) -> Iterator[bool]:
        yield (kind, of) != (seats.Kind.COUNTS, 1)

    tasks.wake_counts(keys(groups))
    monkeypatch.setattr(seats, "taken", none)
    tasks.count_groups(*keys(groups))
    assert (counts(), len(queued)) == ([None] * 3, 1)
    tasks.wake_counts(keys(groups))
    assert len(queued) == 2
