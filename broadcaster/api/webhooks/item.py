"""Webhooks and their deliveries as programs see them."""

from typing import Any

from rest_framework import serializers

from broadcaster.api.fields import When
from broadcaster.models import Event, Webhook, WebhookDelivery


class WebhookItem(serializers.Serializer[Webhook]):
    """One webhook; never its secret."""

    uuid = serializers.UUIDField()
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(choices=Event.choices))
    description = serializers.CharField()
    enabled = serializers.BooleanField()
    disabled_reason = serializers.CharField(help_text="Why it was disabled, where no person did that.")
    created_on = When(source="created_at")
    delivered_on = When(source="delivered_at", allow_null=True, help_text="When something last arrived.")
    failing_since = When(allow_null=True, help_text="Since when nothing arrives; null where all is well.")


class NewWebhookItem(WebhookItem):
    """A webhook that was just made."""

    secret = serializers.CharField(source="secrets.secret", help_text="Signs what is posted. It is told only now.")


class DeliveryItem(serializers.Serializer[WebhookDelivery]):
    """One event on its way to a webhook."""

    uuid = serializers.UUIDField(help_text="`id` in what is posted, and `X-Broadcaster-Delivery`.")
    event = serializers.ChoiceField(choices=[*Event.choices, (WebhookDelivery.PING, "Test")])
    status = serializers.ChoiceField(choices=WebhookDelivery.State.choices, source="state")
    attempts = serializers.IntegerField()
    http_status = serializers.IntegerField(allow_null=True, help_text="Of the last answer; null where none came.")
    error = serializers.CharField(help_text="What was wrong with the last attempt.")
    created_on = When(source="created_at")
    tried_on = When(source="tried_at", allow_null=True)
    next_on = serializers.SerializerMethodField(help_text="When it is tried next; null where it has ended.")
    ended_on = When(source="ended_at", allow_null=True)

    def get_next_on(self, delivery: WebhookDelivery) -> str | None:
        """The time, while it waits."""
        waits = delivery.state == WebhookDelivery.State.WAITING
        found: Any = When().to_representation(delivery.next_at) if waits else None
        return None if found is None else str(found)
