"""Which group the chosen contacts join: a list that exists, or a new one."""

from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser, User

from broadcaster.admin import widgets
from broadcaster.audience import rules_groups
from broadcaster.models import Group

BY_RULE = f"{rules_groups.by_rule('the group of this name')} Choose another name."


class GroupChoiceForm(forms.Form):
    """Either of two fields; new groups only for those who may add them."""

    group = forms.ModelChoiceField(
        queryset=rules_groups.lists(),
        required=False,
        widget=widgets.choice(),
        empty_label="Choose a group",
        help_text="Groups by a rule are not among them: their rule says who is in them.",
    )
    new_group = forms.CharField(label="or a new group", max_length=64, required=False, widget=widgets.line())

    def __init__(self, *args: Any, user: User | AnonymousUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.has_perm("broadcaster.add_group"):
            del self.fields["new_group"]

    def clean(self) -> dict[str, Any]:
        """Exactly one of the two."""
        cleaned = super().clean() or {}
        if bool(cleaned.get("group")) == bool(cleaned.get("new_group")):
            raise forms.ValidationError("Choose a group or name a new one, not both.")
        if Group.objects.filter(name__iexact=cleaned.get("new_group") or "").exclude(rule={}).exists():
            self.add_error("new_group", BY_RULE)
        return cleaned

    def chosen(self) -> Group:
        """The group, made if it is new."""
        existing: Group | None = self.cleaned_data["group"]
        if existing:
            return existing
        name: str = self.cleaned_data["new_group"]
        return Group.objects.filter(name__iexact=name).first() or Group.objects.create(name=name)
