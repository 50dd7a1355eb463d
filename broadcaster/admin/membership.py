"""People into groups, from the pages: as many as are chosen, once each."""

from collections.abc import Iterable
from itertools import islice

from broadcaster.models import Group, Membership

CHUNK = 5_000


def add_to_group(group: Group, contact_ids: Iterable[int]) -> int:
    """Make these contacts members; how many were not yet."""
    before = Membership.objects.filter(group=group).count()
    remaining = iter(contact_ids)
    while chunk := list(islice(remaining, CHUNK)):
        rows = [Membership(group=group, contact_id=contact_id) for contact_id in chunk]
        Membership.objects.bulk_create(rows, ignore_conflicts=True)
    return Membership.objects.filter(group=group).count() - before
