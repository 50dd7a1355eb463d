"""A contact's form: a phone in any usual form, and its own fields as lines of name = value."""

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError

from broadcaster.admin import phone_entry, widgets
from broadcaster.admin.model_form import ModelForm
from broadcaster.admin.template_form import LANGUAGE_HELP, LanguageField
from broadcaster.audience import columns, erasure, mappings, rules_groups
from broadcaster.audience import values as cells
from broadcaster.content import values
from broadcaster.models import Contact, ContactField

FIELD_NAME = re.compile(r"\w+", re.ASCII)  # what a placeholder can name: @fields.city
LINE_BREAK = " \u23ce "  # stands for a line break inside a value, so that one line stays one field


def fields_as_lines(fields: Mapping[str, Any]) -> str:
    """A contact's own fields as a person types them."""
    return "\n".join(f"{name} = {LINE_BREAK.join(str(value).splitlines())}" for name, value in fields.items())


def fields_from_lines(text: str) -> dict[str, str]:
    """The fields that the lines say. Raises ValidationError with one sentence."""
    try:
        pairs = values.read("pairs", text)
    except values.Unreadable as error:
        raise ValidationError(str(error)) from error
    for name, _ in pairs:
        if not FIELD_NAME.fullmatch(name):
            raise ValidationError(f"Use only letters a to z, digits and _ in a field's name; this one is not: {name}")
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValidationError("Two lines have the same name. Keep one of them.")
    return {name: value.replace(LINE_BREAK, "\n") for name, value in pairs}


def keep_field_names(contact: Contact) -> None:
    """Let pages and rules know of the fields that this contact is the first to have."""
    fields = [
        ContactField(key=key, label=key.replace("_", " ").capitalize())
        for key in contact.fields
        if len(key) <= columns.MAX_KEY_CHARACTERS
    ]
    ContactField.objects.bulk_create(fields, ignore_conflicts=True)


class ContactForm(ModelForm):
    """One person. A phone is stored in E.164, whatever was typed."""

    instance: Contact
    phone = forms.CharField(required=False, max_length=40, widget=widgets.line(inputmode="tel"))
    language = LanguageField(required=False, help_text=f"{LANGUAGE_HELP} Templates are sent in it where they can.")
    time_zone = forms.ChoiceField(
        required=False,
        widget=widgets.choice(),
        choices=[("", "Unknown"), *((zone, zone.replace("_", " ")) for zone in sorted(available_timezones()))],
    )
    own_fields = forms.CharField(
        label="Fields",
        required=False,
        widget=widgets.text(rows=5),
        help_text="One a line, as name = value. A template says @fields.name for it.",
    )
    groups = forms.ModelMultipleChoiceField(
        queryset=rules_groups.lists(),
        required=False,
        widget=widgets.many(),
        help_text="The lists this person is on. Groups by a rule find their people themselves.",
    )

    class Meta:
        model = Contact
        fields = ("name", "phone", "identifier", "language", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["own_fields"].initial = fields_as_lines(self.instance.fields)
        if self.instance.pk:
            self.fields["groups"].initial = self.instance.groups.all()

    def clean_phone(self) -> str | None:
        """E.164, or none."""
        text = str(self.cleaned_data["phone"])
        phone = phone_entry.typed_phone(text) if text else None
        return _not_erased(phone)

    def clean_identifier(self) -> str | None:
        """As it is typed."""
        return _not_erased(self.cleaned_data["identifier"])

    def clean_own_fields(self) -> str:
        """Read the lines into the contact, but only if somebody changed them: what a form cannot show stays whole."""
        text = str(self.cleaned_data["own_fields"])
        if "own_fields" in self.changed_data:
            given = fields_from_lines(text)
            self.instance.fields = typed_fields(given, self.instance.fields, mappings.known_kinds(given))
        return text


def _not_erased(address: str | None) -> str | None:
    """The address. Raises ValidationError where it is of somebody who was erased."""
    if address and erasure.erased([address]):
        raise ValidationError(erasure.SENTENCE)
    return address


def typed_fields(given: Mapping[str, str], known: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    """The fields as what their kinds say that they hold; what reads as it is stays. Raises ValidationError."""
    fields: dict[str, Any] = {}
    for key, text in given.items():
        is_same = str(known.get(key, "")) == text
        fields[key] = known.get(key, "") if is_same else cells.read(kinds.get(key, "text"), text)
        if isinstance(fields[key], cells.Unreadable):
            raise ValidationError(f"{key}: {fields[key].sentence}")
    return fields
