"""A broadcast as programs see it: RapidPro's fields in RapidPro's order, then ours."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from broadcaster.api import urns
from broadcaster.api.content.files import shown
from broadcaster.api.fields import When
from broadcaster.content import media
from broadcaster.models import Broadcast, Contact, MediaFile
from broadcaster.sending import progress
from broadcaster.sending.statuses import STATUSES

NOT_COUNTED = -1  # RapidPro's word for a total that is not known yet
WITH = ("channel", "template", "upload")
NAMED = Contact.objects.only("uuid", "name", "phone", "identifier")  # a page may name twenty-five thousand of them
LISTS = (Prefetch("contacts", NAMED), "groups", "exclude_groups")


class Reference(serializers.Serializer[Any]):
    """Something that is named here and described elsewhere."""

    uuid = serializers.UUIDField(help_text="Its own.")
    name = serializers.CharField()


class UploadReference(serializers.Serializer[Any]):
    """A file of people, which is called as it was when it was uploaded."""

    uuid = serializers.UUIDField(help_text="Its own.")
    name = serializers.CharField(source="filename")


class ProgressItem(serializers.Serializer[Any]):
    """How far a broadcast is."""

    total = serializers.IntegerField(help_text="Recipients; -1 until they are counted.")
    started = serializers.IntegerField(help_text="Recipients for whom the sending has been tried.")


TEXTS = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
LINES = {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
REPLY = {
    "type": "object",
    "properties": {"type": {"type": "string"}, "text": {"type": "string"}},
    "required": ["type", "text"],
}
REPLIES = {"type": "object", "additionalProperties": {"type": "array", "items": REPLY}}
VALUES = {"type": "object", "additionalProperties": {"type": "string"}}


class BroadcastItem(serializers.Serializer[Broadcast]):
    """One broadcast."""  # `prepare` adds what it needs

    id = serializers.IntegerField()
    uuid = serializers.UUIDField()
    status = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()
    urns = serializers.SerializerMethodField()
    contacts = serializers.SerializerMethodField()
    groups = Reference(many=True)
    text = serializers.SerializerMethodField()
    attachments = serializers.SerializerMethodField()
    quick_replies = serializers.SerializerMethodField()
    base_language = serializers.SerializerMethodField()
    created_on = When(source="created_at")
    name = serializers.CharField()
    channel = Reference(allow_null=True)
    template = Reference(allow_null=True)
    variables = serializers.SerializerMethodField()
    upload = UploadReference(allow_null=True)
    exclude_groups = Reference(many=True)
    send_at = When(allow_null=True)
    expires_at = When(allow_null=True)
    priority = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=Broadcast.State.choices)
    state_reason = serializers.CharField()

    def get_status(self, broadcast: Broadcast) -> str:
        """RapidPro's word for its state."""
        return STATUSES[broadcast.state]

    @extend_schema_field(ProgressItem)
    def get_progress(self, broadcast: Broadcast) -> dict[str, int]:
        """How many it goes to, and for how many that has been tried."""
        total = broadcast.total if broadcast.prepared_at else NOT_COUNTED
        return {"total": total, "started": getattr(broadcast, "handled", 0)}

    def get_urns(self, broadcast: Broadcast) -> list[str]:
        """Whom it names by URN."""
        known = {each.pk: each for each in broadcast.contacts.all()}
        return [urns.of(known[key])[0] for key in broadcast.by_urn if key in known]

    @extend_schema_field(Reference(many=True))
    def get_contacts(self, broadcast: Broadcast) -> list[dict[str, str]]:
        """Whom it names otherwise."""
        by_urn = set(broadcast.by_urn)
        named = [each for each in broadcast.contacts.all() if each.pk not in by_urn]
        return [{"uuid": str(each.uuid), "name": each.name} for each in named]

    @extend_schema_field(TEXTS)
    def get_text(self, broadcast: Broadcast) -> dict[str, str | None]:
        """What it says, by language."""
        return {code: fields.get("text") or None for code, fields in _translations(broadcast).items()}

    @extend_schema_field(LINES)
    def get_attachments(self, broadcast: Broadcast) -> dict[str, list[str]]:
        """Its files, by language, each as `<content type>:<address>`."""
        request = self.context["request"]
        files: dict[str, MediaFile] = getattr(broadcast, "files", {})
        return {
            code: [shown(line, files, request) for line in fields.get("attachments") or ()]
            for code, fields in _translations(broadcast).items()
        }

    @extend_schema_field(REPLIES)
    def get_quick_replies(self, broadcast: Broadcast) -> dict[str, list[dict[str, str]]]:
        """The answers that it offers, by language."""
        return {
            code: [{"type": "text", "text": text} for text in fields.get("quick_replies") or ()]
            for code, fields in _translations(broadcast).items()
        }

    @extend_schema_field(VALUES)
    def get_variables(self, broadcast: Broadcast) -> dict[str, str]:
        """What `@row.x` stands for, the same for everybody."""
        return dict(broadcast.content.get("variables", {}))

    def get_base_language(self, broadcast: Broadcast) -> str:
        """The language for everybody whose own has no translation."""
        return str(broadcast.content.get("base_language", ""))

    def get_priority(self, broadcast: Broadcast) -> str:
        """low, normal or high."""
        return Broadcast.Priority(broadcast.priority).name.lower()


def _translations(broadcast: Broadcast) -> dict[str, dict[str, Any]]:
    """The texts of a broadcast that has texts; those of a template are the template's."""
    content = broadcast.content
    return content.get("translations", {}) if content.get("kind") == "text" else {}


def prepare(broadcasts: Sequence[Broadcast]) -> None:
    """Add what stands elsewhere: lists, counts and files, in one question each for all of them."""
    prefetch_related_objects(broadcasts, *LISTS)
    counts = progress.counts_of([broadcast.pk for broadcast in broadcasts])
    files = _files(broadcasts)
    for broadcast in broadcasts:
        own = counts[broadcast.pk]
        broadcast.handled = sum(own.values()) - own["pending"]  # type: ignore[attr-defined]
        broadcast.files = files  # type: ignore[attr-defined]


def _files(broadcasts: Sequence[Broadcast]) -> dict[str, MediaFile]:
    keys = {key for broadcast in broadcasts for key in media.referenced(broadcast.content)}
    return {str(file.uuid): file for file in MediaFile.objects.filter(uuid__in=keys)} if keys else {}
