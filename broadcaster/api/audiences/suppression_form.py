"""What programs say of opt-outs, and how they see one."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from broadcaster.api import fields, urns
from broadcaster.api.broadcasts.item import Reference
from broadcaster.api.fields import When
from broadcaster.audience.consent import REASON_LIMIT
from broadcaster.models import Channel, Suppression

NUL = "Null characters are not allowed."
NOBODY = "Say who has opted out: up to 100 URNs."


class SuppressionItem(serializers.Serializer[Suppression]):
    """An opt-out."""

    urn = serializers.SerializerMethodField()
    channel = Reference(allow_null=True, help_text="null: every channel.")
    reason = serializers.CharField()
    origin = serializers.CharField(source="source", help_text="Who said so: person, file, api, reply, receipt ...")
    created_on = When(source="created_at")

    def get_urn(self, suppression: Suppression) -> str:
        """Who must not be written to."""
        return urn_of(suppression.address)


class SuppressedItem(serializers.Serializer[Any]):
    """What became of each URN of a call."""

    channel = Reference(allow_null=True)
    reason = serializers.CharField()
    added = serializers.ListField(child=serializers.CharField(), help_text="They opted out with this call.")
    known = serializers.ListField(child=serializers.CharField(), help_text="They had, and their record is kept.")
    erased = serializers.ListField(
        child=serializers.CharField(),
        help_text="They were erased on request: they are written to nowhere, and nothing of theirs is stored.",
    )


class ChannelField(serializers.CharField):
    """A channel, by UUID or name."""

    def to_internal_value(self, data: Any) -> Any:
        """The channel. Raises ValidationError."""
        given = super().to_internal_value(data)
        if "\0" in given:  # which no database can look for
            raise ValidationError(NUL)
        found = fields.named(Channel.objects.all(), [given]).get(given)
        if found is None:
            raise ValidationError(fields.NO_SUCH.format(given))
        return found


class SuppressForm(serializers.Serializer[Any]):
    """New opt-outs."""

    urns = fields.Hundred(child=fields.UrnField(), allow_empty=False, error_messages={"empty": NOBODY})
    channel = ChannelField(required=False, allow_null=True, help_text="Its UUID or name; null: every channel.")
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=REASON_LIMIT)

    default_error_messages = {"invalid": "Request body should be a single JSON object"}


class TakeBackForm(serializers.Serializer[Any]):
    """An opt-out that is taken back."""

    urn = fields.UrnField(help_text="Who may be written to again.")
    reason = serializers.CharField(max_length=REASON_LIMIT, help_text="It stays on record.")
    channel = ChannelField(required=False, help_text="Its UUID or name; all of the opt-outs of this URN without it.")


def urn_of(address: str) -> str:
    """The URN of an address, which is a phone or an identifier."""
    is_phone = address.startswith("+") and address[1:].isdecimal()
    return f"{urns.TEL if is_phone else urns.EXT}:{address}"
