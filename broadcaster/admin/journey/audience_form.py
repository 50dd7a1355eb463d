"""The first form of a broadcast: its name, and who gets it: a file, groups, or both, minus the excluded groups."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from django.http import QueryDict

from broadcaster import provider_groups
from broadcaster.admin.membership import group_size, size_in_words, with_size
from broadcaster.audience import archives, phones, segments
from broadcaster.models import AudienceUpload, Broadcast, Channel, Contact, Group, ListedGroup

NO_REGION = ("", "Every number has its country code")
REGION_HELP = "With Indonesia, 0812 345 678 is read as +62 812 345 678."
ACCEPTED = ",".join([*sorted(archives.TABLES), ".zip"])


class GroupsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic only in the stubs
    """Groups as check boxes that say how many people are in each."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        """The group's name and its size."""
        return f"{obj.name} ({group_size(obj, 'person', 'people')})"


class ProviderGroupsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic only in the stubs
    """The provider's groups as check boxes, with as many people as it tells."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        """The group's name and its size."""
        return obj.name if obj.count is None else f"{obj.name} ({size_in_words(obj.count, 'person', 'people')})"


class UnlistedGroupsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic only in the stubs
    """Chosen groups that nobody offers any more, as check boxes that take them out."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        """What a tick does."""
        return f"Do without {obj}"


class AudienceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    """What the audience page asks."""

    file = forms.FileField(required=False, allow_empty_file=True)
    region = forms.ChoiceField(label="Country of local numbers", required=False, help_text=REGION_HELP)
    remove_file = forms.BooleanField(label="Do without this file", required=False)
    groups = GroupsField(queryset=Group.objects.none(), required=False)
    exclude_groups = GroupsField(queryset=Group.objects.none(), required=False)
    provider_groups = ProviderGroupsField(queryset=ListedGroup.objects.none(), required=False)
    remove_groups = UnlistedGroupsField(queryset=Contact.objects.none(), required=False)

    class Meta:
        model = Broadcast
        fields = ("name", "groups", "exclude_groups")
        help_texts = {"name": "For you and your colleagues; recipients do not see it."}

    def __init__(self, *args: Any, user: User | AnonymousUser, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.refusal = ""
        if isinstance(self.data, QueryDict) and self.instance.pk:
            self.data = with_unseen(self.data, self.instance)
        for name in ("groups", "exclude_groups"):
            self.field(name).queryset = sized_groups()
        at_providers = self.field("provider_groups")
        at_providers.queryset = provider_groups.offered()
        at_providers.initial = provider_groups.chosen(self.instance)
        self.field("remove_groups").queryset = provider_groups.unlisted(self.instance)
        region: forms.ChoiceField = self.fields["region"]  # type: ignore[assignment]
        region.choices = region_choices()
        region.initial = usual_region(user)
        self.fields["name"].widget.attrs |= {"autocomplete": "off", "placeholder": "June reminder"}
        self.fields["file"].widget.attrs |= {"accept": ACCEPTED}

    def field(self, name: str) -> "forms.ModelMultipleChoiceField[Any]":
        """One of the lists of groups."""
        return self.fields[name]  # type: ignore[return-value]

    def refuse_file(self, sentence: str) -> None:
        """Say why the posted file was not taken."""
        self.refusal = sentence
        self.full_clean()

    def clean(self) -> dict[str, Any]:
        """Somebody must be chosen."""
        given = self.cleaned_data
        if self.refusal:
            self.add_error("file", self.refusal)
        kept_file = self.instance.upload_id and not given.get("remove_file")
        groups = given.get("groups") or given.get("provider_groups")
        if "file" not in self.errors and not (given.get("file") or kept_file or groups or self._contacts(given)):
            self.add_error(None, "Choose who gets it: a file, or at least one group.")
        self._check_channels(given.get("provider_groups") or ())
        return given

    def _contacts(self, given: Mapping[str, Any]) -> bool:
        """Whether the draft goes to chosen contacts, but not those of groups that are offered or taken out."""
        if not self.instance.pk:
            return False
        unlisted = provider_groups.unlisted(self.instance).exclude(pk__in=given.get("remove_groups") or ())
        return unlisted.exists() or self.instance.contacts.exclude(segments.IS_GROUP).exists()

    def _check_channels(self, groups: Iterable[ListedGroup]) -> None:
        """A broadcast goes out on one channel, so all the providers' groups must be there."""
        channels = sorted({str(group.channel) for group in groups})
        if len(channels) > 1:
            sentence = f"Choose groups of one channel only; these are of {' and '.join(channels)}."
            self.add_error("provider_groups", sentence)


def with_unseen(data: QueryDict, draft: Broadcast) -> QueryDict:
    """What was posted, and a tick for each of the draft's groups that the posted page did not offer.

    Groups come and go while a page is open, and what a person did not see, that person did not take out.
    """
    seen = {pk for pks in data.getlist("shown_groups") for pk in pks.split(",")}
    unseen = [pk for group in provider_groups.chosen(draft) if (pk := str(group.pk)) not in seen]
    whole = data.copy()
    whole.setlist("provider_groups", [*data.getlist("provider_groups"), *unseen])
    return whole


def sized_groups() -> QuerySet[Group]:
    """All groups with the number of their people."""
    return with_size(Group.objects.order_by("name"))


def region_choices() -> list[tuple[str, str]]:
    """The countries that a file's local numbers may belong to."""
    return [NO_REGION, *phones.regions()]


def usual_region(user: User | AnonymousUser) -> str:
    """The country of the person's last file, else of a channel."""
    last = AudienceUpload.objects.filter(author=user.pk).values_list("region", flat=True).first()
    if last is not None:
        return last
    return Channel.objects.exclude(default_region="").values_list("default_region", flat=True).first() or ""
