"""The form of the message step: a channel, and a template that this channel can send."""

from typing import Any

from django import forms
from django.db.models import QuerySet

import providers
from broadcaster import provider_groups
from broadcaster.models import Broadcast, Channel, Template


class MessageForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    """Both may be left open, so that a half-made choice is kept as well."""

    class Meta:
        model = Broadcast
        fields = ("channel", "template")
        widgets = {"channel": forms.RadioSelect, "template": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        channels = self._choices("channel")
        channels.queryset = provider_groups.able(self.instance, channels_in_use())
        self._choices("template").queryset = templates_for(self._channel(channels.queryset))
        for name in self.fields:
            self._choices(name).empty_label = None

    def _choices(self, name: str) -> "forms.ModelChoiceField[Any]":
        return self.fields[name]  # type: ignore[return-value]

    def _channel(self, offered: QuerySet[Channel]) -> Channel | None:
        """The channel that is chosen in this form, or kept in the draft."""
        if self.is_bound:
            chosen = str(self.data.get("channel", ""))
            return offered.filter(pk=chosen).first() if chosen.isdecimal() else None
        draft: Broadcast = self.instance
        return draft.channel


def channels_in_use() -> QuerySet[Channel]:
    """The channels that may be chosen."""
    return Channel.objects.filter(enabled=True, kind__in=providers.kinds())


def templates_for(channel: Channel | None) -> QuerySet[Template]:
    """The templates that say something and that the channel can send; any channel's where none is chosen."""
    channels = [channel] if channel else list(channels_in_use())
    kinds = {kind for each in channels for kind in each.client_class.capabilities.content_kinds}
    return (
        Template.objects.filter(kind__in=kinds, translations__isnull=False).distinct().prefetch_related("translations")
    )
