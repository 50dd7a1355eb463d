"""The contacts of one group, on its list or by its rule, within a time that a program may wait for them.

Those of a list come in the order in which it is kept, by their keys: in the order of their changes, the people of a
group that has not changed for long would be looked for behind everybody else.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.exceptions import ParseError

from broadcaster.api.fields import uuids_in
from broadcaster.audience import rules_counts
from broadcaster.audience.rules import Unusable
from broadcaster.audience.rules_groups import Reader
from broadcaster.models import Contact, Group, Membership

KEY = "contact_id"
TOO_LONG = "Looking for the people of this group takes too long. Ask for fewer of them, with `after` and `before`."
NOBODY_KNOWS = "Nobody can tell who is in this group. {}"


def group_named(given: str) -> Group | None:
    """The group of this name or UUID."""
    return Group.objects.filter(Q(name=given) | Q(uuid__in=uuids_in([given]))).first()


def of(group: Group | None, rows: QuerySet[Contact]) -> QuerySet[Any]:
    """Those of the contacts who are in the group: contacts, or memberships of a list. Raises ParseError."""
    if group is None:
        return rows.none()
    if not group.is_smart:
        listed = Membership.objects.filter(group=group)
        return listed.filter(contact__in=rows) if rows.query.where else listed
    try:
        return rows.filter(Reader().members([group]))
    except Unusable as error:
        raise ParseError(NOBODY_KNOWS.format(error.sentence)) from error


def contacts_of(rows: Sequence[Any]) -> list[Contact]:
    """The contacts, where rows are memberships; a database that joins both would read too many of either."""
    keys = [row.contact_id for row in rows if isinstance(row, Membership)]
    if not keys:
        return list(rows)
    known = Contact.objects.in_bulk(keys)
    return [known[key] for key in keys if key in known]


@contextmanager
def in_time() -> Iterator[None]:
    """Break off what takes the database too long, as a rule that fits next to nobody can. Raises ParseError."""
    try:
        with rules_counts.within(rules_counts.LOOK_S):
            yield
    except rules_counts.TookTooLong as error:
        raise ParseError(TOO_LONG) from error
