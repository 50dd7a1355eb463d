"""A file from the browser: kept, described, and told how it is to be read; then `importing.py` takes it.

receive -> (preview, configure as often as wanted) -> importing.start
"""

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from broadcaster.audience import archives, columns, mappings, remembering, rules_groups, spreadsheets
from broadcaster.audience.spreadsheets import Dialect, Preview, UnreadableFile
from broadcaster.models import AudienceUpload, Group

if TYPE_CHECKING:
    from django.core.files import File

BY_RULE = f"{rules_groups.by_rule('“{}”')} Choose another group or type a new name."


def receive(file: "File[bytes]", *, author: User | AnonymousUser | None = None, region: str = "") -> AudienceUpload:
    """Keep the file and describe it. Raises UnreadableFile, and then nothing is kept; OSError for a full disk."""
    if (file.size or 0) > settings.UPLOAD_LIMIT_BYTES:
        raise UnreadableFile(too_large())
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
        _describe(upload, dialect, remembering.recall(upload, dialect))
        upload.save()
    except BaseException:
        upload.file.storage.delete(stored_as)
        raise
    return upload


def guess_anew(upload: AudienceUpload) -> None:
    """Describe a waiting file by its own looks, whatever is remembered. Raises UnreadableFile, OSError."""
    path = Path(upload.file.path)
    _describe(upload, spreadsheets.detect(path, path.name), None)
    told = {name: getattr(upload, name) for name in ("dialect", "headers", "header_shape", "mapping", "region")}
    AudienceUpload.objects.filter(pk=upload.pk, state=AudienceUpload.State.UPLOADED).update(**told)


def _describe(upload: AudienceUpload, dialect: Dialect, memory: remembering.Memory | None) -> None:
    """Write down how the file is read at first; `header_shape` is empty for one that is read by its own looks."""
    upload.dialect = asdict(memory.dialect if memory else dialect)
    upload.headers = memory.headers if memory else preview(upload).headers
    upload.header_shape = memory.shape if memory else ""
    upload.region = memory.region if memory else upload.region
    upload.mapping = memory.mapping if memory else guess_mapping(upload)


def too_large() -> str:
    """The sentence for a file beyond the limit."""
    limit_mb = settings.UPLOAD_LIMIT_BYTES // 1_000_000
    return f"The file is larger than {limit_mb} MB. Split it into several files, and upload them one by one."


def _unpack(upload: AudienceUpload) -> str:
    """Put the one table of an archive in its place; the table's name. Raises UnreadableFile, OSError."""
    archive = Path(upload.file.path)
    member = archives.only_table(archive)
    filename = Path(member).name[-255:]
    table = archive.with_name(
        f"{archive.stem}-table{Path(filename).suffix.lower()[:8]}"
    )  # an archive may be named .csv
    try:
        with table.open("xb") as unpacked:
            for chunk in archives.unpacked(archive, member):
                unpacked.write(chunk)
    except BaseException:
        table.unlink(missing_ok=True)
        raise
    packed_as, upload.file.name = upload.file.name, str(Path(upload.file.name or "").with_name(table.name))
    upload.file.storage.delete(packed_as or "")
    return filename


def preview(upload: AudienceUpload, dialect: Dialect | None = None) -> Preview:
    """The first rows as they would be read. Raises UnreadableFile."""
    return spreadsheets.preview(Path(upload.file.path), dialect or Dialect(**upload.dialect))


def guess_mapping(upload: AudienceUpload, dialect: Dialect | None = None) -> dict[str, dict[str, str]]:
    """A role for each column, guessed from its name and its first values. Raises UnreadableFile."""
    seen = preview(upload, dialect)
    return mappings.guessed(seen.headers, [row.values for row in seen.rows], upload.region)


def group_named(name: str) -> Group | None:
    """The group that a file's people join, made where there is none of this name; None for no name."""
    name = " ".join(name.split())
    named = Group.objects.filter(Exact(Lower("name"), Lower(Value(name))))  # as the names are told apart
    if not name:
        return None
    if found := named.first():
        return found
    with contextlib.suppress(IntegrityError), transaction.atomic():
        return Group.objects.create(name=name)
    return named.get()  # somebody was quicker


def configure(
    upload: AudienceUpload,
    *,
    dialect: Dialect,
    mapping: Mapping[str, Any],
    region: str = "",
    group: Group | None = None,
) -> None:
    """Say how the file is read, and make the contact fields that it brings.

    Raises UnreadableFile where it cannot be read so, or nobody can be reached by it; then nothing is changed.
    """
    headers = preview(upload, dialect).headers
    kept = mappings.checked(headers, mapping)
    if group and group.is_smart:
        raise UnreadableFile(BY_RULE.format(group))
    waiting = AudienceUpload.objects.filter(pk=upload.pk, state=AudienceUpload.State.UPLOADED)
    told = waiting.update(
        dialect=asdict(dialect),
        headers=headers,
        header_shape=columns.shape(headers),
        mapping=kept,
        region=region,
        group=group,
        expected_rows=spreadsheets.expected_rows(Path(upload.file.path), dialect),
    )
    if told:
        mappings.keep_fields(kept)
    upload.refresh_from_db()
