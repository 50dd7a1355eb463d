"""A message as programs see it: RapidPro's fields (`MsgReadSerializer` in its temba/api/v2/serializers.py) and ours."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from broadcaster.api.broadcasts.item import Reference
from broadcaster.api.content.files import shown
from broadcaster.api.fields import When
from broadcaster.api.records import key, states, urn
from broadcaster.api.records.wording import Wording
from broadcaster.models import Message


class AttachmentItem(serializers.Serializer[Any]):
    """A file that the message carries."""

    content_type = serializers.CharField()
    url = serializers.CharField()


class ReplyItem(serializers.Serializer[Any]):
    """An answer to tap."""

    text = serializers.CharField()


class MessageItem(serializers.Serializer[Message]):
    """One message."""  # the context has `wordings` and `files`, see the view

    id = serializers.IntegerField()
    uuid = serializers.SerializerMethodField()
    broadcast = serializers.IntegerField(source="broadcast_id")
    contact = Reference(allow_null=True)
    urn = serializers.SerializerMethodField()
    channel = Reference(source="broadcast.channel", allow_null=True)
    direction = serializers.SerializerMethodField()
    type = serializers.SerializerMethodField()
    status = serializers.SerializerMethodField()
    archived = serializers.SerializerMethodField()
    visibility = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()
    labels = serializers.SerializerMethodField()
    flow = serializers.SerializerMethodField()
    attachments = serializers.SerializerMethodField()
    quick_replies = serializers.SerializerMethodField()
    created_on = When(source="broadcast.created_at")
    sent_on = When(source="accepted_at", allow_null=True)
    modified_on = serializers.SerializerMethodField()
    media = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=Message.State.choices)

    @extend_schema_field(serializers.UUIDField())
    def get_uuid(self, message: Message) -> str:
        """Its UUID."""
        return str(key.of(message.broadcast, message.pk))

    def get_urn(self, message: Message) -> str | None:
        """Whom it goes to; null where that person was erased."""
        return urn.of(message)

    def get_direction(self, _: Message) -> str:
        """What comes in is kept by the provider."""
        return "out"

    def get_type(self, message: Message) -> str:
        """Text or voice."""
        return self._said(message).kind

    def get_status(self, message: Message) -> str:
        """RapidPro's word for its state."""
        return states.status_of(message)

    def get_archived(self, _: Message) -> bool:
        """Nothing is archived."""
        return False

    def get_visibility(self, _: Message) -> str:
        """Nothing is hidden."""
        return "visible"

    def get_text(self, message: Message) -> str:
        """What it says to this recipient, in their language."""
        return self._said(message).text

    @extend_schema_field(Reference(many=True))
    def get_labels(self, _: Message) -> list[Any]:
        """What goes out has none."""
        return []

    @extend_schema_field(Reference(allow_null=True))
    def get_flow(self, _: Message) -> None:
        """No flow has sent it."""
        return

    @extend_schema_field(AttachmentItem(many=True))
    def get_attachments(self, message: Message) -> list[dict[str, str]]:
        """Its files."""
        parted = (line.partition(":") for line in self._lines(message))
        return [{"content_type": content_type, "url": url} for content_type, _, url in parted]

    @extend_schema_field(ReplyItem(many=True))
    def get_quick_replies(self, message: Message) -> list[dict[str, str]]:
        """The answers that it offers."""
        return [{"text": text} for text in self._said(message).quick_replies]

    @extend_schema_field(When())
    def get_modified_on(self, message: Message) -> Any:
        """When something was last heard of it."""
        return When().to_representation(message.changed_at or message.broadcast.created_at)

    def get_media(self, message: Message) -> str | None:
        """Its first file, as older clients want it."""
        return next(iter(self._lines(message)), None)

    def _said(self, message: Message) -> Wording:
        said: Wording = self.context["wordings"][message.pk]
        return said

    def _lines(self, message: Message) -> list[str]:
        context = self.context
        return [shown(line, context["files"], context["request"]) for line in self._said(message).attachments]
