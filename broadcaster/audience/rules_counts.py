"""How many people a rule fits and some of them, within a bounded time; and the counts that lists of groups show.

A list of people is counted as far as an index is read at once; beyond that, a worker counts it, as smart groups.
"""

import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import IntegerField, OuterRef, QuerySet, Subquery
from django.utils import timezone

from broadcaster.audience import rules_groups
from broadcaster.audience.rules import Rule, Unusable
from broadcaster.models import Contact, Group, Membership

SAMPLE = 10
LOOK_S = 3.0  # somebody sits before the page
COUNT_S = 60.0  # a worker has more patience, but not so much that others wait for it
LIST_ROWS = 10_000  # members that a list is counted up to where it is shown
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


class CountUpTo(Subquery):
    """The number of rows of a limited query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def with_size(groups: QuerySet[Group], limit: int) -> QuerySet[Any]:
    """Groups with their `size`, counted to the limit and one more: an exact one would read millions of rows.

    In order, since PostgreSQL reads an index for that, but the whole table for the members of a group that has few.
    """
    members = Membership.objects.filter(group=OuterRef("pk")).order_by("contact").values("contact")
    return groups.annotate(size=CountUpTo(members[: limit + 1]))


def stale(groups: Iterable[Group], *, large: Collection[int] = ()) -> list[int]:
    """The keys of the smart groups, and of the `large` lists, whose count should not be shown much longer."""
    before = timezone.now() - FRESH
    kept = [group for group in groups if group.is_smart or group.pk in large]
    return [group.pk for group in kept if group.counted_at is None or group.counted_at < before]


def refresh(group_id: int, *, limit_s: float = COUNT_S) -> None:
    """Count a smart group or a large list anew; where that cannot be done it has no count, rather than an old one."""
    group = with_size(Group.objects.filter(pk=group_id), LIST_ROWS).first()
    if group is None or not (group.is_smart or group.size > LIST_ROWS):
        return
    try:
        with within(limit_s):
            people = rules_groups.members(group) if group.is_smart else Membership.objects.filter(group=group)
            counted = people.count()
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
