"""A contact as programs see it: RapidPro's fields, those of its older versions too (temba/api/v2/serializers.py).

What this product does not know of anybody is there and empty: flows, notes, and when somebody last wrote.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from broadcaster.api import urns
from broadcaster.api.broadcasts.item import Reference
from broadcaster.api.fields import When
from broadcaster.audience import consent
from broadcaster.models import Contact, ContactField, Group

ACTIVE, STOPPED = "active", "stopped"
VALUES = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
NOTHING = {"type": "null"}


class ContactItem(serializers.Serializer[Contact]):
    """One contact."""  # what `prepare` adds must be on it

    uuid = serializers.UUIDField()
    name = serializers.SerializerMethodField(help_text="null where nobody knows it.")
    status = serializers.SerializerMethodField(help_text="active; or stopped: opted out of every channel.")
    language = serializers.SerializerMethodField(help_text="ISO 639-3; null where nobody knows it.")
    urns = serializers.SerializerMethodField()
    groups = Reference(many=True, source="lists", help_text="The lists; whom a rule fits, `?group=` tells.")
    fields = serializers.SerializerMethodField("values_of")  # type: ignore[assignment]  # RapidPro's word
    flow = serializers.SerializerMethodField("nothing")
    created_on = When(source="created_at")
    modified_on = When(source="modified_at")
    last_seen_on = serializers.SerializerMethodField("nothing")
    notes = serializers.SerializerMethodField()
    ref = serializers.SerializerMethodField("nothing")
    blocked = serializers.SerializerMethodField()
    stopped = serializers.BooleanField(source="is_stopped")

    def get_name(self, contact: Contact) -> str | None:
        """The name."""
        return contact.name or None

    @extend_schema_field({"type": "string", "enum": [ACTIVE, STOPPED]})
    def get_status(self, contact: Any) -> str:
        """Whether anybody may write to them."""
        return STOPPED if contact.is_stopped else ACTIVE

    def get_language(self, contact: Contact) -> str | None:
        """The language."""
        return contact.language or None

    def get_urns(self, contact: Contact) -> list[str]:
        """The addresses, the one that they are written to at first."""
        return urns.of(contact)

    @extend_schema_field(VALUES)
    def values_of(self, contact: Any) -> dict[str, str | None]:
        """What is known in each field that there is, as text."""
        return {key: as_text(contact.fields.get(key)) for key in contact.field_keys}

    @extend_schema_field(NOTHING)
    def nothing(self, contact: Contact) -> None:
        """Nobody knows it here."""
        return

    @extend_schema_field({"type": "array", "items": {}, "maxItems": 0})
    def get_notes(self, contact: Contact) -> list[Any]:
        """None."""
        return []

    def get_blocked(self, contact: Contact) -> bool:
        """Nobody is: whoever must not be written to has opted out."""
        return False


def as_text(value: Any) -> str | None:
    """A value as RapidPro tells it; Python itself writes small and large numbers with an exponent."""
    if value is None or isinstance(value, str):
        return value
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def prepare(contacts: Sequence[Contact]) -> None:
    """Add lists, fields and opt-outs, in one question each for all of them."""
    lists = Group.objects.only("uuid", "name").order_by("pk")
    prefetch_related_objects(contacts, Prefetch("groups", queryset=lists, to_attr="lists"))
    keys = list(ContactField.objects.order_by("-pk").values_list("key", flat=True))
    own = {contact.pk: {address for address in (contact.phone, contact.identifier) if address} for contact in contacts}
    out = consent.suppressed(set().union(*own.values()), None)
    for contact in contacts:
        contact.field_keys = keys  # type: ignore[attr-defined]
        contact.is_stopped = not own[contact.pk].isdisjoint(out)  # type: ignore[attr-defined]
