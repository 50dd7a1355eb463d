"""People in groups, from the pages: how many are in one, and as many into one as are chosen, once each."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from broadcaster.admin.account_state import age
from broadcaster.admin.base import COUNTED_ROWS
from broadcaster.audience import rules_counts
from broadcaster.models import Group, Membership

CHUNK = 5_000
QUICK_S = 0.2


def with_size(groups: QuerySet[Group]) -> QuerySet[Group]:
    """Groups with their `size`, counted to COUNTED_ROWS and one more."""
    return rules_counts.with_size(groups, COUNTED_ROWS)


def size_in_words(size: int, one: str = "contact", many: str = "contacts") -> str:
    """The size of a group as far as it was counted."""
    if size > COUNTED_ROWS:
        return f"more than {COUNTED_ROWS:,} {many}"
    return f"{size:,} {one if size == 1 else many}"


def group_size(group: Any, one: str = "contact", many: str = "contacts") -> str:
    """How many are in a group of `with_size`: on a list so far as counted, by a rule as a worker last counted."""
    if not group.is_smart:
        return size_in_words(group.size, one, many)
    if group.counted_at is None:
        return "not counted yet"
    if group.counted is None:
        return "could not be counted"
    return f"about {group.counted:,} {one if group.counted == 1 else many}, {age(group.counted_at)}"


def whole_size(group: Any) -> str:
    """The size of a list counted to the last, unless that would keep the page waiting.

    Told once for the record at hand, since a form asks several times for what it shows.
    """
    if group.is_smart or group.size <= COUNTED_ROWS:
        return group_size(group)
    if not hasattr(group, "told_size"):
        group.told_size = _counted_to_the_last(group)
    return str(group.told_size)


def _counted_to_the_last(group: Any) -> str:
    try:
        with rules_counts.within(QUICK_S):
            return f"{Membership.objects.filter(group=group).count():,} contacts"
    except rules_counts.TookTooLong:
        return group_size(group)


def add_to_group(group: Group, contact_ids: Iterable[int]) -> int:
    """Make these contacts members of a list; how many were not yet."""
    before = Membership.objects.filter(group=group).count()
    remaining = iter(contact_ids)
    while chunk := list(islice(remaining, CHUNK)):
        rows = [Membership(group=group, contact_id=contact_id) for contact_id in chunk]
        Membership.objects.bulk_create(rows, ignore_conflicts=True)
    return Membership.objects.filter(group=group).count() - before
