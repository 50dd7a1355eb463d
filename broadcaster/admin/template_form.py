"""A template's forms: each translation is drawn from the table of its content kind, and stored as that table's JSON."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from broadcaster.admin import attachments, widgets
from broadcaster.admin.model_form import InlineFormSet, ModelForm
from broadcaster.content import kinds, rules, values
from broadcaster.models import MediaFile, Template, TemplateTranslation

PREFIX = "content_"  # keeps a content kind's `language` apart from the translation's own

LISTED = "listed-"  # and the field's name: the list of values that the page offers, see listed_values.html
LANGUAGE_HELP = "Three letters, such as eng or ind."
ROWS = {"text": 5, "lines": 3, "files": 2, "pairs": 3, "json": 4}


class LanguageField(forms.CharField):
    """An ISO 639-3 code, in small letters however it was typed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=16, widget=widgets.line(placeholder="eng"), **options)

    def clean(self, value: Any) -> str:
        """The code. Raises ValidationError with one sentence."""
        code = str(super().clean(value)).lower()
        if code and (sentence := rules.language_error(code)):
            raise ValidationError(sentence)
        return code


class TemplateForm(ModelForm):
    """What holds for every language."""

    base_language = LanguageField(
        initial="eng",
        help_text=f"{LANGUAGE_HELP} It is used for everyone whose language has no translation.",
    )

    class Meta:
        model = Template
        fields = ("name", "kind", "base_language")
        help_texts = {"kind": "Decides which channels can send it, and stays as it is."}


class TranslationForm(ModelForm):
    """One language; `form_class` adds the fields of the content kind."""

    instance: TemplateTranslation
    kind = ""

    class Meta:
        model = TemplateTranslation
        fields = ("language",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.uploaded: list[MediaFile] = []
        for field in kinds.FIELDS[self.kind]:
            drawn, stored = self.fields[PREFIX + field.name], self.instance.content.get(field.name)
            if field.widget == "files":
                chosen, others = attachments.split(stored)
                self.fields[PREFIX + field.name + attachments.CHOSEN].initial = chosen
                drawn.initial = "\n".join(others)
            else:
                drawn.initial = as_typed(field.widget, stored) or field.default

    def clean(self) -> dict[str, Any]:
        """Read what was typed into the fields' JSON; what cannot be read or sent is said beside its field."""
        cleaned = super().clean() or {}
        typed = {field.name: self._typed(field, cleaned) for field in kinds.FIELDS[self.kind]}
        errors = self._lost_files(typed) or kinds.clean(self.kind, typed)
        for name, sentence in errors.items():
            self.add_error(PREFIX + name, sentence)
        if not errors:
            self.instance.content = kinds.stored(self.kind, typed)
        return cleaned

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002  Django's signature
        """The translation, and before it the files that came with it."""
        for file in self.uploaded:
            file.save()
        return super().save(commit)

    def _lost_files(self, typed: Mapping[str, Any]) -> dict[str, str]:
        """Which attachments name a file that was deleted; a sentence for each field."""
        named = [field.name for field in kinds.FIELDS[self.kind] if field.widget == "files"]
        lost = {name: attachments.gone(typed[name], self.uploaded) for name in named}
        return {name: sentence for name, sentence in lost.items() if sentence}

    def _typed(self, field: kinds.ContentField, cleaned: Mapping[str, Any]) -> Any:
        """What the form says of a field of the content."""
        typed = cleaned.get(PREFIX + field.name)
        if field.widget != "files":
            return typed
        new = cleaned.get(PREFIX + field.name + attachments.NEW)
        self.uploaded = [new] if new else []
        files = [*cleaned.get(PREFIX + field.name + attachments.CHOSEN, ()), *self.uploaded]
        return attachments.joined(files, typed, stored=self.instance.content.get(field.name))


class TranslationFormSet(InlineFormSet):
    """All translations together: one of them is in the base language."""

    instance: Template

    def clean(self) -> None:
        """Refuse a template that has nothing to say to a person of an unknown language."""
        super().clean()
        if any(self.errors):
            return
        base = self.instance.base_language
        kept = [form.cleaned_data for form in self.forms if not form.cleaned_data.get("DELETE")]
        if sentence := rules.base_error(base, [translation.get("language", "") for translation in kept]):
            raise ValidationError(sentence)


def form_class(kind: str, *, language: str = "", may_upload: bool = True) -> type[TranslationForm]:
    """The form of a translation of this kind of content; a new one begins in this language."""
    drawn: dict[str, forms.Field] = {}
    for field in kinds.FIELDS[kind]:
        drawn |= {PREFIX + name: each for name, each in _form_fields(field, may_upload=may_upload).items()}
    first = LanguageField(initial=language, help_text=LANGUAGE_HELP)
    return type("TranslationForm", (TranslationForm,), {"kind": kind, "language": first, **drawn})


def content_fields(kind: str, *, may_upload: bool = True) -> list[str]:
    """The names of the form's fields that the content kind asks for."""
    return [PREFIX + name for field in kinds.FIELDS[kind] for name in _form_fields(field, may_upload=may_upload)]


def shown_content(kind: str, content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, text) of each field that says something, for one who may only look."""
    shown = [(field.label, _shown(field, content.get(field.name))) for field in kinds.FIELDS[kind]]
    return [(label, text) for label, text in shown if text]


def _shown(field: kinds.ContentField, stored: Any) -> str:
    if field.widget == "files":
        return "\n".join(attachments.names(stored))
    return as_typed(field.widget, stored)


def as_typed(widget: values.Widget, stored: Any) -> str:
    """A stored value as a person would type it: one item a line, pairs as name = value."""
    value = values.read(widget, stored)
    match widget:
        case "lines" | "files":
            return "\n".join(value)
        case "pairs":
            return "\n".join(f"{name} = {text}" for name, text in value)
        case "json":
            return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
        case _:
            return "" if value is None else str(value)


def _form_fields(field: kinds.ContentField, *, may_upload: bool) -> dict[str, forms.Field]:
    """The form's fields for one field of the content; attachments are chosen, uploaded or written down."""
    own = {field.name: _form_field(field)}
    if field.widget != "files":
        return own
    own[field.name].label = f"Other {field.label.lower()}"
    beside = attachments.form_fields(field.label, may_upload=may_upload)
    return {field.name + ending: each for ending, each in beside.items()} | own


def _form_field(field: kinds.ContentField) -> forms.Field:
    # Not `required` to Django: an empty extra translation must stay one, and content.kinds has the better sentence.
    options: dict[str, Any] = {"label": field.label, "help_text": field.help, "required": False}
    if field.choices:
        return forms.ChoiceField(choices=field.choices, widget=widgets.choice(), **options)
    if field.widget in ROWS:
        return forms.CharField(widget=widgets.text(rows=ROWS[field.widget]), **options)
    offered = {"list": f"{LISTED}{field.name}"} if field.listed else {}
    return forms.CharField(widget=widgets.line(**offered), **options)
