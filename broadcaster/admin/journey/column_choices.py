"""A file's columns as the page shows them: what each holds, how its first values are read, what stands in the way."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from broadcaster.audience import mappings, phones, values
from broadcaster.audience.columns import field_key, free_key
from broadcaster.audience.spreadsheets import Preview
from broadcaster.models import AudienceUpload

ROLES = {
    "phone": "Phone",
    "name": "Name",
    "language": "Language",
    "identifier": "Customer ID",
    "field": "Contact field (kept)",
    "row": "Only for this broadcast",
    "ignore": "Ignore",
}
OTHERS = {role: ROLES[role] for role in ("field", "row", "ignore")}
SAMPLES = 3
NO_KEY = "A contact field needs a short name of Latin letters and digits, such as city."
CLEARS = "clears the old value"

Choice = dict[str, Any]  # role, field and kind as the form has them, which is not believed yet


@dataclass(frozen=True, slots=True)
class Value:
    """One of a column's first values; where it is not kept as it stands also what is read in it, or why it is not."""

    text: str
    reading: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it holds, and how templates name it.

    `field` is the contact field to which it goes, or would go, and `known` the kind of that field where it exists
    already. `kind` is empty while nobody chose one. `problem` is a sentence about a choice that cannot stand.
    """

    place: int
    header: str
    role: str
    key: str
    field: str
    kind: str = ""
    known: str = ""
    problem: str = ""
    values: Sequence[Value] = ()

    @property
    def placeholder(self) -> str:
        """How a template uses it; empty where it cannot."""
        own = {"field": f"@fields.{self.field}", "row": f"@row.{self.key}", "ignore": ""}
        return own.get(self.role, f"@contact.{self.role}")

    @property
    def kinds(self) -> dict[str, str]:
        """As what it can be read."""
        return mappings.kinds_of(self.known)


def columns(
    upload: AudienceUpload, seen: Preview, guessed: Mapping[str, Mapping[str, str]], posted: Mapping[str, Any] | None
) -> list[Column]:
    """The columns as they were chosen, else as they are kept, else as they are guessed."""
    first = upload.mapping if set(upload.mapping) == set(seen.headers) else guessed  # in whatever order
    found = [
        Column(place, header, first[header]["role"], first[header]["key"], first[header]["key"],
               first[header].get("kind", ""))
        for place, header in enumerate(seen.headers)
    ]  # fmt: skip
    chosen = choices(posted or {})
    found = [_chosen(column, chosen[column.header]) if column.header in chosen else column for column in found]
    found = _told_apart(_of_known_kinds(found))
    return [replace(column, values=_values(seen, column, upload.region or None)) for column in found]


def choices(posted: Mapping[str, Any]) -> dict[str, Choice]:
    """What the form says of each header: of those that it shows, and of those that it showed when read otherwise."""
    before, shown = _parsed(posted.get("before")), _parsed(posted.get("headers"))
    chosen: dict[str, Choice] = {}
    if isinstance(before, dict):
        chosen = {header: choice for header, choice in before.items() if isinstance(choice, dict)}
    for place, header in enumerate(shown if isinstance(shown, list) else ()):
        if isinstance(header, str):
            chosen[header] = {name: posted.get(f"{name}-{place}", "") for name in ("role", "field", "kind")}
    return chosen


def mapping_of(chosen: Iterable[Column]) -> dict[str, dict[str, str]]:
    """The columns as an upload keeps them."""
    return {
        column.header: {"role": column.role, "key": column.field, "kind": column.kind}
        if column.role == "field"
        else {"role": column.role, "key": column.key}
        for column in chosen
    }


def _chosen(column: Column, choice: Choice) -> Column:
    """The column with what the form says of it."""
    role, typed, kind = (str(choice.get(name, "")).strip() for name in ("role", "field", "kind"))
    role = role if role in ROLES else "ignore"
    field = field_key(typed)
    problem = NO_KEY if typed and not field and role == "field" else ""
    kind = kind if kind in values.KINDS else column.kind
    return replace(column, role=role, field=field or column.field, kind=kind, problem=problem)


def _parsed(text: Any) -> Any:
    """The JSON of a hidden field; None for what a browser would not have sent."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None


def _of_known_kinds(found: Sequence[Column]) -> list[Column]:
    """The columns, those that go to a known field with its kind: a file must not change what others rely on."""
    kinds = mappings.known_kinds(column.field for column in found if column.role == "field")
    return [_of_kind(column, kinds.get(column.field, "")) if column.role == "field" else column for column in found]


def _of_kind(column: Column, known: str) -> Column:
    kind = column.kind or known or "text"
    if kind in mappings.kinds_of(known):
        return replace(column, known=known, kind=kind)
    problem = column.problem or mappings.kind_differs(column.field, known)
    return replace(column, known=known, kind=known, problem=problem)


def _told_apart(found: Sequence[Column]) -> list[Column]:
    """The columns; one for this broadcast only makes room for a field, and of two fields the second has a problem."""
    first: dict[str, str] = {}
    apart = list(found)
    for column in found:
        if column.role == "field" and first.setdefault(column.field, column.header) != column.header:
            problem = mappings.key_taken(column.field, first[column.field], column.header)
            apart[column.place] = replace(column, problem=problem)
    taken = set(first)
    for column in found:
        if column.role == "row":
            key = free_key(column.key, taken)
            taken.add(key)
            apart[column.place] = replace(column, key=key)
    return apart


def _values(seen: Preview, column: Column, region: str | None) -> list[Value]:
    texts = list(dict.fromkeys(text for row in seen.rows if (text := row.values[column.place])))[:SAMPLES]
    if column.role == "phone":
        return [_phone(text, region) for text in texts]
    return [_typed(text, column.kind) for text in texts] if column.role == "field" else [Value(text) for text in texts]


def _phone(text: str, region: str | None) -> Value:
    number = phones.normalise(text, region)
    return Value(text, refusal=number.sentence) if isinstance(number, phones.Refusal) else Value(text, reading=number)


def _typed(text: str, kind: str) -> Value:
    if text == values.CLEAR:
        return Value(text, reading=CLEARS)
    value = values.read(kind, text)
    if isinstance(value, values.Unreadable):
        return Value(text, refusal=value.sentence)
    return Value(text, reading=str(value))
