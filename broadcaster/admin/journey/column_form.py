"""How a file is read, as the operator sees and mends it before anything is imported."""

from collections.abc import Sequence
from pathlib import Path

from django import forms
from django.http import QueryDict

from broadcaster.admin.journey.audience_form import region_choices
from broadcaster.audience import spreadsheets, uploads
from broadcaster.audience.spreadsheets import Dialect
from broadcaster.models import AudienceUpload, Group


class DialectForm(forms.Form):
    """How the file is read, which country its numbers belong to, and which group its people join."""

    encoding = forms.ChoiceField(choices=spreadsheets.ENCODINGS)
    delimiter = forms.ChoiceField(label="Separator")
    sheet = forms.ChoiceField()
    region = forms.ChoiceField(label="Country of local numbers", required=False)
    header_row = forms.BooleanField(label="The first row names the columns", required=False)
    group = forms.CharField(
        label="Also add everyone to a group",
        max_length=64,
        required=False,
        help_text="Choose one or type a new name. Leave it empty to keep them for this broadcast only.",
    )

    def __init__(self, data: QueryDict | None, *, upload: AudienceUpload) -> None:
        group = upload.group.name if upload.group else ""
        super().__init__(data, initial={**upload.dialect, "region": upload.region, "group": group}, label_suffix="")
        self.format = upload.dialect["format"]
        for name in ("sheet",) if self.format == "csv" else ("encoding", "delimiter"):
            del self.fields[name]
        self._offer("region", region_choices())
        if self.format != "csv":
            self._offer("sheet", [(name, name) for name in spreadsheets.sheet_names(Path(upload.file.path))])
        else:
            self._offer("delimiter", _delimiters(upload.dialect["delimiter"]))
        self.fields["group"].widget.attrs |= {"list": "groups", "autocomplete": "off"}

    def _offer(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field: forms.ChoiceField = self.fields[name]  # type: ignore[assignment]
        field.choices = list(choices)

    @property
    def dialect(self) -> Dialect:
        """How to read the file, once the form is valid."""
        names = ("encoding", "delimiter", "sheet", "header_row")
        return Dialect(format=self.format, **{name: self.cleaned_data[name] for name in names if name in self.fields})

    @property
    def can_be_read(self) -> bool:
        """Whether the form says how to read the file, whatever it says of the group."""
        return self.is_valid() or set(self.errors) == {"group"}

    def clean_group(self) -> str:
        """A name without needless spaces, but not that of a group that a rule fills."""
        name = " ".join(self.cleaned_data["group"].split())
        group = Group.objects.filter(name__iexact=name).first() if name else None
        if group and group.is_smart:
            raise forms.ValidationError(uploads.BY_RULE.format(group))
        return name

    def group_named(self) -> Group | None:
        """The group of this name, made where there is none, or None where no name was given."""
        return uploads.group_named(self.cleaned_data["group"])


def _delimiters(current: str) -> list[tuple[str, str]]:
    """The usual separators, and the one that the file itself announced."""
    usual = list(spreadsheets.DELIMITERS)
    return usual if current in dict(usual) else [*usual, (current, current)]
