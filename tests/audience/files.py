"""Small audience files, and what became of their rows."""

from broadcaster.audience import importing, uploads
from broadcaster.audience.spreadsheets import Dialect
from broadcaster.models import AudienceUpload, Contact, Group
from tests.audiences import uploaded


def table(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def people(count: int, *, start: int = 1) -> list[str]:
    """Rows of the columns Name and Phone."""
    return [f"Person {number},+62812{number:08d}" for number in range(start, start + count)]


def started(*lines: str, group: Group | None = None, **roles: str) -> AudienceUpload:
    """An import about to begin; `roles` are those of the columns whose guess is not wanted."""
    upload = uploaded(table(*lines))
    mapping = {**upload.mapping, **{header: {**upload.mapping[header], "role": role} for header, role in roles.items()}}
    uploads.configure(upload, dialect=Dialect(**upload.dialect), mapping=mapping, region="ID", group=group)
    importing.start(upload)
    return upload


def finish(upload: AudienceUpload) -> AudienceUpload:
    while importing.import_rows(upload.pk, life_s=60, resumed=True):
        pass
    upload.refresh_from_db()
    return upload


def load(*lines: str, group: Group | None = None, **roles: str) -> AudienceUpload:
    """The lines, imported."""
    return finish(started(*lines, group=group, **roles))


def counts(upload: AudienceUpload) -> dict[str, int]:
    """The counts that are not zero."""
    return {name: getattr(upload, name) for name in AudienceUpload.COUNTS if getattr(upload, name)}


def contact(**key: str) -> Contact:
    return Contact.objects.get(**key)
