"""What a group is needed for: other groups' rules, and broadcasts that are about to go to it or to leave it out."""

from collections.abc import Collection, Iterator

from django.db import connection
from django.db.models import Q, QuerySet

from broadcaster.audience import rules_groups
from broadcaster.models import Broadcast, Group

NAMED = 20  # of each sort


def planned(group: Group) -> list[Broadcast]:
    """Broadcasts that are about to go to this group, or leave it out, also by way of other groups' rules."""
    groups = {group} | rules_groups.all_users_of([group])
    return list(_about_to_use([each.pk for each in groups])[:NAMED])


def hindrances(groups: Collection[Group]) -> Iterator[str]:
    """Why the groups must stay: the rules that name them, and what is about to go to them or is to leave them out.

    Within a transaction no rule comes to name one of them until its end.
    """
    if connection.in_atomic_block:
        rules_groups.hold(Group.objects.all())
    for group, users in rules_groups.users_of(groups).items():
        yield from (f"The rule of the group {user} names {group}." for user in users[:NAMED])
    for broadcast in _about_to_use([group.pk for group in groups])[:NAMED]:
        yield f"The broadcast {broadcast} is {broadcast.get_state_display().lower()} and uses it."
    for broadcast in _at_the_desk_without([group.pk for group in groups])[:NAMED]:
        state = broadcast.get_state_display().lower()
        yield f"The broadcast {broadcast} is {state} and leaves these people out. Take the group out of it first."


def _about_to_use(groups: list[int]) -> QuerySet[Broadcast]:
    state = Broadcast.State
    on_its_way = (state.AWAITING_APPROVAL, state.SCHEDULED, state.PREPARING, state.PAUSED)
    waiting = Broadcast.objects.filter(state__in=on_its_way, prepared_at=None)
    return waiting.filter(Q(groups__in=groups) | Q(exclude_groups__in=groups)).distinct()


def _at_the_desk_without(groups: list[int]) -> QuerySet[Broadcast]:
    """Broadcasts that a person may still send and that leave a group out: without it they would reach its people."""
    state = Broadcast.State
    unsent = Broadcast.objects.filter(state__in=(state.DRAFT, state.MISSED, state.FAILED))
    return unsent.filter(exclude_groups__in=groups).distinct()
