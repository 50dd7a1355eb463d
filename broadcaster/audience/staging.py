"""The statements of an import's chunk, for PostgreSQL and SQLite: people are staged, then joined with what is there.

    load -> place: each is a known contact or gets a new key -> duplicates -> who is updated -> opt-outs, contacts
         -> audience, group -> outcomes

The staged rows and their places live in temporary tables of the connection, and the whole chunk in the caller's
transaction. The two databases differ in how rows get into a table, how one JSON object is laid over another, and in
their words for new keys.
"""

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.db import IntegrityError, connection
from django.db.backends.utils import CursorWrapper

from broadcaster.audience.reading import Person
from broadcaster.models import AudienceUpload

ONE_AT_A_TIME = 0x0A0D1E7CE  # any number that nothing else locks
COPY = "COPY staged (number, phone, identifier, name, language, fields, variables) FROM STDIN"
INSERT, PLACES = "INSERT INTO staged VALUES", "(?, ?, ?, ?, ?, ?, ?)"
ROWS_A_STATEMENT = 500  # as quick as row by row, and the interpreter's lock is free for longer than it is asked for
KEYS = ("phone", "identifier")
STAGED = """
CREATE TEMPORARY TABLE IF NOT EXISTS staged (number {integer} PRIMARY KEY, phone text, identifier text, name text,
    language text, fields {json}, variables {json})
"""
PLACED = """
CREATE TEMPORARY TABLE IF NOT EXISTS placed (number {integer} PRIMARY KEY, contact_id {integer}, outcome text)
"""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The words in which one database differs from the other; a JSON null takes a field away."""

    integer: str
    json: str
    merged: str  # the contact's fields with the staged ones laid over them
    adds_fields: str  # whether that changes the contact's fields
    own_fields: str  # those of somebody new
    new_id: str
    new_uuid: str


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of the people: how many were new, updated and so on, and the numbers of some of their rows.

    `duplicates` stood further up in the file already, `suppressed` have opted out.
    """

    counts: Counter[str]
    duplicates: AbstractSet[int]
    suppressed: AbstractSet[int]


POSTGRESQL = Dialect(
    integer="bigint",
    json="jsonb",
    merged="jsonb_strip_nulls(c.fields || s.fields)",
    adds_fields="jsonb_strip_nulls(c.fields || s.fields) <> c.fields",
    own_fields="jsonb_strip_nulls(s.fields)",
    new_id="nextval('broadcaster_contact_id_seq')",
    new_uuid="gen_random_uuid()",
)
SQLITE = Dialect(
    integer="integer",
    json="text",
    merged="json_patch(c.fields, s.fields)",
    adds_fields="json_patch(c.fields, s.fields) <> json(c.fields)",
    own_fields="json_patch('{}', s.fields)",
    # Nobody else writes meanwhile. The row's number keeps them apart; that leaves gaps, and does no harm.
    new_id="s.number + (SELECT COALESCE(max(seq), 0) FROM sqlite_sequence WHERE name = 'broadcaster_contact')",
    # As Django stores one: 32 hexadecimal digits, of version 4.
    new_uuid="lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2) || "
    "substr('89ab', 1 + (abs(random()) & 3), 1) || substr(hex(randomblob(8)), 2))",
)

# The phone decides before the identifier.
PLACE = """
INSERT INTO placed (number, contact_id, outcome)
SELECT s.number, COALESCE(p.id, i.id, {new_id}), CASE WHEN COALESCE(p.id, i.id) IS NULL THEN 'new' END
FROM staged s
LEFT JOIN broadcaster_contact p ON p.phone = s.phone
LEFT JOIN broadcaster_contact i ON i.identifier = s.identifier
"""
KNOWN = "SELECT count(DISTINCT contact_id) FROM placed WHERE outcome IS NULL"
# So that none of them is deleted before the chunk is written.
HOLD_KNOWN = """
SELECT count(*) FROM (
    SELECT 1 FROM broadcaster_contact WHERE id IN (SELECT contact_id FROM placed WHERE outcome IS NULL)
    ORDER BY id FOR KEY SHARE) AS held
"""
# Somebody of an earlier chunk, or of an earlier row: one person by phone there and by identifier here.
DUPLICATES = """
UPDATE placed SET outcome = 'duplicate' WHERE outcome IS NULL AND (
    EXISTS (SELECT 1 FROM broadcaster_audiencerow r WHERE r.upload_id = %s AND r.contact_id = placed.contact_id)
    OR number IN (SELECT number FROM (
        SELECT number, row_number() OVER (PARTITION BY contact_id ORDER BY number) AS place
        FROM placed WHERE outcome IS NULL) AS twins WHERE place > 1))
"""
# An empty cell keeps the old value, NULL takes it away, and a phone or identifier of somebody else is never taken over.
NEWS = """
    (s.name <> '' AND s.name <> c.name) OR (s.name IS NULL AND c.name <> '')
    OR (s.language <> '' AND s.language <> c.language) OR (s.language IS NULL AND c.language <> '')
    OR {adds_fields}
    OR (s.phone <> COALESCE(c.phone, '') AND {phone_is_free})
    OR (s.identifier <> COALESCE(c.identifier, '') AND {identifier_is_free})
"""
IS_FREE = "NOT EXISTS (SELECT 1 FROM broadcaster_contact other WHERE other.{key} = s.{key})"
UPDATED = """
UPDATE placed SET outcome = CASE WHEN {news} THEN 'updated' ELSE 'unchanged' END
FROM staged s, broadcaster_contact c
WHERE placed.outcome IS NULL AND s.number = placed.number AND c.id = placed.contact_id
"""
UPDATE_CONTACTS = """
UPDATE broadcaster_contact AS c SET
    name = CASE WHEN s.name IS NULL THEN '' WHEN s.name <> '' THEN s.name ELSE c.name END,
    language = CASE WHEN s.language IS NULL THEN '' WHEN s.language <> '' THEN s.language ELSE c.language END,
    fields = {merged},
    phone = CASE WHEN s.phone IS NOT NULL AND {phone_is_free} THEN s.phone ELSE c.phone END,
    identifier = CASE WHEN s.identifier IS NOT NULL AND {identifier_is_free} THEN s.identifier ELSE c.identifier END,
    modified_at = %s
FROM staged s JOIN placed ON placed.number = s.number WHERE c.id = placed.contact_id AND placed.outcome = 'updated'
"""
INSERT_CONTACTS = """
INSERT INTO broadcaster_contact
    (id, uuid, name, phone, identifier, language, time_zone, fields, created_at, modified_at)
SELECT placed.contact_id, {new_uuid}, COALESCE(s.name, ''), s.phone, s.identifier, COALESCE(s.language, ''), '',
    {own_fields}, %s, %s
FROM staged s JOIN placed ON placed.number = s.number WHERE placed.outcome = 'new' ORDER BY placed.contact_id
"""
# The row names somebody else by an identifier that opted out: whoever is meant, nobody is written to for this row.
WITHHELD = """
UPDATE placed SET outcome = 'withheld' FROM staged s, broadcaster_contact c, broadcaster_suppression x
WHERE s.number = placed.number AND c.id = placed.contact_id AND placed.outcome IN ('updated', 'unchanged')
    AND s.identifier <> COALESCE(c.identifier, '') AND x.address = s.identifier AND x.channel_id IS NULL
"""
# Before the members are made: who is new to the group by this file leaves it when the file is taken back.
INSERT_AUDIENCE = """
INSERT INTO broadcaster_audiencerow (upload_id, contact_id, number, variables, is_new, joined)
SELECT %s, placed.contact_id, s.number, s.variables, placed.outcome = 'new', {joined}
FROM staged s JOIN placed ON placed.number = s.number WHERE placed.outcome NOT IN ('duplicate', 'withheld')
"""
JOINED = """placed.outcome = 'new' OR NOT EXISTS (
    SELECT 1 FROM broadcaster_membership m WHERE m.group_id = %s AND m.contact_id = placed.contact_id)
"""
INSERT_MEMBERS = """
INSERT INTO broadcaster_membership (group_id, contact_id)
SELECT %s, contact_id FROM placed WHERE outcome NOT IN ('duplicate', 'withheld') ON CONFLICT DO NOTHING
"""
# Whoever opted out is out by the phone as by the identifier. It begins at who is staged, not at all contacts.
SUPPRESSED = """
UPDATE placed SET outcome = 'suppressed' WHERE outcome = 'withheld' OR outcome <> 'duplicate' AND contact_id IN (
    {by_phone} UNION ALL {by_identifier})
"""
IS_SUPPRESSED = """
    SELECT c.id FROM placed JOIN broadcaster_contact c ON c.id = placed.contact_id
    JOIN broadcaster_suppression x ON x.address = c.{key} WHERE x.channel_id IS NULL
"""
# Where a phone or identifier takes the place of one that was suppressed, the opt-out goes over to it.
CARRY_OVER = """
INSERT INTO broadcaster_suppression (address, channel_id, reason, source, spike_id, created_at)
SELECT s.{key}, x.channel_id, x.reason, x.source, x.spike_id, x.created_at
FROM staged s JOIN placed ON placed.number = s.number
JOIN broadcaster_contact c ON c.id = placed.contact_id JOIN broadcaster_suppression x ON x.address = c.{key}
WHERE placed.outcome = 'updated' AND s.{key} <> c.{key} AND {is_free}
ON CONFLICT DO NOTHING
"""


def one_at_a_time() -> None:
    """Wait until no other import writes, and hold them off until this transaction ends; SQLite has one writer anyway.

    Imports of the same people would fail or wait for each other crosswise. Whoever erases somebody takes this too, and
    before anything else, so that no import that looked before stores the person again.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


def save(upload: AudienceUpload, people: Sequence[Person], now: datetime) -> Saved:
    """Write the people, none of whom shares a phone or identifier with another; call it after `one_at_a_time`.

    Raises IntegrityError where somebody else makes or deletes one of them at this moment: nothing is written then, so
    try again.
    """
    dialect = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        _load(cursor, people, dialect)
        if _place(cursor, dialect):
            cursor.execute(DUPLICATES, [upload.pk])
            _update_contacts(cursor, dialect, at)
        cursor.execute(INSERT_CONTACTS.format(new_uuid=dialect.new_uuid, own_fields=dialect.own_fields), [at, at])
        _join(cursor, upload)
        by = {f"by_{key}": IS_SUPPRESSED.format(key=key) for key in KEYS}
        cursor.execute(SUPPRESSED.format(**by))
        return _outcomes(cursor)


def _load(cursor: CursorWrapper, people: Sequence[Person], dialect: Dialect) -> None:
    """Put the people into the temporary table, and nobody else."""
    for table in (STAGED, PLACED):
        cursor.execute(table.format(integer=dialect.integer, json=dialect.json))
    if dialect is SQLITE:
        cursor.execute("DELETE FROM staged")
        cursor.execute("DELETE FROM placed")
        for start in range(0, len(people), ROWS_A_STATEMENT):
            some = people[start : start + ROWS_A_STATEMENT]
            values = list(chain.from_iterable(person[1:] for person in some))
            cursor.connection.execute(f"{INSERT} {', '.join([PLACES] * len(some))}", values)
        return
    cursor.execute("TRUNCATE staged, placed")
    with cursor.copy(COPY) as copy:
        for person in people:
            copy.write_row(person[1:])
    cursor.execute("ANALYZE staged")


def _place(cursor: CursorWrapper, dialect: Dialect) -> int:
    """Find who is known, and give keys to the others; how many are known."""
    cursor.execute(PLACE.format(new_id=dialect.new_id))
    if dialect is POSTGRESQL:
        cursor.execute("ANALYZE placed")
    cursor.execute(KNOWN)
    (known,) = cursor.fetchone()
    if known and dialect is POSTGRESQL:
        cursor.execute(HOLD_KNOWN)
        (held,) = cursor.fetchone()
        if held != known:
            raise IntegrityError("Some of the contacts were deleted at this moment.")
    return int(known)


def _update_contacts(cursor: CursorWrapper, dialect: Dialect, at: Any) -> None:
    free = {f"{key}_is_free": IS_FREE.format(key=key) for key in KEYS}
    news = NEWS.format(adds_fields=dialect.adds_fields, **free)
    cursor.execute(UPDATED.format(news=news))
    for key in KEYS:
        cursor.execute(CARRY_OVER.format(key=key, is_free=free[f"{key}_is_free"]))
    cursor.execute(UPDATE_CONTACTS.format(merged=dialect.merged, **free), [at])
    cursor.execute(WITHHELD)


def _join(cursor: CursorWrapper, upload: AudienceUpload) -> None:
    """Make them the file's audience, and members of its group."""
    if upload.group_id:
        cursor.execute(INSERT_AUDIENCE.format(joined=JOINED), [upload.pk, upload.group_id])
        cursor.execute(INSERT_MEMBERS, [upload.group_id])
    else:
        cursor.execute(INSERT_AUDIENCE.format(joined="false"), [upload.pk])


def _outcomes(cursor: CursorWrapper) -> Saved:
    cursor.execute("SELECT outcome, count(*) FROM placed WHERE outcome <> 'duplicate' GROUP BY outcome")
    counts = Counter(dict(cursor.fetchall()))
    cursor.execute("SELECT number, outcome FROM placed WHERE outcome IN ('duplicate', 'suppressed')")
    numbers: dict[str, set[int]] = {"duplicate": set(), "suppressed": set()}
    for number, outcome in cursor.fetchall():
        numbers[outcome].add(number)
    return Saved(counts, numbers["duplicate"], numbers["suppressed"])
