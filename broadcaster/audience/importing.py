"""One chunk of a file's rows -> contacts, group members and audience rows, with set-based statements.

Each row ends in exactly one count: new, updated, unchanged, duplicate, invalid or suppressed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils import timezone

from broadcaster.audience import phones
from broadcaster.audience.spreadsheets import Row
from broadcaster.models import AudienceRow, AudienceUpload, Contact, Membership, RejectedRow, Suppression

NAME_LIMIT, IDENTIFIER_LIMIT = 128, 128
SINGLE = frozenset({"phone", "identifier", "name", "language"})
DUPLICATE = "This person stands further up in the file; the first row counts."
UPDATED_COLUMNS = ("name", "identifier", "phone", "language", "fields", "modified_at")

Known = dict[tuple[str, str], Contact]  # by ("phone", number) and by ("identifier", value)


@dataclass(slots=True)
class Person:
    """What a good row says."""

    row: Row
    phone: str | None
    identifier: str | None
    name: str
    language: str
    fields: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """What tells one person from another."""
        pairs = (("phone", self.phone), ("identifier", self.identifier))
        return tuple((kind, value) for kind, value in pairs if value)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a row became nobody."""

    row: Row
    code: str
    reason: str


def import_chunk(upload: AudienceUpload, headers: Sequence[str], rows: Sequence[Row]) -> Counter[str]:
    """Write the rows' people; how many rows ended in which count. Call it inside a transaction."""
    reader = Reader(upload, headers)
    read = [reader.read(row) for row in rows]
    refused = [one for one in read if isinstance(one, Refused)]
    people, twins = _first_of_each([one for one in read if isinstance(one, Person)])
    known = _known(people)
    people, again = _first_of_each_contact(upload, people, known)
    twins += again
    contacts, outcomes = _save_contacts(people, known)
    _save_audience(upload, people, contacts)
    refused += [Refused(person.row, "duplicate", DUPLICATE) for person in twins]
    opted_out = _opted_out(people, contacts)
    _save_refused(upload, refused)
    counts = Counter("duplicate" if one.code == "duplicate" else "invalid" for one in refused)
    counts.update("suppressed" if id(person) in opted_out else outcomes[id(person)] for person in people)
    return counts


class Reader:
    """Reads one row as the upload's mapping says; `headers` are the file's, for a database may reorder a mapping."""

    def __init__(self, upload: AudienceUpload, headers: Sequence[str]) -> None:
        self.region = upload.region or None
        columns = ((place, upload.mapping[header]) for place, header in enumerate(headers) if header in upload.mapping)
        self.columns = [(place, column["role"], column.get("key", "")) for place, column in columns]

    def read(self, row: Row) -> Person | Refused:
        """The row's person, or why there is none."""
        given = {
            role: row.values[place] for place, role, _ in self.columns if role in SINGLE and place < len(row.values)
        }
        identifier = given.get("identifier", "")
        phone = phones.normalise(given.get("phone", ""), self.region)
        if isinstance(phone, phones.Refusal):
            if refused := _refusal(row, phone, identifier, has_phones="phone" in given):
                return refused
            phone = ""
        if len(identifier) > IDENTIFIER_LIMIT:
            return Refused(row, "identifier_too_long", f"The identifier is longer than {IDENTIFIER_LIMIT} characters.")
        return Person(
            row=row,
            phone=phone or None,
            identifier=identifier or None,
            name=given.get("name", "")[:NAME_LIMIT],
            language=_language(given.get("language", "")),
            fields=self._values(row, ("field",)),
            variables=self._values(row, ("field", "row")),
        )

    def _values(self, row: Row, roles: Iterable[str]) -> dict[str, str]:
        return {
            key: row.values[place]
            for place, role, key in self.columns
            if role in roles and key and place < len(row.values) and row.values[place]
        }


def _refusal(row: Row, phone: phones.Refusal, identifier: str, *, has_phones: bool) -> Refused | None:
    """Why the row is refused for its phone; None where it has none and the identifier is enough."""
    if phone.code != "empty":
        return Refused(row, phone.code, phone.sentence)
    if identifier:
        return None
    if has_phones:
        return Refused(row, phone.code, phone.sentence)
    return Refused(row, "nobody", "The row has no identifier.")


def _language(value: str) -> str:
    code = value.strip().lower()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else ""  # noqa: PLR2004  ISO 639-3


def _first_of_each(people: Iterable[Person]) -> tuple[list[Person], list[Person]]:
    """The first row of each person, and the rows that repeat one."""
    seen: set[tuple[str, str]] = set()
    first: list[Person] = []
    again: list[Person] = []
    for person in people:
        (again if seen.intersection(person.keys) else first).append(person)
        seen.update(person.keys)
    return first, again


def _first_of_each_contact(
    upload: AudienceUpload, people: Iterable[Person], known: Known
) -> tuple[list[Person], list[Person]]:
    """The same for people whom only their contact shows to be one: by phone here, by identifier there."""
    ids = {contact.pk for contact in known.values()}
    seen = set(AudienceRow.objects.filter(upload=upload, contact__in=ids).values_list("contact_id", flat=True))
    first: list[Person] = []
    again: list[Person] = []
    for person in people:
        contact = _contact_of(person, known)
        (again if contact and contact.pk in seen else first).append(person)
        if contact:
            seen.add(contact.pk)
    return first, again


def _contact_of(person: Person, known: Known) -> Contact | None:
    return next((known[key] for key in person.keys if key in known), None)


def _save_contacts(people: Sequence[Person], known: Known) -> tuple[dict[int, Contact], dict[int, str]]:
    """Each person's contact, made or brought up to date, and whether it was new, updated or unchanged."""
    contacts: dict[int, Contact] = {}
    outcomes: dict[int, str] = {}
    made, changed = [], []
    for person in people:
        contact = _contact_of(person, known)
        if contact is None:
            contact = Contact(phone=person.phone, identifier=person.identifier, name=person.name)
            contact.language, contact.fields = person.language, person.fields
            made.append(contact)
            outcomes[id(person)] = "new"
        elif _bring_up_to_date(contact, person, known):
            changed.append(contact)
            outcomes[id(person)] = "updated"
        else:
            outcomes[id(person)] = "unchanged"
        contacts[id(person)] = contact
    Contact.objects.bulk_create(made, batch_size=1_000)
    Contact.objects.bulk_update(changed, UPDATED_COLUMNS, batch_size=500)
    return contacts, outcomes


def _known(people: Sequence[Person]) -> Known:
    """The contacts there are already, by phone and by identifier."""
    numbers = [person.phone for person in people if person.phone]
    identifiers = [person.identifier for person in people if person.identifier]
    found: Known = {}
    for contact in Contact.objects.filter(Q(phone__in=numbers) | Q(identifier__in=identifiers)):
        found[("phone", contact.phone or "")] = contact
        found[("identifier", contact.identifier or "")] = contact
    return {key: contact for key, contact in found.items() if key[1]}


def _bring_up_to_date(contact: Contact, person: Person, known: Known) -> bool:
    """Take over what the row says; an empty cell keeps the old value. Whether anything changed."""
    wanted: dict[str, Any] = {
        "name": person.name or contact.name,
        "language": person.language or contact.language,
        "fields": {**contact.fields, **person.fields},
    }
    wanted |= {kind: value for kind, value in person.keys if (kind, value) not in known}  # never somebody else's
    before = {name: getattr(contact, name) for name in wanted}
    if wanted == before:
        return False
    for name, value in wanted.items():
        setattr(contact, name, value)
    contact.modified_at = timezone.now()
    return True


def _save_audience(upload: AudienceUpload, people: Sequence[Person], contacts: Mapping[int, Contact]) -> None:
    AudienceRow.objects.bulk_create(
        [
            AudienceRow(
                upload=upload, contact=contacts[id(person)], number=person.row.number, variables=person.variables
            )
            for person in people
        ],
        batch_size=2_000,
        ignore_conflicts=True,
    )
    if upload.group:
        members = [Membership(group=upload.group, contact=contacts[id(person)]) for person in people]
        Membership.objects.bulk_create(members, batch_size=5_000, ignore_conflicts=True)


def _opted_out(people: Sequence[Person], contacts: Mapping[int, Contact]) -> set[int]:
    """The people who opted out of everything; they are in the audience and are skipped when it is sent."""
    addresses = {contacts[id(person)].address for person in people}
    rows = Suppression.objects.filter(channel=None, address__in=addresses)
    suppressed = set(rows.values_list("address", flat=True))
    return {id(person) for person in people if contacts[id(person)].address in suppressed}


def _save_refused(upload: AudienceUpload, refused: Sequence[Refused]) -> None:
    RejectedRow.objects.bulk_create(
        [
            RejectedRow(
                upload=upload, number=one.row.number, code=one.code[:40], reason=one.reason[:300], values=one.row.values
            )
            for one in refused
        ],
        batch_size=2_000,
        ignore_conflicts=True,
    )
