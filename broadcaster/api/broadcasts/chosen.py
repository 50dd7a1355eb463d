"""What a new broadcast chooses: a channel, a template and a file that are there, its times and its priority."""

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from broadcaster.api import fields
from broadcaster.models import AudienceUpload, Broadcast, Channel, Template

NO_ZONE = "Give the time with its zone, such as 2030-01-01T09:00:00+07:00."
PRIORITIES = {priority.name.lower(): priority for priority in Broadcast.Priority}


class Chosen(serializers.Field[Any, Any, Any, Any]):
    """One thing that is there, by UUID or name; capitals matter only where two names differ by nothing else."""

    def to_internal_value(self, data: Any) -> Any:
        """The object. Raises ValidationError."""
        if not isinstance(data, str | int) or isinstance(data, bool):
            raise serializers.ValidationError([fields.NO_REFERENCE])
        found = self.find(str(data))
        if found is None:
            raise serializers.ValidationError([fields.NO_SUCH.format(data)])
        return found

    def find(self, given: str) -> Any:
        """The object that is called so, or None."""
        raise NotImplementedError


@extend_schema_field(OpenApiTypes.STR)
class ChosenChannel(Chosen):
    """A channel."""

    def find(self, given: str) -> Any:
        """The channel, or None."""
        return fields.named(Channel.objects.all(), [given]).get(given)


@extend_schema_field(OpenApiTypes.STR)
class ChosenTemplate(Chosen):
    """A template."""

    def find(self, given: str) -> Any:
        """The template, or None."""
        return fields.named(Template.objects.all(), [given]).get(given)


@extend_schema_field(OpenApiTypes.UUID)
class ChosenUpload(Chosen):
    """A file of people, by UUID."""

    def find(self, given: str) -> Any:
        """The file, or None."""
        return AudienceUpload.objects.filter(uuid__in=fields.uuids_in([given])).first()


class Moment(serializers.DateTimeField):
    """A time with its zone: nobody can tell which one a program means that names none."""

    default_error_messages = {"invalid": NO_ZONE}

    def enforce_timezone(self, value: datetime) -> datetime:
        """The time in UTC. Raises ValidationError."""
        if value.tzinfo is None:
            raise serializers.ValidationError([NO_ZONE])
        try:
            return value.astimezone(UTC)
        except OverflowError as error:
            raise serializers.ValidationError([NO_ZONE]) from error


class Priority(serializers.ChoiceField):
    """low, normal or high."""

    default_error_messages = {"invalid_choice": f"Choose one of: {', '.join(PRIORITIES)}."}

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=list(PRIORITIES), **options)

    def to_internal_value(self, data: Any) -> Any:
        """The priority as it is kept. Raises ValidationError."""
        return PRIORITIES[super().to_internal_value(data)]
