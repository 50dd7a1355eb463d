"""Frozen template + one recipient's values -> content: the step between a message's row and the provider's client.

A template is frozen when its broadcast is scheduled, so that a later edit cannot change what is being sent. A program
may say beside it what `@row.x` stands for, the same for everybody: these `variables` are frozen with it, and whatever
they fill does not vary from person to person any more.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import providers
from broadcaster.content import expressions, kinds, values
from broadcaster.models import Broadcast, Contact, Template

VARIABLES = "variables"  # the member of a frozen content that is no template's


class NoBaseTranslation(ValueError):  # noqa: N818
    """The template says nothing in its base language, so there is nothing to fall back to."""


def freeze(template: Template) -> dict[str, Any]:
    """A snapshot of the template: {"kind", "base_language", "translations": {language: fields}}."""
    return {
        "kind": template.kind,
        "base_language": template.base_language,
        "translations": {translation.language: translation.content for translation in template.translations.all()},
    }


def own_content(broadcast: Broadcast) -> dict[str, Any]:
    """What the broadcast says itself: where it has a template, only what stands for the placeholders of that."""
    content: dict[str, Any] = broadcast.content
    return {key: content[key] for key in content if key == VARIABLES} if broadcast.template else content


def given_of(frozen: Mapping[str, Any]) -> dict[str, str]:
    """What is the same for everybody, by the name of the variable."""
    return {f"row.{key}": value for key, value in frozen.get(VARIABLES, {}).items()}


def placeholders_of(frozen: Mapping[str, Any]) -> list[str]:
    """The variables in which recipients differ, in any translation, each once, in order. Raises values.Unreadable."""
    given = given_of(frozen)
    used = dict.fromkeys(name for text in texts_of(frozen) for name in expressions.placeholders(text))
    return [name for name in used if name not in given]


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
        given = given_of(frozen)
        self._translations = {
            language: _Translation(kind, language, fields, given)
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

    def __init__(self, kind: str, language: str, fields: Mapping[str, Any], given: Mapping[str, str]) -> None:
        stored = kinds.read(kind, fields)
        open_values = kinds.varying(kind, stored)
        self.kind, self.language, self.given = kind, language, given
        self.varying = {name: value for name, value in open_values.items() if _varies(value, given)}
        self.fixed = stored | values.map_texts(open_values, lambda text: expressions.evaluate(text, given))
        self.content = kinds.build(kind, self.fixed, language=language)

    def render(self, variables: Mapping[str, object]) -> providers.Content:
        """The content with this recipient's values."""
        if not self.varying:
            return self.content
        known = {**variables, **self.given} if self.given else variables
        own = values.map_texts(self.varying, lambda text: expressions.evaluate(text, known))
        return kinds.build(self.kind, self.fixed | own, language=self.language)


def _varies(value: Any, given: Mapping[str, str]) -> bool:
    return any(name not in given for text in values.each_text(value) for name in expressions.placeholders(text))
