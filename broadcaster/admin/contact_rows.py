"""A row of a small file that names a contact, as the files of contacts and of groups both read it."""

from collections.abc import MutableMapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from broadcaster.admin import phone_entry
from broadcaster.models import Contact

Row = MutableMapping[str, Any]

ADDRESSES = ("phone", "identifier")


def drop_empty_cells(row: Row) -> None:
    """Take out what says nothing, so that what is known stays."""
    for column in [column for column, value in row.items() if not str(value or "").strip()]:
        del row[column]


def read_phone(row: Row, region: str | None) -> None:
    """Bring the phone, if there is one, into E.164. Raises ValidationError with one sentence."""
    if "phone" in row:
        row["phone"] = phone_entry.read_phone(str(row["phone"]), region)


def addresses(row: Row) -> dict[str, Any]:
    """By what the row names somebody; empty where it names nobody."""
    return {name: row[name] for name in ADDRESSES if name in row}


def known(row: Row) -> Contact | None:
    """The contact that the row names. Raises ValidationError where it names two."""
    named = addresses(row)
    found = list(Contact.objects.filter(Q(*named.items(), _connector=Q.OR))[:2]) if named else []
    if len(found) > 1:
        raise ValidationError("The phone and the identifier belong to two different contacts.")
    return found[0] if found else None
