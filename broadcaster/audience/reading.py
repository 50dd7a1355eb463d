"""One row of an audience file -> a person, or why it is nobody: the import's step that needs no database."""

from collections.abc import Sequence
from json.encoder import encode_basestring_ascii as encoded
from typing import NamedTuple

from broadcaster.audience import phones, segments
from broadcaster.audience.spreadsheets import Row
from broadcaster.models import AudienceUpload

NAME_LIMIT, IDENTIFIER_LIMIT = 128, 128
LANGUAGE_CHARACTERS = 3  # ISO 639-3
NOWHERE = -1
WHOLE_GROUP = "The identifier is that of a provider's whole group. Choose groups on the audience page, not in a file."


class Person(NamedTuple):  # there is one for each row, and no other immutable thing is made as quickly
    """What a good row says. `fields` stay with the contact, `variables` (all of them) with this file: JSON objects."""

    row: Row
    phone: str | None
    identifier: str | None
    name: str
    language: str
    fields: str
    variables: str


class Refused(NamedTuple):
    """Why a row became nobody."""

    row: Row
    code: str
    reason: str


class Reader:
    """Reads rows as the upload's mapping says; `headers` are the file's, for a database may reorder a mapping."""

    def __init__(self, upload: AudienceUpload, headers: Sequence[str]) -> None:
        self.region = upload.region or None
        columns = [(place, upload.mapping[header]) for place, header in enumerate(headers) if header in upload.mapping]
        places = {column["role"]: place for place, column in reversed(columns)}
        self.phone, self.identifier = places.get("phone", NOWHERE), places.get("identifier", NOWHERE)
        self.name, self.language = places.get("name", NOWHERE), places.get("language", NOWHERE)
        keyed = [(place, encoded(column["key"]), column["role"]) for place, column in columns if column.get("key")]
        self.fields = [(place, f"{key}: ") for place, key, role in keyed if role == "field"]
        self.variables = [(place, f"{key}: ") for place, key, role in keyed if role in {"field", "row"}]

    def read(self, row: Row) -> Person | Refused:
        """The row's person, or why there is none. A row has a cell for each header, and may have more."""
        values = row.values
        identifier = values[self.identifier] if self.identifier >= 0 else ""
        phone: str | phones.Refusal | None
        phone = phones.normalise(values[self.phone] if self.phone >= 0 else "", self.region)
        if isinstance(phone, phones.Refusal):
            if refused := self._refusal(row, phone, identifier):
                return refused
            phone = None
        if len(identifier) > IDENTIFIER_LIMIT:
            return Refused(row, "identifier_too_long", f"The identifier is longer than {IDENTIFIER_LIMIT} characters.")
        if identifier.startswith(segments.GROUP):
            return Refused(row, "whole_group", WHOLE_GROUP)
        return Person(
            row,
            phone,
            identifier or None,
            values[self.name][:NAME_LIMIT] if self.name >= 0 else "",
            _language(values[self.language]) if self.language >= 0 else "",
            _object(self.fields, values),
            _object(self.variables, values),
        )

    def _refusal(self, row: Row, phone: phones.Refusal, identifier: str) -> Refused | None:
        """Why the row is refused for its phone; None where it has none and the identifier is enough."""
        if phone.code != "empty":
            return Refused(row, phone.code, phone.sentence)
        if identifier:
            return None
        if self.phone >= 0:
            return Refused(row, phone.code, phone.sentence)
        return Refused(row, "nobody", "The row has no identifier.")


def _object(members: Sequence[tuple[int, str]], values: Sequence[str]) -> str:
    """The JSON object of the filled cells, as `json.dumps` writes it; (place, encoded key) for each member."""
    return "{" + ", ".join([key + encoded(values[place]) for place, key in members if values[place]]) + "}"


def _language(value: str) -> str:
    code = value.strip().lower()
    return code if len(code) == LANGUAGE_CHARACTERS and code.isascii() and code.isalpha() else ""
