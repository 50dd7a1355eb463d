"""What is asked of a webhook: where it leads, and what it is told of."""

from django import forms
from django.core.exceptions import ValidationError

from broadcaster.admin import widgets
from broadcaster.admin.model_form import ModelForm
from broadcaster.hooks import register
from broadcaster.models import Event, Webhook

ENABLED_HELP = "Off, it is told of nothing. What waits is kept for a month, and posted when it is on again."


class WebhookForm(ModelForm):
    """A webhook, new or changed."""

    url = forms.CharField(
        label="Address",
        max_length=2000,
        widget=widgets.line(placeholder="https://example.com/events", inputmode="url", spellcheck="false"),
        help_text="Each event is posted there as JSON.",
    )
    events = forms.MultipleChoiceField(
        label="Events",
        choices=Event.choices,
        initial=Event.values,
        widget=widgets.several(),
        error_messages={"required": register.NO_EVENT},
    )

    class Meta:
        model = Webhook
        fields = ("url", "description", "enabled", "events")
        help_texts = {"description": "The program behind it.", "enabled": ENABLED_HELP}

    def clean_url(self) -> str:
        """The address. Raises ValidationError."""
        url = str(self.cleaned_data["url"])
        if problem := register.address_problem(url):
            raise ValidationError(problem)
        return url
