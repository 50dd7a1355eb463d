"""The statements of an import's chunk, for PostgreSQL and SQLite: people are staged, then joined with what is there.

    load -> match with contacts -> duplicates -> who is updated -> opt-outs, contacts -> audience, group -> outcomes

The staged rows live in a temporary table of the connection, and the whole chunk in the caller's transaction. The two
databases differ in how rows get into that table, how one JSON object is laid over another, and in their words for a
new UUID.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from broadcaster.audience.reading import Person
from broadcaster.models import AudienceUpload

ONE_AT_A_TIME = 0x0A0D1E7CE  # any number that nothing else locks
COPY = "COPY staged (number, phone, identifier, name, language, fields, variables) FROM STDIN"
KEYS = ("phone", "identifier")
INSERT = "INSERT INTO staged VALUES (%s, %s, %s, %s, %s, %s, %s, NULL, NULL)"


@dataclass(frozen=True, slots=True)
class Dialect:
    """The words in which one database differs from the other."""

    create: str
    merged: str  # the contact's fields with the staged ones laid over them
    adds_fields: str  # whether that changes the contact's fields
    new_uuid: str


POSTGRESQL = Dialect(
    create="CREATE TEMPORARY TABLE IF NOT EXISTS staged (number bigint, phone text, identifier text, name text, "
    "language text, fields jsonb, variables jsonb, contact_id bigint, outcome text)",
    merged="c.fields || s.fields",
    adds_fields="NOT c.fields @> s.fields",
    new_uuid="gen_random_uuid()",
)
SQLITE = Dialect(
    create="CREATE TEMPORARY TABLE IF NOT EXISTS staged (number integer, phone text, identifier text, name text, "
    "language text, fields text, variables text, contact_id integer, outcome text)",
    merged="json_patch(c.fields, s.fields)",
    adds_fields="json_patch(c.fields, s.fields) <> json(c.fields)",
    # As Django stores one: 32 hexadecimal digits, of version 4.
    new_uuid="lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2) || "
    "substr('89ab', 1 + (abs(random()) & 3), 1) || substr(hex(randomblob(8)), 2))",
)

# The phone decides before the identifier.
MATCH = """
UPDATE staged SET contact_id = COALESCE(
    (SELECT c.id FROM broadcaster_contact c WHERE c.phone = staged.phone),
    (SELECT c.id FROM broadcaster_contact c WHERE c.identifier = staged.identifier))
WHERE contact_id IS NULL
"""
# Somebody of an earlier chunk, or of an earlier row: one person by phone there and by identifier here.
DUPLICATES = """
UPDATE staged SET outcome = 'duplicate' WHERE contact_id IS NOT NULL AND (
    EXISTS (SELECT 1 FROM broadcaster_audiencerow r WHERE r.upload_id = %s AND r.contact_id = staged.contact_id)
    OR number IN (SELECT number FROM (
        SELECT number, row_number() OVER (PARTITION BY contact_id ORDER BY number) AS place
        FROM staged WHERE contact_id IS NOT NULL) AS twins WHERE place > 1))
"""
# An empty cell keeps the old value, and a phone or identifier of somebody else is never taken over.
NEWS = """
    (s.name <> '' AND s.name <> c.name)
    OR (s.language <> '' AND s.language <> c.language)
    OR {adds_fields}
    OR (s.phone <> COALESCE(c.phone, '') AND {phone_is_free})
    OR (s.identifier <> COALESCE(c.identifier, '') AND {identifier_is_free})
"""
IS_FREE = "NOT EXISTS (SELECT 1 FROM broadcaster_contact other WHERE other.{key} = s.{key})"
UPDATED = """
UPDATE staged AS s SET outcome = CASE WHEN EXISTS (
    SELECT 1 FROM broadcaster_contact c WHERE c.id = s.contact_id AND ({news})) THEN 'updated' ELSE 'unchanged' END
WHERE contact_id IS NOT NULL AND outcome IS NULL
"""
UPDATE_CONTACTS = """
UPDATE broadcaster_contact AS c SET
    name = CASE WHEN s.name <> '' THEN s.name ELSE c.name END,
    language = CASE WHEN s.language <> '' THEN s.language ELSE c.language END,
    fields = {merged},
    phone = CASE WHEN s.phone IS NOT NULL AND {phone_is_free} THEN s.phone ELSE c.phone END,
    identifier = CASE WHEN s.identifier IS NOT NULL AND {identifier_is_free} THEN s.identifier ELSE c.identifier END,
    modified_at = %s
FROM staged s WHERE s.contact_id = c.id AND s.outcome = 'updated'
"""
INSERT_CONTACTS = """
INSERT INTO broadcaster_contact
    (uuid, name, phone, identifier, language, time_zone, fields, created_at, modified_at)
SELECT {new_uuid}, name, phone, identifier, language, '', fields, %s, %s
FROM staged WHERE contact_id IS NULL ORDER BY number
"""
INSERT_AUDIENCE = """
INSERT INTO broadcaster_audiencerow (upload_id, contact_id, number, variables)
SELECT %s, contact_id, number, variables FROM staged WHERE outcome <> 'duplicate'
"""
INSERT_MEMBERS = """
INSERT INTO broadcaster_membership (group_id, contact_id)
SELECT %s, contact_id FROM staged WHERE outcome <> 'duplicate' ON CONFLICT DO NOTHING
"""
# Whoever opted out is out by the phone as by the identifier. It begins at who is staged, not at all contacts.
SUPPRESSED = """
UPDATE staged SET outcome = 'suppressed' WHERE outcome <> 'duplicate' AND contact_id IN (
    {by_phone} UNION ALL {by_identifier})
"""
IS_SUPPRESSED = """
    SELECT c.id FROM staged s JOIN broadcaster_contact c ON c.id = s.contact_id
    JOIN broadcaster_suppression x ON x.address = c.{key} WHERE x.channel_id IS NULL
"""
# Where a phone or identifier takes the place of one that was suppressed, the opt-out goes over to it.
CARRY_OVER = """
INSERT INTO broadcaster_suppression (address, channel_id, reason, source, created_at)
SELECT s.{key}, x.channel_id, x.reason, x.source, %s
FROM staged s JOIN broadcaster_contact c ON c.id = s.contact_id JOIN broadcaster_suppression x ON x.address = c.{key}
WHERE s.outcome = 'updated' AND s.{key} <> c.{key} AND {is_free}
ON CONFLICT DO NOTHING
"""


def save(upload: AudienceUpload, people: Sequence[Person], now: datetime) -> tuple[Counter[str], set[int]]:
    """Write the people, none of whom shares a phone or identifier with another; call it inside a transaction.

    How many became what, and the numbers of those rows whose person stood further up in the file already. Raises
    IntegrityError where somebody else makes one of them at this moment: nothing is written then, so try again.
    """
    dialect = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        _load(cursor, people, dialect)
        if dialect is POSTGRESQL:  # imports of the same people would fail or wait for each other crosswise
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        cursor.execute(MATCH)
        cursor.execute(DUPLICATES, [upload.pk])
        _update_contacts(cursor, dialect, at)
        cursor.execute(INSERT_CONTACTS.format(new_uuid=dialect.new_uuid), [at, at])
        if cursor.rowcount:
            cursor.execute("UPDATE staged SET outcome = 'new' WHERE contact_id IS NULL")
            cursor.execute(MATCH)
        cursor.execute(INSERT_AUDIENCE, [upload.pk])
        if upload.group_id:
            cursor.execute(INSERT_MEMBERS, [upload.group_id])
        by = {f"by_{key}": IS_SUPPRESSED.format(key=key) for key in KEYS}
        cursor.execute(SUPPRESSED.format(**by))
        return _outcomes(cursor)


def _load(cursor: CursorWrapper, people: Sequence[Person], dialect: Dialect) -> None:
    """Put the people into the temporary table, and nobody else."""
    rows = [
        (
            person.row.number,
            person.phone,
            person.identifier,
            person.name,
            person.language,
            person.fields,
            person.variables,
        )
        for person in people
    ]
    cursor.execute(dialect.create)
    if dialect is SQLITE:
        cursor.execute("DELETE FROM staged")
        cursor.executemany(INSERT, rows)
        return
    cursor.execute("TRUNCATE staged")
    with cursor.copy(COPY) as copy:
        for row in rows:
            copy.write_row(row)
    cursor.execute("ANALYZE staged")


def _update_contacts(cursor: CursorWrapper, dialect: Dialect, at: Any) -> None:
    free = {f"{key}_is_free": IS_FREE.format(key=key) for key in KEYS}
    news = NEWS.format(adds_fields=dialect.adds_fields, **free)
    cursor.execute(UPDATED.format(news=news))
    if cursor.rowcount:
        for key in KEYS:
            cursor.execute(CARRY_OVER.format(key=key, is_free=free[f"{key}_is_free"]), [at])
        cursor.execute(UPDATE_CONTACTS.format(merged=dialect.merged, **free), [at])


def _outcomes(cursor: CursorWrapper) -> tuple[Counter[str], set[int]]:
    cursor.execute("SELECT outcome, count(*) FROM staged WHERE outcome <> 'duplicate' GROUP BY outcome")
    counts = Counter(dict(cursor.fetchall()))
    cursor.execute("SELECT number FROM staged WHERE outcome = 'duplicate'")
    return counts, {number for (number,) in cursor.fetchall()}
