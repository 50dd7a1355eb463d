"""What each column of a file holds, as a person, a script or an earlier file says: checked before an import follows it.

    {"No. HP": {"role": "phone", "key": "no_hp"}, "Kota": {"role": "field", "key": "city", "kind": "text"}}

A column of the role "field" stays with the contact, one of the role "row" with the file.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from broadcaster.audience import columns, values
from broadcaster.audience.dialects import UnreadableFile
from broadcaster.models import ContactField

ROLES = (*columns.ROLES, "row", "ignore")
PEOPLE = ("phone", "identifier")  # one of these must be there
ONCE = ("phone", "name", "language", "identifier")
KEYED = ("field", "row")
NOBODY = "No column holds the phone numbers. Choose the one that does."

_KEY = re.compile(rf"[a-z][a-z0-9_]{{0,{columns.MAX_KEY_CHARACTERS - 1}}}")
_NAMED, _SHOWN = 20, 100  # columns that a sentence names, and characters of one that it repeats
_IN_WORDS = {"text": "text", "number": "a number", "date": "a date"}

Column = dict[str, str]


def guessed(headers: Sequence[str], sample: Sequence[Sequence[str]], region: str) -> dict[str, Column]:
    """A role and a key for each column, by its name and its first values; fields only where the header says so."""
    roles, keys = columns.guess(headers, sample, region or None), columns.field_keys(headers)
    found = {header: {"role": role, "key": keys[header]} for header, role in roles.items()}
    asked = {header: place.source for header in headers if (place := columns.placeholder(header))}
    for header, column in found.items():
        if column["role"] == "field" and asked.get(header) != "fields":
            column["role"] = "row"
    kinds = known_kinds(column["key"] for column in found.values() if column["role"] == "field")
    for column in found.values():
        if column["role"] == "field":
            column["kind"] = kinds.get(column["key"], "text")
    return found


def checked(headers: Sequence[str], given: Mapping[str, Any]) -> dict[str, Column]:
    """What is given for these columns, whole: with a key for each, and a kind for each field; others are ignored.

    Raises UnreadableFile where nobody could be reached, two columns hold one thing, or a value is none of the known.
    """
    keys = columns.field_keys(headers)
    kept = {header: _column(header, given.get(header), keys[header]) for header in headers}
    roles = [column["role"] for column in kept.values()]
    if not set(PEOPLE) & set(roles):
        raise UnreadableFile(NOBODY)
    for role in ONCE:
        if roles.count(role) > 1:
            raise UnreadableFile(f"Two columns are marked as the {role}. Choose one of them.")
    _check_keys(kept)
    _check_kinds(kept)
    return kept


def said(kept: Mapping[str, Column], given: Mapping[str, Any]) -> dict[str, Any]:
    """All columns as they are kept, with what is given for some, not checked yet: what was only guessed gives way.

    Raises UnreadableFile for a column that the file has not.
    """
    if unknown := given.keys() - kept.keys():
        raise UnreadableFile(no_column(min(unknown), list(kept)))
    roles = [column.get("role") for column in given.values() if isinstance(column, Mapping)]
    found = {header: given.get(header, _giving_way(column, roles)) for header, column in kept.items()}
    movable = [header for header in kept if header not in given and found[header]["role"] == "row"]
    taken = {
        str(column.get("key") or kept[header]["key"])
        for header, column in found.items()
        if header not in movable and _is_keyed(column)
    }
    for header in movable:
        key = columns.free_key(found[header]["key"], taken)
        taken.add(key)
        found[header] |= {"key": key}
    return found


def _is_keyed(column: Any) -> bool:
    return isinstance(column, Mapping) and column.get("role") in KEYED


def _giving_way(column: Column, roles: Sequence[Any]) -> Column:
    """A column that nothing is said of: it only stays with its file where another is said to be what it was."""
    return {**column, "role": "row"} if column["role"] in ONCE and column["role"] in roles else {**column}


def no_column(header: str, headers: Sequence[str]) -> str:
    """The sentence for a column that the file has not."""
    more = " and others" if len(headers) > _NAMED else ""
    return f"The file has no column “{header[:_SHOWN]}”; it has: {', '.join(headers[:_NAMED])}{more}."


def keep_fields(mapping: Mapping[str, Column]) -> None:
    """Make the contact fields that are new; those that are known stay as they are."""
    fields = [
        ContactField(key=column["key"], label=_label(header, column["key"]), kind=stored_as(column["kind"]))
        for header, column in mapping.items()
        if column["role"] == "field"
    ]
    ContactField.objects.bulk_create(fields, ignore_conflicts=True)


def stored_as(kind: str) -> str:
    """What a contact keeps of a cell of this kind, one of ContactField.Kind: both ways to write a number give one."""
    return kind.partition("_")[0]


def kinds_of(known: str) -> dict[str, str]:
    """The kinds, with their names, as which a field that is known as `known` can be read; all for a new one ("")."""
    return {kind: label for kind, label in values.KINDS.items() if known in {"", stored_as(kind)}}


def known_kinds(keys: Iterable[str]) -> dict[str, str]:
    """The kinds of those of the fields that are there already."""
    wanted = set(keys)
    return dict(ContactField.objects.filter(key__in=wanted).values_list("key", "kind")) if wanted else {}


def key_taken(key: str, first: str, second: str) -> str:
    """The sentence for two columns that go to one field."""
    return f"“{first}” and “{second}” both go to “{key}”. Choose another field for one of them, or ignore it."


def kind_differs(key: str, known: str) -> str:
    """The sentence for a column that would change what a known field is, and with it the rules of other people."""
    return f"The contact field “{key}” is known as {_IN_WORDS[known]}. Read the column so, or give it another field."


def _column(header: str, given: Any, key: str) -> Column:
    """One column as it is kept. Raises UnreadableFile."""
    column = given if isinstance(given, Mapping) else {"role": "ignore"} if given is None else {}
    role = column.get("role")
    if role not in ROLES:
        raise UnreadableFile(f"Nobody knows what “{header}” holds. Say one of: {', '.join(ROLES)}.")
    if role not in KEYED:
        return {"role": role, "key": key}
    kept = {"role": role, "key": _usable_key(header, column.get("key") or key)}
    return kept if role == "row" else kept | {"kind": _known_kind(header, column.get("kind"))}


def _usable_key(header: str, key: Any) -> str:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise UnreadableFile(
            f"“{header}” has a key that templates cannot use. Write a small letter, then small letters, "
            f"digits or _, at most {columns.MAX_KEY_CHARACTERS} in all."
        )
    return key


def _known_kind(header: str, kind: Any) -> str:
    """The kind; empty where none is said, so that `_check_kinds` gives one."""
    if kind is None:
        return ""
    if not isinstance(kind, str) or kind not in values.KINDS:
        raise UnreadableFile(f"“{header}” is of a kind that nobody knows. Say one of: {', '.join(values.KINDS)}.")
    return kind


def _check_keys(kept: Mapping[str, Column]) -> None:
    first: dict[str, str] = {}
    for header, column in kept.items():
        if column["role"] in KEYED and first.setdefault(column["key"], header) != header:
            raise UnreadableFile(key_taken(column["key"], first[column["key"]], header))


def _check_kinds(kept: Mapping[str, Column]) -> None:
    """Give a kind to the fields that lack one. Raises UnreadableFile for one that the known field does not have."""
    fields = [column for column in kept.values() if column["role"] == "field"]
    known = known_kinds(column["key"] for column in fields)
    for column in fields:
        was = known.get(column["key"], "")
        column["kind"] = column["kind"] or was or "text"
        if was and stored_as(column["kind"]) != was:
            raise UnreadableFile(kind_differs(column["key"], was))


def _label(header: str, key: str) -> str:
    return key.replace("_", " ").capitalize() if columns.placeholder(header) else header[:128]
