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
from broadcaster.content import values
from broadcaster.models import Contact, Group

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
        queryset=Group.objects.all(), required=False, widget=widgets.many(), help_text="The lists this person is on."
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
        return phone_entry.typed_phone(text) if text else None

    def clean_own_fields(self) -> str:
        """Read the lines into the contact, but only if somebody changed them: what a form cannot show stays whole."""
        text = str(self.cleaned_data["own_fields"])
        if "own_fields" in self.changed_data:
            self.instance.fields = fields_from_lines(text)
        return text
