"""What is asked of a new token: which program it is for, what it may do, and when it ends."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from broadcaster.admin import widgets
from broadcaster.admin.model_form import ModelForm
from broadcaster.models import ApiToken, Channel

MANAGE = "broadcaster.manage_apitoken"
NEVER, ON_DATE = "never", "date"
ENDS = [("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), (ON_DATE, "On a date"), (NEVER, "Never")]
NO_DATE = "Say on which date it expires."
TOO_LATE = "The calendar ends on this date. Choose an earlier one, or “Never”."
PAST = "This date is over. Choose today or a later one."


class TokenForm(ModelForm):
    """A new token; `form_class` says who makes it."""

    person: User
    instance: ApiToken

    user = forms.ModelChoiceField(
        queryset=User.objects.none(),
        widget=widgets.choice(),
        empty_label=None,
        help_text="Whose program it is. A token may never do more than its user, whatever its scope.",
    )
    scope = forms.ChoiceField(
        choices=ApiToken.Scope.choices,
        widget=widgets.choice(),
        help_text="What the program may do, at most. It cannot be changed later.",
    )
    channel = forms.ModelChoiceField(
        queryset=Channel.objects.order_by("name"),
        required=False,
        widget=widgets.choice(),
        empty_label="None",
        help_text="For broadcasts that name no channel, as those of RapidPro's clients never do.",
    )
    ends = forms.ChoiceField(label="Expires", choices=ENDS, initial="365", widget=widgets.choice())
    ends_on = forms.DateField(
        label="Last day", required=False, widget=widgets.line(type="date"), input_formats=["%Y-%m-%d"]
    )

    class Meta:
        model = ApiToken
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ends_on"].help_text = f"By the clock of {settings.TIME_ZONE}."
        chosen = self.fields["user"]
        if not self.person.has_perm(MANAGE):
            del self.fields["user"]
        elif isinstance(chosen, forms.ModelChoiceField):
            chosen.queryset, chosen.initial = users_for(self.person), self.person.pk

    def clean(self) -> dict[str, Any]:
        """Know when it ends, and whose it is."""
        cleaned = super().clean() or {}
        self.instance.user = cleaned.get("user") or self.person
        try:
            self.instance.expires_at = _end(cleaned)
        except ValidationError as error:
            self.add_error("ends_on", error)
        return cleaned


def form_class(person: User) -> type[TokenForm]:
    """The form for this person."""
    return type("TokenForm", (TokenForm,), {"person": person})


def users_for(person: User) -> QuerySet[User]:
    """Whom this person may make a token for: nobody who may everything, unless the person may too."""
    users = User.objects.filter(is_active=True).order_by("username")
    return users if person.is_superuser else users.exclude(is_superuser=True)


def _end(given: dict[str, Any]) -> datetime | None:
    """The moment; None for never, and where the form is wrong already. Raises ValidationError."""
    ends = given.get("ends") or NEVER
    if ends == NEVER or (ends == ON_DATE and "ends_on" not in given):
        return None
    if ends != ON_DATE:
        return timezone.now() + timedelta(days=int(ends))
    if given["ends_on"] is None:
        raise ValidationError(NO_DATE)
    try:
        end = datetime.combine(given["ends_on"] + timedelta(days=1), time.min, ZoneInfo(settings.TIME_ZONE))
    except OverflowError as error:
        raise ValidationError(TOO_LATE) from error
    if end <= timezone.now():
        raise ValidationError(PAST)
    return end
