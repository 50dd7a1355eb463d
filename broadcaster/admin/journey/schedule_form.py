"""The form of the schedule step: wall-clock times and their zone in, moments out."""

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils import timezone

from broadcaster.admin.journey.local_time import Moment, NoSuchTime, local, moment, zones
from broadcaster.models import Broadcast
from broadcaster.sending import schedule

NOW, LATER = "now", "later"
CENTURY = "Choose a date of this century."
IN_CENTURY = [MinValueValidator(date(2000, 1, 1), CENTURY), MaxValueValidator(date(2099, 12, 31), CENTURY)]
ERROR_FIELDS = {"send_at": "date", "expires_at": "expires_date"}


def _date(label: str) -> forms.DateField:
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, validators=IN_CENTURY)


def _time(label: str) -> forms.TimeField:
    widget = forms.TimeInput({"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, required=False, widget=widget)


class ScheduleForm(forms.Form):
    """When it starts, when it is worth nothing any more, and how urgent it is."""

    when = forms.ChoiceField(
        choices=[(NOW, "As soon as I confirm"), (LATER, "At a date and time")], widget=forms.RadioSelect
    )
    date = _date("Date")
    time = _time("Time")
    time_zone = forms.ChoiceField(label="Time zone")
    expires_date = _date("Expires on")
    expires_time = _time("Expires at")
    priority = forms.TypedChoiceField(choices=Broadcast.Priority.choices, coerce=int)

    def __init__(self, data: QueryDict | None, *, broadcast: Broadcast) -> None:
        super().__init__(data, initial=initial(broadcast), label_suffix="")
        self.broadcast = broadcast
        offered: forms.ChoiceField = self.fields["time_zone"]  # type: ignore[assignment]
        offered.choices = zones(broadcast.time_zone)
        self.start: Moment | None = None
        self.expiry: Moment | None = None

    def clean(self) -> dict[str, Any]:
        """Turn the wall-clock times into moments, and hold them against the rules of the schedule."""
        given = self.cleaned_data
        if given.get("when") == LATER:
            self.start = self._moment("date", "time", required=True)
        self.expiry = self._moment("expires_date", "expires_time")
        if not self.errors:
            self._apply_rules()
        return given

    def values(self) -> dict[str, Any]:
        """The draft's fields."""
        return {
            "send_at": self.start.utc if self.start else None,
            "time_zone": self.cleaned_data["time_zone"],
            "expires_at": self.expiry.utc if self.expiry else None,
            "priority": self.cleaned_data["priority"],
        }

    def _moment(self, day_field: str, time_field: str, *, required: bool = False) -> Moment | None:
        """The moment that two fields and the zone mean; what is missing or impossible is said at its field."""
        given = self.cleaned_data
        day: date | None = given.get(day_field)
        clock: time | None = given.get(time_field)
        if not (required or day or clock) or self.errors.keys() & {day_field, time_field, "time_zone"}:
            return None
        if day is None or clock is None:
            field, word = (day_field, "date") if day is None else (time_field, "time")
            self.add_error(field, f"Choose a {word}.")
            return None
        try:
            return moment(datetime.combine(day, clock), given["time_zone"])
        except NoSuchTime as error:
            self.add_error(time_field, error.sentence)
            return None

    def _apply_rules(self) -> None:
        trial = Broadcast(
            send_at=self.start.utc if self.start else timezone.now(),
            expires_at=self.expiry.utc if self.expiry else None,
        )
        for problem in schedule.time_problems(trial):
            self.add_error(ERROR_FIELDS[problem.field], problem.sentence)


def initial(broadcast: Broadcast) -> dict[str, Any]:
    """The form's values as the draft has them."""
    values: dict[str, Any] = {
        "when": LATER if broadcast.send_at else NOW,
        "time_zone": broadcast.time_zone,
        "priority": broadcast.priority,
    }
    moments = {"": broadcast.send_at, "expires_": broadcast.expires_at}
    for prefix, utc in moments.items():
        if utc:
            shown = local(utc, broadcast.time_zone)
            values |= {f"{prefix}date": shown.date(), f"{prefix}time": shown.time()}
    return values
