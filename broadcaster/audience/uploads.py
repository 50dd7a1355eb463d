"""A file from the browser to contacts: kept, described, then imported in chunks that can stop and go on.

    receive -> (preview, configure as often as wanted) -> start_import -> import_rows, again and again -> imported

A chunk is one transaction: contacts, group, audience rows, refused rows, counts and `position` move together, so a
worker that dies loses a chunk's work and nothing else, and no row is ever counted twice.
"""

import contextlib
import csv
import hashlib
import io
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone

from broadcaster.audience import archives, columns, importing, spreadsheets
from broadcaster.audience.spreadsheets import Dialect, Preview, UnreadableFile
from broadcaster.models import AudienceUpload, Group

if TYPE_CHECKING:
    from django.core.files import File

CHUNK_ROWS = 10_000
LEASE = timedelta(seconds=60)  # an import that was silent for so long has lost its worker
TRIES = 3  # of a chunk whose people another import saves at the same moment
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def receive(file: "File[bytes]", *, author: User | AnonymousUser | None = None, region: str = "") -> AudienceUpload:
    """Keep the file and describe it. Raises UnreadableFile, and then nothing is kept; OSError for a full disk."""
    limit = settings.UPLOAD_LIMIT_BYTES
    if (file.size or 0) > limit:
        raise UnreadableFile(f"The file is larger than {limit // 1_000_000} MB. Split it into several files.")
    filename = Path(file.name or "file").name[-255:]
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    upload = AudienceUpload(filename=filename, sha256=digest.hexdigest(), size_bytes=file.size or 0, region=region)
    upload.author = author if isinstance(author, User) else None
    name = f"{upload.uuid}{Path(filename).suffix.lower()[:8]}"
    stored_as = upload.file.field.generate_filename(upload, name)  # known before, since a full disk leaves half a file
    try:
        upload.file.save(name, file, save=False)
        if archives.is_plain(Path(upload.file.path)):
            filename = _unpack(upload)
            stored_as = upload.file.name or stored_as
        dialect = spreadsheets.detect(Path(upload.file.path), filename)
        upload.dialect = asdict(dialect)
        upload.mapping = guess_mapping(upload)
        upload.save()
    except BaseException:
        upload.file.storage.delete(stored_as)
        raise
    return upload


def _unpack(upload: AudienceUpload) -> str:
    """Put the one table of an archive in its place; the table's name. Raises UnreadableFile, OSError."""
    archive = Path(upload.file.path)
    member = archives.only_table(archive)
    filename = Path(member).name[-255:]
    table = archive.with_suffix(Path(filename).suffix.lower()[:8])
    try:
        with table.open("xb") as unpacked:
            for chunk in archives.unpacked(archive, member):
                unpacked.write(chunk)
    except BaseException:
        table.unlink(missing_ok=True)
        raise
    packed_as, upload.file.name = upload.file.name, str(Path(upload.file.name or "").with_suffix(table.suffix))
    upload.file.storage.delete(packed_as or "")
    return filename


def preview(upload: AudienceUpload, dialect: Dialect | None = None) -> Preview:
    """The first rows as they would be read. Raises UnreadableFile."""
    return spreadsheets.preview(Path(upload.file.path), dialect or Dialect(**upload.dialect))


def guess_mapping(upload: AudienceUpload, dialect: Dialect | None = None) -> dict[str, dict[str, str]]:
    """A role for each column, guessed from its name and its first values. Raises UnreadableFile."""
    seen = preview(upload, dialect)
    roles = columns.guess(seen.headers, [row.values for row in seen.rows], upload.region or None)
    keys = columns.field_keys(seen.headers)
    return {header: {"role": "row" if role == "field" else role, "key": keys[header]} for header, role in roles.items()}


def configure(
    upload: AudienceUpload,
    *,
    dialect: Dialect,
    mapping: Mapping[str, Mapping[str, str]],
    region: str = "",
    group: Group | None = None,
) -> None:
    """Say how the file is read. Raises UnreadableFile where it cannot be read so, or nobody can be reached by it."""
    headers = preview(upload, dialect).headers
    kept = {header: dict(mapping.get(header, {"role": "ignore"})) for header in headers}
    roles = [column["role"] for column in kept.values()]
    if "phone" not in roles and "identifier" not in roles:
        raise UnreadableFile("No column holds the phone numbers. Choose the one that does.")
    for role in ("phone", "name", "language", "identifier"):
        if roles.count(role) > 1:
            raise UnreadableFile(f"Two columns are marked as the {role}. Choose one of them.")
    waiting = AudienceUpload.objects.filter(pk=upload.pk, state=AudienceUpload.State.UPLOADED)
    waiting.update(dialect=asdict(dialect), mapping=kept, region=region, group=group)
    upload.refresh_from_db()


def start_import(upload: AudienceUpload) -> bool:
    """Let workers import the file; False where that was done before."""
    waiting = AudienceUpload.objects.filter(pk=upload.pk, state=AudienceUpload.State.UPLOADED)
    moved = waiting.update(state=AudienceUpload.State.IMPORTING, started_at=timezone.now()) == 1
    upload.refresh_from_db()
    return moved


def stalled_imports() -> list[int]:
    """Imports that nobody works on."""
    importing_now = AudienceUpload.objects.filter(state=AudienceUpload.State.IMPORTING)
    return list(importing_now.exclude(touched_at__gt=timezone.now() - LEASE).values_list("pk", flat=True))


def import_rows(upload_id: int, *, life_s: float, resumed: bool = False) -> bool:
    """Import until the end or until `life_s` is over; whether there is more to do.

    `resumed` goes on with an import that this worker's predecessor gave back; else a fresh heartbeat means that another
    worker is at it, and this one leaves.
    """
    upload = _take(upload_id, resumed=resumed)
    if upload is None:
        return False
    end = time.monotonic() + life_s
    try:
        headers = preview(upload).headers
        for rows in _chunks(upload):
            if not _import_chunk(upload, headers, rows):
                return False
            if time.monotonic() > end:
                return True
    except (UnreadableFile, OSError) as error:
        sentence = getattr(error, "sentence", "The file could not be read from the disk.")
        _close(upload, AudienceUpload.State.FAILED, f"{sentence} Rows before that are imported.")
        return False
    _close(upload, AudienceUpload.State.IMPORTED, "")
    return False


def rejected_csv(upload: AudienceUpload) -> Iterator[str]:
    """The refused rows as CSV lines that open in Excel: the reason, the row's number, then the original columns."""
    headers = preview(upload).headers
    yield "\ufeff" + _csv_line(["Why it was refused", "Row", *headers])
    for rejected in upload.rejected.order_by("number").iterator(chunk_size=2_000):
        yield _csv_line([rejected.reason, str(rejected.number), *rejected.values])


def _take(upload_id: int, *, resumed: bool) -> AudienceUpload | None:
    now = timezone.now()
    mine = Q() if resumed else Q(touched_at=None) | Q(touched_at__lt=now - LEASE)
    free = AudienceUpload.objects.filter(mine, pk=upload_id, state=AudienceUpload.State.IMPORTING)
    if free.update(touched_at=now) != 1:
        return None
    return AudienceUpload.objects.select_related("group").get(pk=upload_id)


def _chunks(upload: AudienceUpload) -> Iterator[list[spreadsheets.Row]]:
    """The rows that are still to do; where the file breaks, first those before the break."""
    through = upload.position
    rows: list[spreadsheets.Row] = []
    try:
        for row in spreadsheets.rows(Path(upload.file.path), Dialect(**upload.dialect)):
            if row.number <= through:
                continue
            rows.append(row)
            if len(rows) == CHUNK_ROWS:
                yield rows
                rows = []
    except (UnreadableFile, OSError):
        if rows:
            yield rows
        raise
    if rows:
        yield rows


def _import_chunk(upload: AudienceUpload, headers: Sequence[str], rows: Sequence[spreadsheets.Row]) -> bool:
    """Import some rows; False where another worker has imported them meanwhile."""
    for _ in range(TRIES - 1):
        with contextlib.suppress(IntegrityError, OperationalError):  # a collision or deadlock with another import
            return _try_chunk(upload, headers, rows)
    return _try_chunk(upload, headers, rows)


def _try_chunk(upload: AudienceUpload, headers: Sequence[str], rows: Sequence[spreadsheets.Row]) -> bool:
    with transaction.atomic():
        counts: Mapping[str, int] = importing.import_chunk(upload, headers, rows)
        added: dict[str, Any] = {name: F(name) + counts.get(name, 0) for name in AudienceUpload.COUNTS}
        here = AudienceUpload.objects.filter(
            pk=upload.pk, position=upload.position, state=AudienceUpload.State.IMPORTING
        )
        moved = here.update(position=rows[-1].number, rows=F("rows") + len(rows), touched_at=timezone.now(), **added)
        if moved != 1:
            transaction.set_rollback(True)
            return False
    upload.position = rows[-1].number
    return True


def _close(upload: AudienceUpload, state: AudienceUpload.State, error: str) -> None:
    AudienceUpload.objects.filter(pk=upload.pk, state=AudienceUpload.State.IMPORTING).update(
        state=state, error=error[:500], finished_at=timezone.now()
    )


def _csv_line(values: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(["'" + value if value[:1] in FORMULA_STARTS else value for value in values])
    return line.getvalue()
