"""`/api/v2/channels`: over what broadcasts go out, what each can do, and whether it is held; no account's data."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

import providers
from broadcaster.api import filters
from broadcaster.api.fields import When
from broadcaster.api.parameters import NAME, UUID
from broadcaster.api.permissions import reading
from broadcaster.api.resource import Resource
from broadcaster.models import Channel


class HeldItem(serializers.Serializer[Channel]):
    """Why nothing goes out, and until when."""

    reason = serializers.CharField(source="hold_reason")
    until = When(source="hold_until", allow_null=True, help_text="null: until a person releases it.")


class CapabilitiesItem(serializers.Serializer[providers.Capabilities]):
    """What the provider can do."""

    channels = serializers.ListField(child=serializers.CharField(), help_text="WhatsApp, SMS, RCS, voice ...")
    recipient_key = serializers.CharField(help_text="phone, or phone_or_identifier")
    media = serializers.BooleanField(help_text="Attachments may be files that were uploaded here.")
    quick_replies = serializers.BooleanField()
    groups = serializers.BooleanField(help_text="It sends to groups that it keeps itself.")
    expiry = serializers.BooleanField()
    priority = serializers.BooleanField()
    receipts = serializers.CharField(help_text="webhook, poll or none")
    inbound = serializers.BooleanField(help_text="Replies are heard.")


class ChannelItem(serializers.Serializer[Channel]):
    """A channel. Each field is named here, so that nothing of its account is ever told by accident."""

    uuid = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField(help_text="The provider, as a program names it.")
    provider = serializers.SerializerMethodField()
    enabled = serializers.BooleanField()
    held = serializers.SerializerMethodField()
    content_kinds = serializers.SerializerMethodField()
    rate_per_second = serializers.IntegerField(help_text="Messages a second, at most.")
    capabilities = serializers.SerializerMethodField()
    created_on = When(source="created_at")

    def get_provider(self, channel: Channel) -> str:
        """The provider, as a person names it; empty where it has no adapter any more."""
        return channel.client_class.label if _is_known(channel) else ""

    @extend_schema_field(HeldItem(allow_null=True))
    def get_held(self, channel: Channel) -> dict[str, Any] | None:
        """Why nothing goes out; null where it does."""
        return HeldItem(channel).data if channel.is_held() else None

    def get_content_kinds(self, channel: Channel) -> list[str]:
        """The kinds of templates that it can send."""
        return sorted(channel.client_class.capabilities.content_kinds) if _is_known(channel) else []

    @extend_schema_field(CapabilitiesItem(allow_null=True))
    def get_capabilities(self, channel: Channel) -> dict[str, Any] | None:
        """What it can do; null where its provider has no adapter any more."""
        return CapabilitiesItem(channel.client_class.capabilities).data if _is_known(channel) else None


class Channels(Resource):
    """Channels."""

    needs = {"GET": reading("view_channel")}
    serializer_class = ChannelItem

    def get_queryset(self) -> QuerySet[Channel]:
        """Those that the call asks for."""
        return filters.called(self.request, Channel.objects.all())

    @extend_schema(parameters=[UUID, NAME], responses=ChannelItem(many=True))
    def get(self, request: Request) -> Response:
        """List channels, the newest first."""
        return self.listed(request)


def _is_known(channel: Channel) -> bool:
    return channel.kind in providers.kinds()
