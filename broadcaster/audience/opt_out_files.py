"""A list of people who opted out, from a file: read as audience files are, and written in chunks that can be repeated.

    file -> plan() -> suppressed(), chunk after chunk -> Progress, with the rows that nobody could be found in

Who is out already stays as they are, so whoever dies in the middle, or takes a file twice, does no harm. A row's phone
and its identifier are both out: it is a person who opts out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.db import transaction

from broadcaster.audience import columns, consent, lines, phones, spreadsheets
from broadcaster.audience.spreadsheets import Dialect, Preview, Row, UnreadableFile
from broadcaster.models import Channel

CHUNK_ROWS = 10_000
SAMPLE_ROWS = 50
SOURCE = "file"
NO_COLUMN = "No column holds phone numbers or identifiers. Name the one that does: phone, or identifier."
NOBODY = "There is neither a phone nor an identifier."
TOO_LONG = f"The identifier has more than {consent.ADDRESS_LIMIT} characters."
# As in RapidPro's exports, and as people write them into a column that holds both.
IDENTIFIER_SCHEME = re.compile(r"ext:", re.IGNORECASE)
LIKE_A_PHONE = re.compile(r"\(?\+\s*\(?\d|(?:tel|sms|whatsapp):", re.IGNORECASE)
NUMBERS = {"extension", "several_numbers", "spoilt_by_spreadsheet"}  # with letters in it, yet a number
EITHER, REASON = "address", "reason"  # as the list of opt-outs itself calls its columns


@dataclass(frozen=True, slots=True)
class Plan:
    """How the file is read: the places of its columns (from 0), None where it has no such column."""

    path: Path
    dialect: Dialect
    region: str | None
    headers: Sequence[str]
    phone: int | None
    identifier: int | None
    either: int | None
    reason: int | None


@dataclass(frozen=True, slots=True)
class Read:
    """A row's addresses, each with the row's reason (empty where it gives none), and a sentence for what it lacks."""

    addresses: dict[str, str]
    lacks: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that names nobody, or has something that cannot be read; why in a sentence."""

    row: Row
    reason: str


@dataclass(slots=True)
class Progress:
    """What became of the rows so far: `known` were out already, or stand in the file twice; `invalid` name nobody.

    `partly` of the new and known name one whose other address cannot be read; `refused` are both sorts of the chunk.
    """

    rows: int = 0
    new: int = 0
    known: int = 0
    invalid: int = 0
    partly: int = 0
    refused: list[Refused] = field(default_factory=list)


def plan(path: Path, filename: str, *, region: str) -> Plan:
    """Look at the file. Raises UnreadableFile where it is no table, or nobody can be found in it; OSError."""
    dialect = spreadsheets.detect(path, filename)
    seen = spreadsheets.preview(path, dialect, SAMPLE_ROWS)
    named = {header.strip().casefold(): place for place, header in enumerate(seen.headers)}
    people, either = _people(seen, region or None), named.get(EITHER)
    if set(people.values()) <= {either}:
        people = {}
    else:
        either = None  # beside a column of people it may be a street
    if not people and either is None:
        raise UnreadableFile(NO_COLUMN)
    return Plan(
        path=path,
        dialect=dialect,
        region=region or None,
        headers=seen.headers,
        phone=people.get("phone"),
        identifier=people.get("identifier"),
        either=either,
        reason=named.get(REASON),
    )


def _people(seen: Preview, region: str | None) -> dict[str, int]:
    """The places of the columns by which people are found, as far as there are any: phone, identifier."""
    roles = columns.guess(seen.headers, [row.values for row in seen.rows], region)
    return {role: seen.headers.index(header) for header, role in roles.items() if role in {"phone", "identifier"}}


def suppressed(plan: Plan, *, channel: Channel | None, reason: str, dry_run: bool = False) -> Iterator[Progress]:
    """Opt the file's people out of the channel, or of all; the progress after each chunk, a transaction of its own.

    `reason` stands with those whose row gives none. A dry run writes nothing, and counts a person twice who stands in
    two chunks. Raises UnreadableFile, OSError where the file breaks off; what came before stays.
    """
    progress = Progress()
    rows = spreadsheets.rows(plan.path, plan.dialect)
    while chunk := list(islice(rows, CHUNK_ROWS)):
        read = [(row, read_row(plan, row.values)) for row in chunk]
        people = [found.addresses for _, found in read if found.addresses]
        progress.refused = [Refused(row, found.lacks) for row, found in read if found.lacks]
        with transaction.atomic():
            new = _suppress(people, channel=channel, reason=reason)
            transaction.set_rollback(dry_run)
        progress.rows += len(chunk)
        progress.new += new
        progress.known += len(people) - new
        progress.invalid += len(chunk) - len(people)
        progress.partly += len(progress.refused) - (len(chunk) - len(people))
        yield progress


def read_row(plan: Plan, values: Sequence[str]) -> Read:
    """What the row says; a phone that cannot be read takes nothing from the identifier beside it, nor the reverse."""
    places = (plan.phone, plan.identifier, plan.either, plan.reason)
    phone, identifier, either, reason = (_cell(values, place) for place in places)
    if either and not phone and not identifier:
        phone, identifier = _told_apart(either, plan.region)
    identifier, too_long = _identifier(identifier)
    number, unreadable = _number(phone, plan.region)
    found = dict.fromkeys(filter(None, (identifier, number)), reason)
    return Read(found, unreadable or too_long or ("" if found else NOBODY))


def _cell(values: Sequence[str], place: int | None) -> str:
    return values[place].strip() if place is not None and place < len(values) else ""


def _identifier(text: str) -> tuple[str, str]:
    """(Identifier, what is wrong with it), one of them empty."""
    return (text, "") if len(text) <= consent.ADDRESS_LIMIT else ("", TOO_LONG)


def _number(phone: str, region: str | None) -> tuple[str, str]:
    """(Number, what is wrong with the phone), one of them empty; both where there is no phone."""
    number = phones.normalise(phone, region) if phone else ""
    return (number, "") if isinstance(number, str) else ("", number.sentence)


def _told_apart(either: str, region: str | None) -> tuple[str, str]:
    """(Phone, identifier) of a cell that may be either: what reads like a phone, or has no letter, is meant as one."""
    if scheme := IDENTIFIER_SCHEME.match(either):
        return "", either[scheme.end() :].strip()
    if not any(map(str.isalpha, either)) or LIKE_A_PHONE.match(either):
        return either, ""
    number = phones.normalise(either, region)
    is_phone = isinstance(number, str) or number.code in NUMBERS
    return (either, "") if is_phone else ("", either)


def refused_line(refused: Refused) -> str:
    """A refused row for a file that a spreadsheet program opens: the reason, the row's number, the row as it was."""
    return lines.line((refused.reason, str(refused.row.number), *refused.row.values))


def refused_heading(plan: Plan) -> str:
    """The header above such rows."""
    return lines.heading(("Why it was refused", "Row", *plan.headers))


def _suppress(people: Sequence[dict[str, str]], *, channel: Channel | None, reason: str) -> int:
    """Opt these people out; how many of them were not out before, each once."""
    reasons: dict[str, str] = {}
    for person in people:
        for address, own in person.items():
            reasons.setdefault(address, own or reason)
    new = consent.suppress_each(reasons, channel=channel, source=SOURCE)
    number = 0
    for person in people:
        if not new.isdisjoint(person):
            number += 1
            new.difference_update(person)
    return number
