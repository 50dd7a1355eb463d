"""A group as programs see it (temba/api/v2/serializers.py), with its rule in words where RapidPro has a query."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from broadcaster import tasks
from broadcaster.audience import rules, rules_counts, rules_words
from broadcaster.audience.rules import InGroup, Rule, Unusable
from broadcaster.models import Group

EVALUATING, READY, INVALID = "evaluating", "ready", "invalid"
NOT_COUNTED = -1


class GroupItem(serializers.Serializer[Group]):
    """One group."""  # what `prepare` adds must be on it

    uuid = serializers.UUIDField()
    name = serializers.CharField()
    query = serializers.CharField(allow_null=True, help_text="The rule in words; null where people are on a list.")
    status = serializers.SerializerMethodField(
        help_text="evaluating: it is counted at the moment; invalid: the rule cannot be used."
    )
    system = serializers.BooleanField(help_text="Never: all groups are people's own.")
    count = serializers.IntegerField(
        help_text="Members. Of a smart group and of a large list as last counted, minutes ago; -1 until then."
    )

    @extend_schema_field({"type": "string", "enum": [EVALUATING, READY, INVALID]})
    def get_status(self, group: Any) -> str:
        """Whether its count counts."""
        if group.is_broken:
            return INVALID
        return EVALUATING if group.count == NOT_COUNTED else READY


def prepare(groups: Sequence[Any]) -> None:
    """Add rules in words, and counts as they are known; a worker counts anew what is old."""
    read = {group.pk: _rule_of(group) for group in groups if group.is_smart}
    usable = [rule for rule in read.values() if rule]
    names = rules_words.names_of(*usable)
    for group in groups:
        rule = read.get(group.pk)
        group.query = rules_words.of_group(group, names) if group.is_smart else None
        group.is_broken = group.is_smart and (rule is None or _misses_a_group(rule, names.groups))
        group.count = _count_of(group)
        group.system = False
    stale = rules_counts.stale(groups, large={group.pk for group in groups if _is_large(group)})
    transaction.on_commit(lambda: tasks.wake_counts(stale))  # a worker could look before a call under a key is done


def _rule_of(group: Group) -> Rule | None:
    try:
        return rules.parse(group.rule)
    except Unusable:
        return None


def _misses_a_group(rule: Rule, there: Any) -> bool:
    return any(isinstance(leaf, InGroup) and leaf.group not in there for leaf in rules.leaves(rule))


def _is_large(group: Any) -> bool:
    return bool(group.size > rules_counts.LIST_ROWS)


def _count_of(group: Any) -> int:
    if group.is_smart or _is_large(group):
        return NOT_COUNTED if group.counted is None else int(group.counted)
    return int(group.size)
