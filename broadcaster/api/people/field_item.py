"""A contact field as programs see it (temba/api/v2/serializers.py), with the names that older versions have for it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from broadcaster.audience import rules
from broadcaster.audience.rules import FieldIs, Unusable
from broadcaster.models import ContactField, Group

Kind = ContactField.Kind
TYPES: dict[str, str] = {Kind.TEXT: "text", Kind.NUMBER: "number", Kind.DATE: "datetime"}
OLDER_TYPES = TYPES | {Kind.NUMBER: "numeric"}


class Usages(serializers.Serializer[Any]):
    """What needs a field."""

    flows = serializers.IntegerField(help_text="None: there are no flows here.")
    groups = serializers.IntegerField(help_text="Groups whose rules look at it.")
    campaign_events = serializers.IntegerField(help_text="None.")


class FieldItem(serializers.Serializer[ContactField]):
    """One field."""  # what `prepare` adds must be on it

    key = serializers.CharField(help_text="What stands for it in a text: @fields.key.")
    name = serializers.CharField(source="label")
    type = serializers.ChoiceField(choices=list(TYPES.values()), source="type_name")
    featured = serializers.BooleanField(help_text="No field is.")
    priority = serializers.IntegerField(help_text="0.")
    usages = Usages()
    agent_access = serializers.ChoiceField(choices=["view"], help_text="Whoever may see a contact sees all of it.")
    label = serializers.CharField(help_text="The name, as older programs know it.")  # type: ignore[assignment]
    value_type = serializers.ChoiceField(choices=list(OLDER_TYPES.values()), help_text="The type, likewise.")


def prepare(fields: Sequence[Any]) -> None:
    """Add RapidPro's words for what each is, and how many groups' rules look at it."""
    users = _users()
    for field in fields:
        field.type_name, field.value_type = TYPES[field.kind], OLDER_TYPES[field.kind]
        field.usages = {"flows": 0, "groups": users[field.key], "campaign_events": 0}
        field.featured, field.priority, field.agent_access = False, 0, "view"


def _users() -> Counter[str]:
    """How many groups' rules look at a field, by its key."""
    found: Counter[str] = Counter()
    for rule in Group.objects.exclude(rule={}).order_by().values_list("rule", flat=True):
        try:
            found.update({leaf.key for leaf in rules.leaves(rules.parse(rule)) if isinstance(leaf, FieldIs)})
        except Unusable:
            continue
    return found
