"""Some rows of a file -> contacts, group members and audience rows, with set-based statements.

    rows -> read() -> Chunk: people and refused rows, no database -> save() -> counts

Each row ends in exactly one count: new, updated, unchanged, duplicate, invalid or suppressed.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from django.db.models import F
from django.db.models.expressions import Combinable
from django.utils import timezone

from broadcaster.audience import erasure, phones, spreadsheets, staging
from broadcaster.audience.reading import Person, Reader, Refused
from broadcaster.audience.spreadsheets import Dialect, Row, UnreadableFile
from broadcaster.models import AudienceUpload, RejectedRow

CHUNK_ROWS = 5_000  # with ten thousand it is hardly quicker, and takes a tenth more memory
CHUNK_BYTES = 5_000_000  # in memory, about; a chunk of wide rows or long cells has fewer of them
CELL_BYTES = 50  # what a cell takes besides its characters
DUPLICATE = "duplicate"  # the code of such rows
STANDS_ABOVE = "This person stands further up in the file; the first row counts."


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that are read: the people, no two with one phone or identifier, and the rows that became nobody.

    `through` is the number of its last row, `landlines` are the numbers of the people's rows whose phone is one.
    """

    through: int
    rows: int
    people: Sequence[Person]
    refused: Sequence[Refused]
    landlines: AbstractSet[int]


def read(upload: AudienceUpload, passing: Callable[[], None] = lambda: None) -> Generator[Chunk, None, None]:
    """The rows after the upload's position; where the file breaks, first those before the break.

    `passing` is called now and then on the way to the position, which may take long. Raises UnreadableFile, OSError.
    """
    path, dialect, through = Path(upload.file.path), Dialect(**upload.dialect), upload.position
    reader = Reader(upload, spreadsheets.headers(path, dialect))
    rows: list[Row] = []
    size_bytes = 0
    try:
        for row in spreadsheets.rows(path, dialect):
            if row.number <= through:
                if not row.number % CHUNK_ROWS:
                    passing()
                continue
            rows.append(row)
            size_bytes += sum(map(len, row.values)) + CELL_BYTES * len(row.values)
            if len(rows) == CHUNK_ROWS or size_bytes > CHUNK_BYTES:
                yield chunk_of(reader, rows)
                rows, size_bytes = [], 0
    except (UnreadableFile, OSError):
        if rows:
            yield chunk_of(reader, rows)
        raise
    if rows:
        yield chunk_of(reader, rows)


def chunk_of(reader: Reader, rows: Sequence[Row]) -> Chunk:
    """These rows, read."""
    everybody, refused = reader.read(rows)
    people, twins = first_of_each(everybody)
    landlines = {person.number for person in people if person.phone and phones.is_fixed_line(person.phone)}
    return Chunk(rows[-1].number, len(rows), people, [*refused, *map(duplicate, twins)], landlines)


def save(upload: AudienceUpload, chunk: Chunk) -> Counter[str]:
    """Write the chunk; how many rows ended in which count, and how many of the accepted ones are `fixed_line`.

    Call it inside a transaction. Raises IntegrityError where another import saves one of these people at the same
    moment: try again.
    """
    staging.one_at_a_time()
    people, erased = _without_erased(chunk.people)
    saved = staging.save(upload, people, timezone.now())
    twins = [duplicate(person) for person in people if person.number in saved.duplicates]
    _save_refused(upload, [*chunk.refused, *erased, *twins])
    counts = saved.counts
    told_before = sum(one.code == DUPLICATE for one in chunk.refused)
    counts["duplicate"] = told_before + len(twins)
    counts["invalid"] = len(chunk.refused) - told_before
    counts["suppressed"] += len(erased)
    not_accepted = saved.duplicates | saved.suppressed | {one.row.number for one in erased}
    counts["fixed_line"] = len(chunk.landlines - not_accepted)
    return counts


def added(counts: Counter[str]) -> dict[str, Combinable]:
    """What `save` counted, as an update adds it to the upload's own counts; a count that stays is left out."""
    return {name: F(name) + counts[name] for name in (*AudienceUpload.COUNTS, "fixed_line") if counts[name]}


def _without_erased(people: Sequence[Person]) -> tuple[Sequence[Person], list[Refused]]:
    """The people who may be stored, and the rows of those who were erased on request, without what they hold."""
    addresses = [address for person in people for address in (person.phone, person.identifier) if address]
    known = erasure.erased(addresses)
    if not known:
        return people, []
    gone = [person for person in people if person.phone in known or person.identifier in known]
    numbers = {person.number for person in gone}
    refused = [Refused(Row(number, []), erasure.ERASED, erasure.SENTENCE) for number in sorted(numbers)]
    return [person for person in people if person.number not in numbers], refused


def duplicate(person: Person) -> Refused:
    """The row of somebody who was in the file before."""
    return Refused(person.row, DUPLICATE, STANDS_ABOVE)


def first_of_each(people: Iterable[Person]) -> tuple[list[Person], list[Person]]:
    """The first row of each person, and the rows that repeat one: by phone or by identifier.

    A row that repeats somebody names nobody else: who is whom does not depend on where a chunk ends.
    """
    phones: set[str] = set()
    identifiers: set[str] = set()
    first: list[Person] = []
    again: list[Person] = []
    for person in people:
        if person.phone in phones or person.identifier in identifiers:
            again.append(person)
            continue
        first.append(person)
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
