"""A channel's forms: first the name and the provider, then the fields that the provider's adapter asks for.

Secrets go in and never come out: no value of theirs is an initial value, so none can reach a page or a log.
"""

from collections.abc import Iterator
from typing import Any

from django import forms

import providers
from broadcaster.admin import widgets
from broadcaster.admin.model_form import ModelForm
from broadcaster.models import Channel
from broadcaster.models.secrets import Unreadable

PREFIX = "account_"  # keeps an adapter's field names apart from the model's
FORGET = "forget_"
KEPT = "Saved. Leave empty to keep it."

COMMON = ("name", "enabled", "rate_per_second", "daily_cap", "concurrency", "default_region")


class ChannelAddForm(ModelForm):
    """What must be known before the other fields can be."""

    class Meta:
        model = Channel
        fields = ("name", "kind")


class ChannelForm(ModelForm):
    """The channel's own fields; `form_class` adds those of its provider."""

    instance: Channel
    default_region = widgets.region_field(
        label="Default country", help_text="Local numbers are read as this country's, such as 0812... as Indonesia's."
    )

    class Meta:
        model = Channel
        fields = COMMON

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self._asked():
            _show_stored(self.fields[PREFIX + field.name], field, self.instance)

    def clean(self) -> dict[str, Any]:
        """Hold the account to what the adapter needs; its sentences stand beside the fields."""
        cleaned = super().clean() or {}
        values = dict(self._values(cleaned))
        if not self.errors:
            self._try(values)
        if not self.errors:
            secret = {field.name for field in self._asked() if field.secret}
            self.instance.config = {name: value for name, value in values.items() if name not in secret}
            self.instance.secrets = {name: value for name, value in values.items() if name in secret}
        return cleaned

    def _asked(self) -> tuple[providers.ConfigField, ...]:
        return self.instance.client_class.config_fields

    def _values(self, cleaned: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        for field in self._asked():
            given = cleaned.get(PREFIX + field.name)
            if field.secret and not given and not cleaned.get(FORGET + field.name):
                given = self.instance.secrets.get(field.name)
            try:
                yield field.name, field.clean(given)
            except providers.ConfigurationError as error:
                if PREFIX + field.name not in self.errors:
                    self.add_error(PREFIX + field.name, str(error))

    def _try(self, values: dict[str, Any]) -> None:
        """Build a client, which sees what no single field can."""
        try:
            providers.connect(self.instance.kind, config=values, secrets=values)
        except providers.ConfigurationError as error:
            self.add_error(None, str(error))


def form_class(kind: str) -> type[ChannelForm]:
    """The form of this provider's channels."""
    asked = providers.client_class(kind).config_fields
    drawn = {PREFIX + field.name: _form_field(field) for field in asked}
    forgetting = {FORGET + field.name: _forget(field) for field in asked if _may_be_forgotten(field)}
    return type("ChannelForm", (ChannelForm,), drawn | forgetting)


def account_fields(channel: Channel, group: str) -> list[tuple[str, ...]]:
    """The form's fields of this group that the adapter asks for, line by line; an account's secrets come last."""
    asked = [field for field in channel.client_class.config_fields if field.group == group]
    return [_line(field, channel) for field in sorted(asked, key=lambda field: group == "account" and field.secret)]


def _line(field: providers.ConfigField, channel: Channel) -> tuple[str, ...]:
    """The field, and beside a secret that is saved and not needed the box that takes it away."""
    if channel.secrets.get(field.name) and _may_be_forgotten(field):
        return PREFIX + field.name, FORGET + field.name
    return (PREFIX + field.name,)


def _may_be_forgotten(field: providers.ConfigField) -> bool:
    return field.secret and not field.required


def _forget(field: providers.ConfigField) -> forms.Field:
    says = f"Takes the saved {field.label[0].lower()}{field.label[1:]} away, unless you enter another one."
    return forms.BooleanField(label="Forget it", help_text=says, required=False, widget=widgets.tick())


def shown_settings(channel: Channel) -> list[tuple[str, str]]:
    """The account's settings for one who may only look: of a secret, no more than whether there is one."""
    return [(field.label, _shown(field, channel)) for field in channel.client_class.config_fields]


def _shown(field: providers.ConfigField, channel: Channel) -> str:
    if field.secret and isinstance(channel.secrets, Unreadable):
        return "Unreadable"
    if field.secret:
        return "Saved" if channel.secrets.get(field.name) else "Missing" if field.required else "None"
    value = str(channel.config.get(field.name, field.default))
    return dict(field.choices).get(value, value)


def _form_field(field: providers.ConfigField) -> forms.Field:
    options: dict[str, Any] = {
        "label": field.label,
        "help_text": field.help,
        "required": field.required and field.default == "",
        "error_messages": {"required": f"{field.label} is missing."},
    }
    if field.secret:
        return forms.CharField(widget=widgets.secret(), strip=True, **options)
    match field.kind:
        case "integer":
            limits = {"min": field.minimum} | ({} if field.maximum is None else {"max": field.maximum})
            return forms.IntegerField(widget=widgets.integer(**limits), **options)
        case "boolean":
            return forms.BooleanField(widget=widgets.switch(), **options | {"required": False})
        case "choice":
            return forms.ChoiceField(widget=widgets.choice(), choices=field.choices, **options)
        case _:
            return forms.CharField(widget=widgets.line(), **options)


def _show_stored(drawn: forms.Field, field: providers.ConfigField, channel: Channel) -> None:
    if not field.secret:
        drawn.initial = channel.config.get(field.name, field.default)
    elif channel.secrets.get(field.name):
        drawn.required = drawn.widget.is_required = False
        drawn.help_text = f"{KEPT} {field.help}".strip()
