"""What a program says of a template -> a template; the rules are those of content.kinds, each said at its field."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from rest_framework import serializers

import providers
from broadcaster.api import fields
from broadcaster.content import kinds, media, rules
from broadcaster.models import MediaFile, Template, TemplateTranslation

SETTLED = "The kind of a template stays as it is. Make another template."
TAKEN = "There is a template of this name already. Choose another name, or change that template."
UNKNOWN_FIELD = "There is no such field; a template of the kind {} has {}."

Fields = Mapping[str, Any]


class TemplateForm(serializers.Serializer[Template]):
    """A template. Where one is changed, what the call does not name stays as it is."""

    name = serializers.CharField(max_length=100)
    kind = serializers.ChoiceField(choices=list(providers.CONTENT_KINDS), required=False, help_text="text, by default.")
    base_language = fields.Language(required=False, help_text="The first of the content's languages, by default.")
    content = fields.Translations(child=serializers.DictField(), help_text="The fields of its kind, by language.")

    default_error_messages = {"invalid": "Request body should be a single JSON object"}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What no field can see alone."""
        kind = self._kind(attrs)
        self._must_be_free(attrs.get("name", ""))
        if "content" in attrs:
            attrs["content"] = {code: _named(kind, said) for code, said in attrs["content"].items()}
            _must_be_right(kind, attrs["content"])
        languages = attrs["content"] if "content" in attrs else self._languages()
        base = attrs.get("base_language") or (self.instance.base_language if self.instance else next(iter(languages)))
        if sentence := rules.base_error(base, languages):
            raise serializers.ValidationError({"base_language": [sentence]})
        return attrs | {"kind": kind, "base_language": base}

    def create(self, validated_data: dict[str, Any]) -> Template:
        """The template."""
        return self.update(Template(), validated_data)

    def update(self, instance: Template, validated_data: dict[str, Any]) -> Template:
        """The template as it is now; call it inside a transaction. Raises ValidationError."""
        content = validated_data.pop("content", None)
        for name, value in validated_data.items():
            setattr(instance, name, value)
        try:
            with transaction.atomic():
                instance.save()
        except IntegrityError as error:  # another call was quicker
            raise serializers.ValidationError({"name": [TAKEN]}) from error
        if content is not None:
            _say(instance, content)
        return instance

    def _kind(self, attrs: dict[str, Any]) -> str:
        if self.instance is None:
            return str(attrs.get("kind", providers.Text.kind))
        if attrs.get("kind", self.instance.kind) != self.instance.kind:
            raise serializers.ValidationError({"kind": [SETTLED]})
        return self.instance.kind

    def _must_be_free(self, name: str) -> None:
        others = Template.objects.exclude(pk=self.instance.pk) if self.instance else Template.objects.all()
        if name and others.filter(name=name).exists():
            raise serializers.ValidationError({"name": [TAKEN]})

    def _languages(self) -> list[str]:
        return [translation.language for translation in self.instance.translations.all()] if self.instance else []


def _named(kind: str, said: Fields) -> dict[str, Any]:
    """The fields with our files named as content names them: a program may give a bare UUID."""
    files = [
        field.name for field in kinds.FIELDS[kind] if field.widget == "files" and isinstance(said.get(field.name), list)
    ]
    lines = [line for name in files for line in said[name] if isinstance(line, str)]
    ours = {
        str(key) for key in MediaFile.objects.filter(uuid__in=fields.uuids_in(lines)).values_list("uuid", flat=True)
    }
    named = {name: [media.reference(line) if line in ours else line for line in said[name]] for name in files}
    return {**said, **named}


def _must_be_right(kind: str, content: Mapping[str, Fields]) -> None:
    """Refuse translations that could not be sent. Raises ValidationError."""
    wrong = {code: _problems(kind, said) for code, said in content.items()}
    if any(wrong.values()):
        raise serializers.ValidationError({"content": {code: found for code, found in wrong.items() if found}})


def _problems(kind: str, said: Fields) -> dict[str, list[str]]:
    known = [field.name for field in kinds.FIELDS[kind]]
    sentence = UNKNOWN_FIELD.format(kind, ", ".join(known))
    unknown = {name: [sentence] for name in said if name not in known}
    found = unknown or {name: [sentence] for name, sentence in kinds.clean(kind, said).items()}
    lost = [] if found else media.missing({"kind": kind, "translations": {"eng": said}})
    return {"attachments": [fields.NO_SUCH.format(lost[0])]} if lost else found


def _say(template: Template, content: Mapping[str, Fields]) -> None:
    """Replace what it says."""
    template.translations.all().delete()
    TemplateTranslation.objects.bulk_create(
        TemplateTranslation(template=template, language=code, content=kinds.stored(template.kind, said))
        for code, said in content.items()
    )
