"""How many people a rule fits and some of them, within a bounded time; and the counts that lists of groups show."""

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from broadcaster.audience import rules_groups
from broadcaster.audience.rules import Rule, Unusable
from broadcaster.models import Contact, Group

SAMPLE = 10
LOOK_S = 3.0  # somebody sits before the page
COUNT_S = 60.0  # a worker has more patience, but not so much that others wait for it
FRESH = timedelta(minutes=5)
STEPS = 10_000  # of SQLite's machine from one look at the clock to the next


class TookTooLong(Exception):  # noqa: N818
    """The database did not answer in time."""


@dataclass(frozen=True, slots=True)
class Look:
    """Whom a rule fits now: `count` and `sample` are None where the database took too long."""

    count: int | None
    sample: list[Contact] | None


def look(rule: Rule, *, of: int | None = None, limit_s: float = LOOK_S) -> Look:
    """Look who fits the rule of the group `of`, for about `limit_s` a question. Raises rules.Unusable."""
    people = Contact.objects.filter(rules_groups.Reader().fitting(rule, of=of)).order_by()
    count, sample = None, None
    try:
        with within(limit_s):
            sample = list(people.order_by("pk")[:SAMPLE])
            count = people.count()
    except TookTooLong:
        pass
    return Look(count, sample)


def stale(groups: Iterable[Group]) -> list[int]:
    """The keys of those of the groups whose count a page should not show much longer."""
    before = timezone.now() - FRESH
    return [group.pk for group in groups if group.is_smart and (group.counted_at is None or group.counted_at < before)]


def refresh(group_id: int, *, limit_s: float = COUNT_S) -> None:
    """Count a smart group anew; where that cannot be done it has no count, rather than an old one."""
    group = Group.objects.exclude(rule={}).filter(pk=group_id).first()
    if group is None:
        return
    try:
        with within(limit_s):
            counted = rules_groups.members(group).count()
    except (TookTooLong, Unusable):
        counted = None
    same_rule = Group.objects.filter(pk=group_id, rule=group.rule)
    same_rule.update(counted=counted, counted_at=timezone.now())


@contextmanager
def within(limit_s: float) -> Iterator[None]:
    """Let the database break off what takes longer. Raises TookTooLong."""
    bounded = _within_postgresql if connection.vendor == "postgresql" else _within_sqlite
    try:
        with bounded(limit_s):
            yield
    except OperationalError as error:
        if not _is_break(error):
            raise
        raise TookTooLong from error


@contextmanager
def _within_postgresql(limit_s: float) -> Iterator[None]:
    """Each statement has the whole time: a page asks for two, and the first of them is quick or the last one."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{limit_s * 1000:.0f}"])
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")


@contextmanager
def _within_sqlite(limit_s: float) -> Iterator[None]:
    """Without a transaction: it would keep writers waiting, which a look need not."""
    end = time.monotonic() + limit_s
    connection.ensure_connection()
    connection.connection.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    try:
        yield
    finally:
        connection.connection.set_progress_handler(None, 0)


def _is_break(error: OperationalError) -> bool:
    cause = error.__cause__
    if isinstance(cause, sqlite3.OperationalError):
        return cause.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT
    return getattr(cause, "sqlstate", "") == "57014"  # query_canceled
