"""What a program says of a contact -> the contact; refusals are RapidPro's (temba/api/v2/serializers.py), or ours.

A contact has one phone and one identifier here, so at most one URN of each; and it has one of them at least.
"""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from broadcaster.api import fields, urns
from broadcaster.api.urns import Urn
from broadcaster.audience import consent, mappings, rules_groups, values
from broadcaster.content import rules
from broadcaster.models import Contact, Group

NAME_CHARACTERS = 64
NO_OBJECT = "Request body should be a single JSON object"
NO_LANGUAGE = "Not a valid ISO639-3 language code."
NO_FIELD = "Invalid contact field key: {}"
IN_USE = "URN is in use by another contact."
NOT_WITH_URN = "Field not allowed when using URN in URL"
NO_URN = "A contact has a phone or an identifier. Give a URN such as tel:+628123456789 or ext:C-1042."
TWO_PHONES = "A contact has one phone. Leave the other one out."
TWO_IDENTIFIERS = "A contact has one identifier. Leave the other one out."
TWICE = {"phone": TWO_PHONES, "identifier": TWO_IDENTIFIERS}


class Lists(fields.Groups):
    """Groups that people can be put into."""

    def to_internal_value(self, data: Any) -> Any:
        """The groups. Raises ValidationError."""
        found: list[Group] = super().to_internal_value(data)
        smart = next((group for group in found if group.is_smart), None)
        if smart:
            raise serializers.ValidationError([f"{rules_groups.by_rule(str(smart))} Leave it out."])
        return found


class Values(serializers.DictField):
    """`{key: value}` of fields that are there, read as what each of them holds; None takes the value away."""

    child = serializers.CharField(allow_blank=True, allow_null=True)

    def to_internal_value(self, data: Any) -> Any:
        """The values by key. Raises ValidationError."""
        if isinstance(data, Mapping) and len(data) > fields.LIMIT:
            raise serializers.ValidationError([f"Ensure this field has no more than {fields.LIMIT} elements."])
        given: dict[str, str | None] = super().to_internal_value(data)
        kinds = mappings.known_kinds(given)
        unknown = next((key for key in given if key not in kinds), None)
        if unknown is not None:
            raise serializers.ValidationError([NO_FIELD.format(unknown)])
        read = {key: values.read(kinds[key], text) if text else None for key, text in given.items()}
        wrong = {key: [value.sentence] for key, value in read.items() if isinstance(value, values.Unreadable)}
        if wrong:
            raise serializers.ValidationError(wrong)
        return read


class Addresses(fields.Urns):
    """The URNs of one contact, by column."""

    def to_internal_value(self, data: Any) -> Any:
        """The address for each column that has one. Raises ValidationError."""
        found: dict[str, str] = {}
        for urn in super().to_internal_value(data):
            if urn.column in found:
                raise serializers.ValidationError([TWICE[urn.column]])
            found[urn.column] = urn.address
        if not found:
            raise serializers.ValidationError([NO_URN])
        return found


class ContactForm(serializers.Serializer[Contact]):
    """A new contact, or what changes of one."""  # `urn` in the context is the one that the call named it by

    name = serializers.CharField(required=False, max_length=NAME_CHARACTERS, allow_null=True)
    language = serializers.CharField(required=False, min_length=3, max_length=3, allow_null=True)
    urns = Addresses(required=False)
    groups = Lists(required=False)
    fields = Values(required=False)  # type: ignore[assignment]  # RapidPro's word

    default_error_messages = {"invalid": NO_OBJECT}

    def validate_language(self, code: str | None) -> str | None:
        """Whether it is one. Raises ValidationError."""
        if code and rules.language_error(code):
            raise serializers.ValidationError(NO_LANGUAGE)
        return code

    def validate_urns(self, given: dict[str, str]) -> dict[str, str]:
        """Whether the contact may have them. Raises ValidationError."""
        if self.context["urn"]:
            raise serializers.ValidationError(NOT_WITH_URN)
        known = urns.find(Urn(column, address) for column, address in given.items())
        own = self.instance.pk if self.instance else None
        listed = [Urn.read(str(text)) for text in self.initial_data["urns"]]
        taken = [str(listed.index(urn)) for urn, contact in known.items() if contact.pk != own]
        if taken:
            raise serializers.ValidationError({place: [IN_USE] for place in taken})
        return given

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What no field can see alone: a new contact has an address."""
        urn: Urn | None = self.context["urn"]
        if urn and not self.instance:
            attrs["urns"] = {urn.column: urn.address}
        if not self.instance and "urns" not in attrs:
            raise serializers.ValidationError({"urns": [NO_URN]})
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Contact:
        """The contact; call it inside a transaction."""
        return self.update(Contact(), validated_data)

    def update(self, instance: Contact, validated_data: dict[str, Any]) -> Contact:
        """The contact as it is to be; one that nothing changes keeps its time. Call it inside a transaction."""
        before = _state_of(instance)
        for name in {"name", "language"} & validated_data.keys():
            setattr(instance, name, validated_data[name] or "")
        if "urns" in validated_data:
            instance.phone = validated_data["urns"].get("phone")
            instance.identifier = validated_data["urns"].get("identifier")
        given = instance.fields | validated_data.get("fields", {})
        instance.fields = {key: value for key, value in given.items() if value is not None}
        joins = _lists_to_join(instance, validated_data.get("groups"))
        if _state_of(instance) != before or joins is not None:
            consent.carry_over(instance)
            instance.save()
        if joins is not None:
            instance.groups.set(joins)
        return instance


def _state_of(contact: Contact) -> tuple[Any, ...]:
    return (contact.name, contact.language, contact.phone, contact.identifier, contact.fields)


def _lists_to_join(contact: Contact, given: list[Group] | None) -> list[Group] | None:
    """The lists that the contact is to be on; None where it is on these already."""
    there = set(contact.groups.values_list("pk", flat=True)) if contact.pk else None
    return None if given is None or {group.pk for group in given} == there else given
