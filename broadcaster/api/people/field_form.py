"""What a program says of a contact field; RapidPro makes the key of the name, and so do we (temba/contacts/models.py).

A field that is there keeps its type: rules, files and the values themselves rely on it.
"""

import re
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from broadcaster.api.people.contact_form import NO_OBJECT
from broadcaster.api.people.field_item import OLDER_TYPES, TYPES
from broadcaster.api.people.groups import NOT_UNIQUE
from broadcaster.audience import columns
from broadcaster.models import ContactField

NAME_CHARACTERS = 36
NAME = re.compile(r"[A-Za-z0-9\- ]+")
KEY = re.compile(r"[a-z][a-z0-9_]*")
BETWEEN = re.compile(r"[^a-z0-9]+")
RESERVED = frozenset({"has", "is", "fields", "urns", "created_on", "last_seen_on"})
NO_NAME = "Can only contain letters, numbers and hypens."
NO_KEY = 'Generated key "{}" is invalid or a reserved name.'
KEY_TAKEN = 'Generated key "{}" belongs to the field “{}”. Choose another name.'
KEEPS_TYPE = "This field is known as {}, and rules and files rely on that. Keep the type, or make another field."
KINDS = {word: kind for types in (TYPES, OLDER_TYPES) for kind, word in types.items()}


class FieldForm(serializers.Serializer[ContactField]):
    """A new field, or another name for one; `label` and `value_type` are older words for `name` and `type`."""

    name = serializers.CharField(required=False, max_length=NAME_CHARACTERS)
    type = serializers.ChoiceField(required=False, choices=list(TYPES.values()))
    label = serializers.CharField(required=False, max_length=NAME_CHARACTERS)  # type: ignore[assignment]
    value_type = serializers.ChoiceField(required=False, choices=list(OLDER_TYPES.values()))

    default_error_messages = {"invalid": NO_OBJECT}

    def validate_name(self, name: str) -> str:
        """Whether a new field can have it. Raises ValidationError."""
        if not NAME.fullmatch(name):
            raise serializers.ValidationError(NO_NAME)
        fields = ContactField.objects.all()
        others = fields.exclude(pk=self.instance.pk) if self.instance else fields
        if others.filter(label__iexact=name).exists():
            raise serializers.ValidationError(NOT_UNIQUE)
        key = key_of(name)
        if not KEY.fullmatch(key) or key in RESERVED or len(key) > columns.MAX_KEY_CHARACTERS:
            raise serializers.ValidationError(NO_KEY.format(key))
        holder = None if self.instance else others.filter(key=key).first()
        if holder:
            raise serializers.ValidationError(KEY_TAKEN.format(key, holder))
        return name

    def validate_label(self, name: str) -> str:
        """The same by its older word."""
        return self.validate_name(name)

    def validate_type(self, word: str) -> str:
        """The kind; a field that is there keeps its own. Raises ValidationError."""
        kind = KINDS[word]
        if self.instance and kind != self.instance.kind:
            raise serializers.ValidationError(KEEPS_TYPE.format(TYPES[self.instance.kind]))
        return kind

    def validate_value_type(self, word: str) -> str:
        """The same by its older word."""
        return self.validate_type(word)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What no field can see alone."""
        name, kind = attrs.get("name") or attrs.get("label"), attrs.get("type") or attrs.get("value_type")
        if not name:
            raise serializers.ValidationError("Field 'name' is required.")
        if not kind:
            raise serializers.ValidationError("Field 'type' is required.")
        return {"label": name, "kind": kind}

    def create(self, validated_data: Mapping[str, Any]) -> ContactField:
        """The field, under a key of its own."""
        return ContactField.objects.create(key=key_of(validated_data["label"]), **validated_data)

    def update(self, instance: ContactField, validated_data: Mapping[str, Any]) -> ContactField:
        """The field with its name; templates and rules know it by its key."""
        instance.label = validated_data["label"]
        instance.save(update_fields=["label"])
        return instance


def key_of(name: str) -> str:
    """The key that a new field of this name gets."""
    return BETWEEN.sub(" ", name.lower()).strip().replace(" ", "_")
