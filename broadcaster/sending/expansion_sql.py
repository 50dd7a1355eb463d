"""The one statement of expansion, for PostgreSQL and for SQLite.

The two differ only in how they unfold a JSON array with its positions and build a JSON object.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True)
class Dialect:
    """The words in which one database differs from the other."""

    unfold: str  # a JSON array of integers as rows (value, place), places from 0
    build_object: str
    member: str  # a text member of a JSON object; takes the object and a key parameter
    first_word: str

    def member_of(self, column: str) -> str:
        """The expression for one member, with a placeholder for its key."""
        return self.member.format(column=column)


POSTGRESQL = Dialect(
    unfold="(SELECT value::bigint AS value, place - 1 AS place FROM "
    "json_array_elements_text(%s::json) WITH ORDINALITY AS element (value, place))",
    build_object="jsonb_build_object",
    member="{column} ->> %s::text",
    first_word="split_part(c.name, ' ', 1)",
)
SQLITE = Dialect(
    unfold="(SELECT value, key AS place FROM json_each(%s))",
    build_object="json_object",
    member="json_extract({column}, '$.' || json_quote(%s))",
    first_word="substr(c.name, 1, instr(c.name || ' ', ' ') - 1)",
)

# MATERIALIZED: both databases would else put the inner select into the outer one, and ask thrice about each opt-out.
INSERT = """
WITH recipient AS MATERIALIZED (
    SELECT c.id, COALESCE(c.phone, c.identifier) AS address, c.language, {variables} AS variables,
           b.value AS batch_id, person.place %% %s + 1 AS seq,
           CASE WHEN {unreachable} THEN '{code}' WHEN {opted_out} THEN 'opted_out' ELSE '' END AS code
    FROM {people} AS person
    JOIN {batches} AS b ON b.place = person.place / %s
    JOIN broadcaster_contact c ON c.id = person.value
    LEFT JOIN broadcaster_audiencerow r ON r.upload_id = %s AND r.contact_id = c.id
)
INSERT INTO broadcaster_message
    (broadcast_id, contact_id, address, language, variables, batch_id, seq,
     state, error_code, error_text, attempts, provider_id)
SELECT %s, id, address, language, variables, batch_id, seq,
       CASE code WHEN '' THEN 'pending' ELSE 'skipped' END, code,
       CASE code WHEN '' THEN '' WHEN 'opted_out' THEN 'This person has opted out.' ELSE '{sentence}' END,
       0, ''
FROM recipient
WHERE true
ON CONFLICT DO NOTHING
"""

# By the phone or by the identifier, each a question of its own: an index, or a hash, answers no OR within one.
SUPPRESSED = """EXISTS (SELECT 1 FROM broadcaster_suppression s
    WHERE s.address = {address} AND (s.channel_id IS NULL OR s.channel_id = %s))"""
OPTED_OUT = " OR ".join(SUPPRESSED.format(address=address) for address in ("c.phone", "c.identifier"))

# Whom a channel cannot reach, and what is said of them.
NO_PHONE = ("c.phone IS NULL", "no_phone", "This contact has no phone.")
NOT_OURS = (
    "(c.phone IS NULL AND (substr(c.identifier, 1, 6) = 'group:' OR substr(c.identifier, 1, 8) = 'contact:'))",
    "not_here",
    "Another provider keeps this group or contact; only its own channel can reach it.",
)
NOBODY = ("false", "", "")


def insert_messages(
    *,
    broadcast_id: int,
    channel_id: int,
    upload_id: int | None,
    unreachable: tuple[str, str, str],
    placeholders: Sequence[str],
    batch_ids: str,
    contact_ids: str,
    batch_size: int,
) -> tuple[str, list[Any]]:
    """The statement and its parameters; ids are JSON arrays, `placeholders` are the variables to copy.

    `unreachable` is one of NO_PHONE, NOT_OURS and NOBODY.
    """
    dialect = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    variables, variable_parameters = _variables(placeholders, dialect)
    condition, code, sentence = unreachable
    statement = INSERT.format(
        variables=variables,
        unreachable=condition,
        code=code,
        sentence=sentence,
        opted_out=OPTED_OUT,
        people=dialect.unfold,
        batches=dialect.unfold,
    )
    opted_out = [channel_id] * statement.count("s.channel_id = %s")
    return statement, [
        *variable_parameters,
        batch_size,
        *opted_out,
        contact_ids,
        batch_ids,
        batch_size,
        upload_id,
        broadcast_id,
    ]


def _variables(placeholders: Sequence[str], dialect: Dialect) -> tuple[str, list[str]]:
    """The JSON object of the variables that the content uses, with its parameters."""
    cast = "::text" if dialect is POSTGRESQL else ""
    parts: list[str] = []
    parameters: list[str] = []
    for placeholder in placeholders:
        source, _, key = placeholder.partition(".")
        expression, keys = _source(source, key, dialect)
        parts.append(f"%s{cast}, {expression}")
        parameters += [placeholder, *keys]
    return f"{dialect.build_object}({', '.join(parts)})", parameters


def _source(source: str, key: str, dialect: Dialect) -> tuple[str, list[str]]:
    """The SQL expression of one placeholder, and its parameters."""
    if source == "fields":
        return dialect.member_of("c.fields"), [key]
    if source == "row":
        return dialect.member_of("r.variables"), [key]
    return dialect.first_word if key == "first_name" else CONTACT_COLUMNS[key], []


CONTACT_COLUMNS = {
    "name": "c.name",
    "phone": "COALESCE(c.phone, '')",
    "identifier": "COALESCE(c.identifier, '')",
    "language": "c.language",
}
