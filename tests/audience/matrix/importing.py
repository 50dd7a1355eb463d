"""A file through the whole way in, as an operator sends it: received, its columns looked at, imported."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from broadcaster.audience import importing, uploads
from broadcaster.audience.spreadsheets import Dialect
from broadcaster.models import AudienceRow, AudienceUpload
from tests.audience.files import finish
from tests.audience.matrix.audience import Case, Person

KEPT = {"role": "field", "key": "city", "kind": "text"}


def run(case: Case) -> AudienceUpload:
    """The file of a case, imported."""
    return import_file(case.build(), case.name, case.chosen, case.roles)


def import_file(
    content: bytes, name: str, chosen: Mapping[str, Any] | None = None, roles: Mapping[str, str] | None = None
) -> AudienceUpload:
    """The file, imported with the guessed columns, but the city kept as a contact field, and `roles`."""
    upload = uploads.receive(SimpleUploadedFile(name, content), region="ID")
    dialect = replace(Dialect(**upload.dialect), **(chosen or {}))
    mapping = uploads.guess_mapping(upload, dialect)
    for header, role in (roles or {}).items():
        mapping[header] = {**mapping[header], "role": role}
    if "Kota" in mapping:
        mapping["Kota"] = KEPT
    uploads.configure(upload, dialect=dialect, mapping=mapping, region="ID")
    importing.start(upload)
    return finish(upload)


def people(upload: AudienceUpload) -> tuple[Person, ...]:
    """Everybody in the file, in its order."""
    rows = AudienceRow.objects.filter(upload=upload).select_related("contact").order_by("number")
    return tuple(
        Person(row.number, row.contact.phone or "", row.contact.name, row.contact.fields, row.variables) for row in rows
    )


def refused(upload: AudienceUpload) -> dict[int, str]:
    """The refused rows with the code of the reason."""
    return dict(upload.rejected.order_by("number").values_list("number", "code"))


def adds_up(upload: AudienceUpload) -> bool:
    """Whether each row of the file ended in one count, and each count is a row that is there; nobody has opted out."""
    counts = sum(getattr(upload, name) for name in AudienceUpload.COUNTS)
    in_audience = AudienceRow.objects.filter(upload=upload).count()
    turned_away = upload.rejected.count()
    return (upload.rows, upload.accepted, upload.duplicate + upload.invalid) == (counts, in_audience, turned_away)
