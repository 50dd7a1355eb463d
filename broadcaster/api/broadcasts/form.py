"""What a program says of a new broadcast -> a draft -> scheduled; every refusal is a sentence beside its field."""

from typing import Any

from django.db.models import prefetch_related_objects
from django.utils import timezone
from rest_framework import serializers

from broadcaster.api import fields, urns
from broadcaster.api.broadcasts import chosen, content, defaults, said
from broadcaster.api.broadcasts.item import WITH
from broadcaster.api.urns import Urn
from broadcaster.models import ApiToken, Broadcast, Channel, Contact
from broadcaster.sending import schedule

NO_OBJECT = "Request body should be a single JSON object"
NO_CONTENT = "Must provide either text or attachments."
NOBODY = "Must provide either urns, contacts or groups."
BOTH = "Give a template, or say it here, not both."
NO_BASE = {
    "text": "No text translation provided in base language.",
    "attachments": "No attachment translations provided in base language.",
    "quick_replies": "No quick_replies translations provided in base language.",
}
NAME_CHARACTERS = 100
TO = ("urns", "contacts", "groups", "upload")
# Where a problem that the pre-flight finds is said, if the call has named it: the pages have one field for each.
PLACES = {
    "template": ("template", "text", "attachments"),
    "groups": ("groups", "contacts", "urns"),
}


class BroadcastForm(serializers.Serializer[Broadcast]):
    """A new broadcast. Unknown keys are left aside, as RapidPro does."""

    urns = fields.Urns(required=False)
    contacts = fields.Contacts(required=False)
    groups = fields.Groups(required=False)
    text = fields.Translations(child=serializers.CharField(max_length=fields.TEXT_CHARACTERS), required=False)
    attachments = fields.Translations(child=said.Attachments(), required=False)
    quick_replies = fields.Translations(child=said.QuickReplies(), required=False)
    base_language = fields.Language(required=False)
    name = serializers.CharField(max_length=NAME_CHARACTERS, required=False)
    channel = chosen.ChosenChannel(required=False, help_text="Its UUID or name; without it, the token's own.")
    template = chosen.ChosenTemplate(required=False, help_text="Its UUID or name, instead of a text.")
    variables = said.Variables(required=False, help_text="What @row.x stands for, the same for everybody.")
    upload = chosen.ChosenUpload(required=False, help_text="The UUID of an imported file, whose people it goes to.")
    exclude_groups = fields.Groups(required=False)
    send_at = chosen.Moment(required=False, allow_null=True, help_text="Without it, at once.")
    expires_at = chosen.Moment(required=False, allow_null=True)
    priority = chosen.Priority(required=False)

    default_error_messages = {"invalid": NO_OBJECT}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """What the call says. Raises ValidationError; `null` is no object either."""
        return super().run_validation([] if data is None else data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What no field can see alone, in RapidPro's order of asking."""
        own = [name for name in (*NO_BASE, "base_language") if attrs.get(name)]
        if attrs.get("template") and own:
            raise serializers.ValidationError(BOTH)
        if not any(attrs.get(name) for name in ("text", "attachments", "template")):
            raise serializers.ValidationError(NO_CONTENT)
        if not any(attrs.get(name) for name in TO):
            raise serializers.ValidationError(NOBODY)
        if "base_language" in attrs:
            _must_be_said_in(attrs["base_language"], attrs)
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Broadcast:
        """The broadcast, scheduled. Raises ValidationError; call it inside a transaction."""
        request = self.context["request"]
        token = request.auth if isinstance(request.auth, ApiToken) else None
        channel = validated_data.get("channel") or _default_channel(token)
        by_urn = _people(validated_data.get("urns", []), self.initial_data.get("urns", []))
        plain = {name: validated_data[name] for name in ("expires_at", "priority") if name in validated_data}
        broadcast = Broadcast.objects.create(
            name=validated_data.get("name") or content.name_of(validated_data, NAME_CHARACTERS),
            channel=channel,
            template=validated_data.get("template"),
            content=content.of(validated_data),
            upload=validated_data.get("upload"),
            author=request.user,
            by_urn=[contact.pk for contact in by_urn],
            **plain,
        )
        _set(broadcast.contacts, [*by_urn, *validated_data.get("contacts", [])])
        _set(broadcast.groups, validated_data.get("groups", []))
        _set(broadcast.exclude_groups, validated_data.get("exclude_groups", []))
        return _scheduled(broadcast, validated_data)


def _people(named: list[Urn], given: list[Any]) -> list[Contact]:
    """The contacts at these URNs, each once. Raises ValidationError where one was erased since they were read."""
    try:
        return list(dict.fromkeys(urns.find_or_make(named).values()))
    except urns.Erased as error:
        read = [Urn.read(str(text)) for text in given]
        gone = {str(place): [fields.ERASED] for place, urn in enumerate(read) if urn in error.urns}
        raise serializers.ValidationError({"urns": gone}) from error


def _must_be_said_in(language: str, attrs: dict[str, Any]) -> None:
    """Refuse a base language in which something is not said; upstream's own bug is answered as it means it."""
    for name, sentence in NO_BASE.items():
        if (name in attrs or name == "text") and language not in attrs.get(name, {}):
            raise serializers.ValidationError(sentence)


def _default_channel(token: ApiToken | None) -> Channel:
    try:
        return defaults.channel_for(token)
    except defaults.NoneFits as error:
        raise serializers.ValidationError({"channel": [error.sentence]}) from error


def _set(relation: Any, rows: list[Any]) -> None:
    if rows:
        relation.add(*rows)


def _scheduled(broadcast: Broadcast, given: dict[str, Any]) -> Broadcast:
    prefetch_related_objects([broadcast], "groups", "exclude_groups")  # the pre-flight asks for them time and again
    known = {name: getattr(broadcast, name) for name in WITH}
    try:
        schedule.schedule(broadcast, send_at=given.get("send_at") or timezone.now())
    except schedule.NotReady as error:
        found: dict[str, list[str]] = {}
        for problem in error.problems:
            place = next((name for name in PLACES.get(problem.field, ()) if given.get(name)), problem.field)
            found.setdefault(place, []).append(problem.sentence)
        raise serializers.ValidationError(found) from error
    for name, chosen_one in known.items():  # which nobody need look up again
        setattr(broadcast, name, chosen_one)
    return broadcast
