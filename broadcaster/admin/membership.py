"""People in groups, from the pages: how many are in one, and as many into one as are chosen, once each."""

from collections.abc import Iterable
from itertools import islice

from django.db.models import IntegerField, OuterRef, QuerySet, Subquery

from broadcaster.admin.base import COUNTED_ROWS
from broadcaster.models import Group, Membership

CHUNK = 5_000


class CountUpTo(Subquery):
    """The number of rows of a limited query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def with_size(groups: QuerySet[Group]) -> QuerySet[Group]:
    """Groups with their `size`, counted to COUNTED_ROWS and one more: an exact one would read millions of rows."""
    members = Membership.objects.filter(group=OuterRef("pk")).order_by().values("contact")
    return groups.annotate(size=CountUpTo(members[: COUNTED_ROWS + 1]))


def size_in_words(size: int, one: str = "contact", many: str = "contacts") -> str:
    """The size of a group as far as it was counted."""
    if size > COUNTED_ROWS:
        return f"more than {COUNTED_ROWS:,} {many}"
    return f"{size:,} {one if size == 1 else many}"


def add_to_group(group: Group, contact_ids: Iterable[int]) -> int:
    """Make these contacts members; how many were not yet."""
    before = Membership.objects.filter(group=group).count()
    remaining = iter(contact_ids)
    while chunk := list(islice(remaining, CHUNK)):
        rows = [Membership(group=group, contact_id=contact_id) for contact_id in chunk]
        Membership.objects.bulk_create(rows, ignore_conflicts=True)
    return Membership.objects.filter(group=group).count() - before
