"""What a program says of a new broadcast -> a draft -> scheduled; every refusal is a sentence beside its field."""

from typing import Any

from django.db.models import Model
from django.utils import timezone
from rest_framework import serializers

from broadcaster.api import fields, urns
from broadcaster.api.broadcasts import defaults
from broadcaster.models import ApiToken, Broadcast, Channel
from broadcaster.sending import schedule

NO_OBJECT = "Request body should be a single JSON object"
NO_CONTENT = "Must provide either text or attachments."
NOBODY = "Must provide either urns, contacts or groups."
NO_BASE = "No {} translation provided in base language."
NAME_CHARACTERS = 100
# Where a problem that the pre-flight finds is said; the API has other names than the pages for some fields.
PLACES = {"template": "text"}


class BroadcastForm(serializers.Serializer[Broadcast]):
    """A new broadcast. Unknown keys are left aside, as RapidPro does."""

    urns = fields.Urns(required=False)
    contacts = fields.Contacts(required=False)
    groups = fields.Groups(required=False)
    text = fields.Translations(child=serializers.CharField(max_length=fields.TEXT_CHARACTERS), required=False)
    base_language = fields.Language(required=False)
    name = serializers.CharField(max_length=NAME_CHARACTERS, required=False)

    default_error_messages = {"invalid": NO_OBJECT}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What no field can see alone."""
        if not attrs.get("text"):
            raise serializers.ValidationError(NO_CONTENT)
        if not any(attrs.get(name) for name in ("urns", "contacts", "groups")):
            raise serializers.ValidationError(NOBODY)
        attrs.setdefault("base_language", next(iter(attrs["text"])))
        if attrs["base_language"] not in attrs["text"]:
            raise serializers.ValidationError(NO_BASE.format("text"))
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Broadcast:
        """The broadcast, scheduled. Raises ValidationError; call it inside a transaction."""
        request = self.context["request"]
        token = request.auth if isinstance(request.auth, ApiToken) else None
        by_urn = list(urns.find_or_make(validated_data.get("urns", [])).values())
        broadcast = Broadcast.objects.create(
            name=validated_data.get("name") or _name_of(validated_data),
            channel=_channel(token),
            content=_content(validated_data),
            author=request.user,
            by_urn=[contact.pk for contact in by_urn],
        )
        _set(broadcast.contacts, [*by_urn, *validated_data.get("contacts", [])])
        _set(broadcast.groups, validated_data.get("groups", []))
        return _scheduled(broadcast)


def _channel(token: ApiToken | None) -> Channel:
    try:
        return defaults.channel_for(token)
    except defaults.NoneFits as error:
        raise serializers.ValidationError({"channel": [error.sentence]}) from error


def _content(given: dict[str, Any]) -> dict[str, Any]:
    """What is sent, as a template is frozen."""
    translations = {code: {"text": text} for code, text in given["text"].items()}
    return {"kind": "text", "base_language": given["base_language"], "translations": translations}


def _name_of(given: dict[str, Any]) -> str:
    """The beginning of what it says, since people look for it in a list."""
    words = " ".join(str(given["text"][given["base_language"]]).split())
    return words if len(words) <= NAME_CHARACTERS else f"{words[: NAME_CHARACTERS - 1]}…"


def _set(relation: Any, rows: list[Model]) -> None:
    if rows:
        relation.add(*rows)


def _scheduled(broadcast: Broadcast) -> Broadcast:
    try:
        schedule.schedule(broadcast, send_at=broadcast.send_at or timezone.now())
    except schedule.NotReady as error:
        found: dict[str, list[str]] = {}
        for problem in error.problems:
            found.setdefault(PLACES.get(problem.field, problem.field), []).append(problem.sentence)
        raise serializers.ValidationError(found) from error
    return broadcast
