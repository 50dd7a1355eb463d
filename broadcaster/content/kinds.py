"""Content kinds: a translation's JSON becomes the providers' content, or errors beside the form's fields.

translation's JSON --read--> values by field name --evaluate the varying ones--> --build--> providers.Content
"""

from collections.abc import Callable, Mapping
from typing import Any

import providers
from broadcaster.content import rules, values
from broadcaster.content.fields import FIELDS, ContentField

__all__ = ["FIELDS", "ContentField", "build", "clean", "content_from", "read", "stored", "varying"]

Values = Mapping[str, Any]
Evaluate = Callable[[str], str]


def clean(kind: str, fields: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a translation's JSON: a sentence for each field; empty where it can be rendered."""
    errors: dict[str, str] = {}
    readable: dict[str, Any] = {}
    for field in FIELDS[kind]:
        try:
            readable[field.name] = values.read(field.widget, _given(field, fields))
            errors[field.name] = rules.field_error(field, readable[field.name])
        except values.Unreadable as error:
            errors[field.name] = str(error)
    if not any(errors.values()):
        errors = rules.RULES[kind](readable)
    return {name: sentence for name, sentence in errors.items() if sentence}


def content_from(
    kind: str, fields: Mapping[str, Any], evaluate: Evaluate, *, language: str = "eng"
) -> providers.Content:
    """A translation's JSON as content, every text that may hold placeholders evaluated. Raises Unreadable."""
    known = read(kind, fields)
    own = values.map_texts(varying(kind, known), evaluate)
    return build(kind, {**known, **own}, language=language)


def read(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each field, in the form that its widget promises. Raises Unreadable."""
    return {field.name: values.read(field.widget, _given(field, fields)) for field in FIELDS[kind]}


def stored(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a translation: the fields that say something. Raises Unreadable."""
    return {name: value for name, value in read(kind, fields).items() if value}


def varying(kind: str, known: Values) -> dict[str, Any]:
    """Those of the values that may hold placeholders; as values, so that what fills them can never add a line."""
    return {field.name: known[field.name] for field in FIELDS[kind] if field.placeholders}


def build(kind: str, final: Values, *, language: str) -> providers.Content:
    """The content that evaluated values describe."""
    return BUILDERS[kind](final, language)


def _given(field: ContentField, fields: Mapping[str, Any]) -> Any:
    """What the translation says for the field, or its default where it says nothing."""
    said = fields.get(field.name)
    return field.default if said is None or said == "" else said


def _text(final: Values, language: str) -> providers.Content:
    return providers.Text.of(
        final["text"],
        language=language,
        attachments=final["attachments"],
        quick_replies=final["quick_replies"],
    )


def _template(final: Values, language: str) -> providers.Content:
    return providers.TemplateMessage(
        name=final["name"],
        language=final["language"],
        variables=final["variables"],
        namespace=final["namespace"],
        template_id=final["template_id"],
        header=providers.Media(final["header_kind"], final["header"]) if final["header_kind"] else None,
        buttons=tuple(_button(name, value, line) for line, (name, value) in enumerate(final["buttons"])),
    )


def _button(name: str, value: str, line: int) -> providers.Button:
    kind, index = rules.button_place(name, line)
    return providers.Button(kind=kind, value=value, index=index)


def _event(final: Values, language: str) -> providers.Content:
    return providers.Event(**final)


def _flow(final: Values, language: str) -> providers.Content:
    return providers.Flow(**final)


def _voice(final: Values, language: str) -> providers.Content:
    return providers.VoiceCall(**final)


BUILDERS: dict[str, Callable[[Values, str], providers.Content]] = {
    "text": _text,
    "template": _template,
    "event": _event,
    "flow": _flow,
    "voice": _voice,
}
