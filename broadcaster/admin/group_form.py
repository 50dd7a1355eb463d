"""A group's form: its name, and either people to add, or the rule that says who is in it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from broadcaster.admin import rule_entry, rule_field
from broadcaster.admin.model_form import ModelForm
from broadcaster.admin.rule_entry import Entry
from broadcaster.admin.rule_field import RuleField
from broadcaster.audience import rules, rules_groups
from broadcaster.audience.rules import Unusable
from broadcaster.models import AudienceUpload, Contact, Group, Membership

LIST, RULE = "list", "rule"
SORTS = [(LIST, "People I add"), (RULE, "People who fit a rule")]
NOT_BY_HAND = (
    f"{rules_groups.by_rule('this group', 'nobody can be added by hand')} Change the rule, or choose another group."
)
HAS_FILE = (
    "The people of the file {} are to join this group, so it stays a list. Let the file be imported, or choose another "
    "group for it."
)
HAS_PEOPLE = "People were added to this group, so it stays a list. Make another group for the rule."


class GroupForm(ModelForm):
    """Members are never all listed in a form."""

    instance: Group
    sort = forms.ChoiceField(
        label="Who is in it", choices=SORTS, required=False, widget=forms.RadioSelect(attrs={"class": "group-sort"})
    )
    add_contacts = forms.ModelMultipleChoiceField(
        label="Add contacts",
        queryset=Contact.objects.all(),
        required=False,
        help_text="Search by the beginning of a name, a phone or an identifier.",
    )
    conditions = RuleField(label="Rule", required=False)  # not `rule`: Django would write the rows into the model

    class Meta:
        model = Group
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.old_rule = self.instance.rule
        self.fields["sort"].initial = RULE if self.instance.is_smart else LIST
        self.fields["conditions"].widget.of = self.instance.pk
        self.fields["conditions"].initial = _entry(self.instance)

    @property
    def has_new_rule(self) -> bool:
        """Whether other people may be in it now, by its rule."""
        return bool(self.old_rule != self.instance.rule)

    def clean(self) -> dict[str, Any]:
        """One of the two sorts. What was not posted stays as it is."""
        given = super().clean() or {}
        was = RULE if self.instance.is_smart else LIST
        if (given.get("sort") or was) == LIST:
            self.instance.rule = {}
        else:
            self._clean_rule(given)
        if self.has_new_rule:
            self.instance.counted = self.instance.counted_at = None
        return given

    def _clean_rule(self, given: dict[str, Any]) -> None:
        """Take the rule, unless people are in the group, or are to be."""
        if given.get("add_contacts"):
            self.add_error("add_contacts", NOT_BY_HAND)
        elif sentence := _why_a_list(self.instance):
            self.add_error(None, sentence)
        elif given.get("sort") or "conditions-match" in self.data:
            self._read_rule(given["conditions"])

    def _read_rule(self, entry: Entry) -> None:
        try:
            self.instance.rule = rule_field.read(entry, of=self.instance.pk)
        except ValidationError as error:
            self.add_error("conditions", error)


def _why_a_list(group: Group) -> str:
    """Why the group stays a list, in a sentence; empty where it may have a rule."""
    if group.is_smart or not group.pk:
        return ""
    if Membership.objects.filter(group=group).exists():
        return HAS_PEOPLE
    file = _file_for(group)
    return HAS_FILE.format(file) if file else ""


def _file_for(group: Group) -> AudienceUpload | None:
    """A file whose people are yet to join the group."""
    state = AudienceUpload.State
    return AudienceUpload.objects.filter(state__in=(state.UPLOADED, state.IMPORTING), group=group).first()


def _entry(group: Group) -> Entry:
    """The rule's rows; none where nobody can read it."""
    try:
        return rule_entry.kept(rules.parse(group.rule))
    except Unusable:
        return Entry()
