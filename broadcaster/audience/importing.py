"""One chunk of a file's rows -> contacts, group members and audience rows, with set-based statements.

Each row ends in exactly one count: new, updated, unchanged, duplicate, invalid or suppressed.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.utils import timezone

from broadcaster.audience import staging
from broadcaster.audience.reading import Person, Reader, Refused
from broadcaster.audience.spreadsheets import Row
from broadcaster.models import AudienceUpload, RejectedRow

DUPLICATE = "This person stands further up in the file; the first row counts."


def import_chunk(upload: AudienceUpload, headers: Sequence[str], rows: Sequence[Row]) -> Counter[str]:
    """Write the rows' people; how many rows ended in which count. Call it inside a transaction.

    Raises IntegrityError where another import saves one of these people at the same moment: try again.
    """
    read = list(map(Reader(upload, headers).read, rows))
    refused = [one for one in read if isinstance(one, Refused)]
    people, twins = first_of_each(one for one in read if isinstance(one, Person))
    counts, again = staging.save(upload, people, timezone.now())
    twins += [person for person in people if person.row.number in again]
    counts["invalid"], counts["duplicate"] = len(refused), len(twins)
    _save_refused(upload, [*refused, *(Refused(person.row, "duplicate", DUPLICATE) for person in twins)])
    return counts


def first_of_each(people: Iterable[Person]) -> tuple[list[Person], list[Person]]:
    """The first row of each person, and the rows that repeat one: by phone or by identifier."""
    phones: set[str] = set()
    identifiers: set[str] = set()
    first: list[Person] = []
    again: list[Person] = []
    for person in people:
        (again if person.phone in phones or person.identifier in identifiers else first).append(person)
        if person.phone:
            phones.add(person.phone)
        if person.identifier:
            identifiers.add(person.identifier)
    return first, again


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
