"""How a file is read and what its columns hold, as the operator sees and mends it before anything is imported."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.http import QueryDict

from broadcaster.admin.journey.audience_form import region_choices
from broadcaster.audience import phones, spreadsheets
from broadcaster.audience.spreadsheets import Dialect, Preview
from broadcaster.models import AudienceUpload, Group

ROLES = {
    "phone": "Phone",
    "name": "Name",
    "language": "Language",
    "identifier": "Customer ID",
    "field": "Contact field (kept)",
    "row": "Only for this broadcast",
    "ignore": "Ignore",
}
SAMPLES = 3


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

    def group_named(self) -> Group | None:
        """The group of this name, made where there is none, or None where no name was given."""
        name = " ".join(self.cleaned_data["group"].split())
        if not name:
            return None
        return Group.objects.filter(name__iexact=name).first() or Group.objects.create(name=name)


def _delimiters(current: str) -> list[tuple[str, str]]:
    """The usual separators, and the one that the file itself announced."""
    usual = list(spreadsheets.DELIMITERS)
    return usual if current in dict(usual) else [*usual, (current, current)]


@dataclass(frozen=True, slots=True)
class Value:
    """One of a column's first values; for phones also what is read in it, or why it is refused."""

    text: str
    reading: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file: what it holds, what is in it, and how a template names it."""

    place: int
    header: str
    role: str
    key: str
    values: list[Value]

    @property
    def placeholder(self) -> str:
        """How a template uses it; empty where it cannot."""
        own = {"field": f"@fields.{self.key}", "row": f"@row.{self.key}", "ignore": ""}
        return own.get(self.role, f"@contact.{self.role}")


def columns(
    upload: AudienceUpload, seen: Preview, guessed: Mapping[str, Mapping[str, str]], posted: Mapping[str, Any] | None
) -> list[Column]:
    """The columns as they were chosen, else as they are kept, else as they are guessed."""
    roles = (
        _chosen(seen.headers, posted) or _kept(seen.headers, upload) or [guessed[name]["role"] for name in seen.headers]
    )
    region = upload.region or None
    return [
        Column(place, header, role, guessed[header]["key"], _values(seen, place, role, region))
        for place, (header, role) in enumerate(zip(seen.headers, roles, strict=True))
    ]


def mapping_of(chosen: Iterable[Column]) -> dict[str, dict[str, str]]:
    """The columns as an upload keeps them."""
    return {column.header: {"role": column.role, "key": column.key} for column in chosen}


def _chosen(headers: Sequence[str], posted: Mapping[str, Any] | None) -> list[str]:
    """The roles in the form, unless it was drawn for other columns: another separator makes other ones."""
    if not posted or posted.get("headers") != json.dumps(headers):
        return []
    roles = [str(posted.get(f"role-{place}", "")) for place in range(len(headers))]
    return [role if role in ROLES else "ignore" for role in roles]


def _kept(headers: Sequence[str], upload: AudienceUpload) -> list[str]:
    if set(upload.mapping) != set(headers):  # PostgreSQL keeps no order in JSON
        return []
    return [upload.mapping[header]["role"] for header in headers]


def _values(seen: Preview, place: int, role: str, region: str | None) -> list[Value]:
    texts = [row.values[place] for row in seen.rows if row.values[place]][:SAMPLES]
    return [_phone(text, region) if role == "phone" else Value(text) for text in texts]


def _phone(text: str, region: str | None) -> Value:
    number = phones.normalise(text, region)
    return Value(text, refusal=number.sentence) if isinstance(number, phones.Refusal) else Value(text, reading=number)
