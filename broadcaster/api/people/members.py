"""The contacts of one group, on its list or by its rule, within a time that a program may wait for them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import Q, QuerySet
from rest_framework.exceptions import ParseError

from broadcaster.api.fields import uuids_in
from broadcaster.audience import rules_counts
from broadcaster.audience.rules import Unusable
from broadcaster.audience.rules_groups import Reader
from broadcaster.models import Contact, Group

TOO_LONG = "Looking for the people of this group takes too long. Ask for fewer of them, with `after` and `before`."
NOBODY_KNOWS = "Nobody can tell who is in this group. {}"


def of(given: str, rows: QuerySet[Contact]) -> QuerySet[Contact]:
    """Those of the contacts who are in the group of this name or UUID, if there is one. Raises ParseError."""
    groups = Group.objects.filter(Q(name=given) | Q(uuid__in=uuids_in([given])))[:1]
    try:
        return rows.filter(Reader().members(groups))
    except Unusable as error:
        raise ParseError(NOBODY_KNOWS.format(error.sentence)) from error


@contextmanager
def in_time() -> Iterator[None]:
    """Break off what takes the database too long, as a rule that fits next to nobody can. Raises ParseError."""
    try:
        with rules_counts.within(rules_counts.LOOK_S):
            yield
    except rules_counts.TookTooLong as error:
        raise ParseError(TOO_LONG) from error
