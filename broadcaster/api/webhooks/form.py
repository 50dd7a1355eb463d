"""What a program says of a webhook, new or changed."""

from typing import Any

from rest_framework import serializers

from broadcaster.hooks import register
from broadcaster.models import Event, Webhook

NO_OBJECT = "Request body should be a single JSON object"


class WebhookForm(serializers.Serializer[Webhook]):
    """A webhook. Unknown keys are left aside."""

    url = serializers.CharField(max_length=2000, help_text="Where it is told: http or https.")
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=Event.choices),
        allow_empty=False,
        max_length=len(Event),
        help_text="What it is told of.",
    )
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)

    default_error_messages = {"invalid": NO_OBJECT}

    def validate_url(self, url: str) -> str:
        """The address. Raises ValidationError."""
        if problem := register.address_problem(url):
            raise serializers.ValidationError(problem)
        return url

    def validate_events(self, events: list[str]) -> list[str]:
        """Each event once, in the order in which the product has them."""
        return [event.value for event in Event if event.value in events]

    def create(self, validated_data: dict[str, Any]) -> Webhook:
        """The webhook. Raises register.Refused."""
        return register.create(author=self.context["request"].user, **validated_data)


class ChangedWebhookForm(WebhookForm):
    """A webhook that is changed: the keys that are given, and no other."""

    enabled = serializers.BooleanField(required=False, help_text="Disabled, it is told of nothing.")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, partial=True, **options)

    def update(self, instance: Webhook, validated_data: dict[str, Any]) -> Webhook:
        """The webhook as it is now."""
        register.change(instance, **validated_data)
        return instance
