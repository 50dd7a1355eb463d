"""Frozen template + one recipient's values -> content: the step between a message's row and the provider's client.

A template is frozen when its broadcast is scheduled, so that a later edit cannot change what is being sent.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import providers
from broadcaster.content import expressions, kinds, values
from broadcaster.models import Contact, Template


class NoBaseTranslation(ValueError):  # noqa: N818
    """The template says nothing in its base language, so there is nothing to fall back to."""


def freeze(template: Template) -> dict[str, Any]:
    """A snapshot of the template: {"kind", "base_language", "translations": {language: fields}}."""
    return {
        "kind": template.kind,
        "base_language": template.base_language,
        "translations": {translation.language: translation.content for translation in template.translations.all()},
    }


def placeholders_of(frozen: Mapping[str, Any]) -> list[str]:
    """The variables that any translation uses, each once, in their order. Raises values.Unreadable."""
    return list(dict.fromkeys(name for text in texts_of(frozen) for name in expressions.placeholders(text)))


def texts_of(frozen: Mapping[str, Any]) -> Iterator[str]:
    """Every text of any translation that may hold placeholders. Raises values.Unreadable."""
    kind = frozen.get("kind", "")
    for fields in frozen.get("translations", {}).values():
        yield from values.each_text(kinds.varying(kind, kinds.read(kind, fields)))


def variables_of(contact: Contact, row: Mapping[str, Any]) -> dict[str, Any]:
    """All variables of one recipient, as expansion copies them; `row` is what the uploaded file says of them."""
    own = {
        "name": contact.name,
        expressions.FIRST_NAME: expressions.first_name(contact.name),
        "phone": contact.phone or "",
        "identifier": contact.identifier or "",
        "language": contact.language,
    }
    sources = {"contact": own, "fields": contact.fields, "row": row}
    return {f"{source}.{key}": value for source, held in sources.items() for key, value in held.items()}


class Renderer:
    """Renders one frozen template for many recipients; safe to share between threads, since nothing in it changes."""

    def __init__(self, frozen: Mapping[str, Any]) -> None:
        """Read every translation once. Raises NoBaseTranslation and values.Unreadable."""
        kind, base = frozen.get("kind", ""), frozen.get("base_language", "")
        self._translations = {
            language: _Translation(kind, language, fields)
            for language, fields in frozen.get("translations", {}).items()
        }
        if base not in self._translations:
            raise NoBaseTranslation(f"The template has no translation in its base language {base}.")
        self._base = self._translations[base]

    def render(self, language: str, variables: Mapping[str, object]) -> providers.Content:
        """The content in the recipient's language, else in the base language. Equal renderings are equal contents."""
        return self._translations.get(language, self._base).render(variables)


class _Translation:
    """One language: what never varies is evaluated once, and where nothing does, one content serves everybody."""

    def __init__(self, kind: str, language: str, fields: Mapping[str, Any]) -> None:
        stored = kinds.read(kind, fields)
        open_values = kinds.varying(kind, stored)
        self.kind, self.language = kind, language
        self.varying = {name: value for name, value in open_values.items() if _has_placeholder(value)}
        self.fixed = stored | values.map_texts(open_values, lambda text: expressions.evaluate(text, {}))
        self.content = kinds.build(kind, self.fixed, language=language)

    def render(self, variables: Mapping[str, object]) -> providers.Content:
        """The content with this recipient's values."""
        if not self.varying:
            return self.content
        own = values.map_texts(self.varying, lambda text: expressions.evaluate(text, variables))
        return kinds.build(self.kind, self.fixed | own, language=self.language)


def _has_placeholder(value: Any) -> bool:
    return any(expressions.placeholders(text) for text in values.each_text(value))
