"""What a new broadcast says: attachments, quick replies and variables, refused in RapidPro's words or in ours."""

import re
from collections.abc import Mapping
from typing import Any

from django.db.models import Model
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from broadcaster.api import fields
from broadcaster.models import MediaFile

MOST = 10  # attachments, and quick replies, in one language (RapidPro's Msg.MAX_ATTACHMENTS, Msg.MAX_QUICK_REPLIES)
REPLY_CHARACTERS = 64
VALUE_CHARACTERS = 1_000
TOO_MANY = "Ensure this field has no more than {} elements."
NO_REPLY = "Quick replies of type 'text' require a 'text' value."
PLAIN_REPLIES = "Only quick replies of the type text can be sent, without “extra”: give the text alone."
NAME = re.compile(r"\w+", re.ASCII)  # what can stand behind `@row.`
NO_NAME = "No placeholder can be called {}: use letters, digits and _, as in amount for @row.amount."


class Attachments(fields.References):
    """Up to ten files that were uploaded, by UUID."""

    def to_internal_value(self, data: Any) -> Any:
        """The files, each once. Raises ValidationError."""
        if isinstance(data, list) and len(data) > MOST:
            raise serializers.ValidationError([TOO_MANY.format(MOST)])
        return super().to_internal_value(data)

    def find(self, given: list[str]) -> Mapping[str, Model]:
        """The files that are there."""
        return fields.with_uuid(MediaFile.objects.all(), given)


REPLY = {
    "oneOf": [
        {"type": "string", "maxLength": REPLY_CHARACTERS},
        {
            "type": "object",
            "properties": {
                "type": {"type": "string", "enum": ["text"]},
                "text": {"type": "string", "maxLength": REPLY_CHARACTERS},
            },
            "required": ["text"],
        },
    ]
}


@extend_schema_field(REPLY)
class QuickReply(serializers.Field[Any, Any, Any, Any]):
    """An answer to tap: its text, or an object with its text."""

    def to_internal_value(self, data: Any) -> str:
        """The text. Raises ValidationError."""
        given = {"text": data} if isinstance(data, str) else data
        if not isinstance(given, dict) or not given.get("text"):
            raise serializers.ValidationError([NO_REPLY])
        if given.get("type", "text") != "text" or given.get("extra"):
            raise serializers.ValidationError([PLAIN_REPLIES])
        try:
            return str(serializers.CharField(max_length=REPLY_CHARACTERS).run_validation(given["text"]))
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"text": error.detail}) from error


class QuickReplies(serializers.ListField):
    """Up to ten answers to tap."""

    child = QuickReply()

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MOST, **options)


class Variables(serializers.DictField):
    """What `@row.x` stands for, the same for everybody: texts by name, whose capitals do not matter."""

    child = serializers.CharField(max_length=VALUE_CHARACTERS, allow_blank=True)

    def to_internal_value(self, data: Any) -> Any:
        """The texts by name, in small letters. Raises ValidationError."""
        if isinstance(data, dict) and len(data) > fields.LIMIT:
            raise serializers.ValidationError([TOO_MANY.format(fields.LIMIT)])
        given = super().to_internal_value(data)
        wrong = {name: [NO_NAME.format(name)] for name in given if not NAME.fullmatch(name)}
        if wrong:
            raise serializers.ValidationError(wrong)
        return {name.lower(): value for name, value in given.items()}
