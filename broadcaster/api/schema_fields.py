"""What the fields of fields.py take, for the description of the API, where it cannot be read off their kind."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema

Object = dict[str, Any]

CODE = "^[a-z]{3}$"
URN = {
    "type": "string",
    "description": "`tel:` and a phone with its country code, `whatsapp:` and its digits, or `ext:` and a customer ID.",
    "examples": ["tel:+628123456789", "ext:C-1042"],
}


class TranslationsField(OpenApiSerializerFieldExtension):
    """A value for each language, or one alone."""

    target_class = "broadcaster.api.fields.Translations"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Object:
        """Both forms."""
        one: Object = auto_schema._map_serializer_field(self.target.child, direction)  # noqa: SLF001
        every = {"type": "object", "propertyNames": {"pattern": CODE}, "minProperties": 1, "additionalProperties": one}
        return {"anyOf": [one, every], "description": "By ISO 639-3 code of the language, or one in the base language."}


class LanguageField(OpenApiSerializerFieldExtension):
    """The code of a language."""

    target_class = "broadcaster.api.fields.Language"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Object:
        """Three letters."""
        return {"type": "string", "pattern": CODE, "description": "An ISO 639-3 code.", "examples": ["eng"]}


class UrnField(OpenApiSerializerFieldExtension):
    """An address."""

    target_class = "broadcaster.api.fields.UrnField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Object:
        """A text of a known beginning."""
        return URN


class ReferencesField(OpenApiSerializerFieldExtension):
    """A list of names of things that are there."""

    target_class = "broadcaster.api.fields.References"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Object:
        """Up to a hundred texts or numbers."""
        words = (type(self.target).__doc__ or "").partition("\n")[0]
        return {
            "type": "array",
            "maxItems": self.target.max_length,
            "items": {"type": ["string", "integer"]},
            "description": words,
        }
