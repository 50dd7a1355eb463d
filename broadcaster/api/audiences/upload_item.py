"""An uploaded file as programs see it: how it is read, what its columns hold, and what became of its rows."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from broadcaster.api import urns
from broadcaster.api.broadcasts.item import Reference
from broadcaster.api.fields import When
from broadcaster.audience import mappings, uploads
from broadcaster.audience.pace import pace
from broadcaster.audience.reading import Person, Reader
from broadcaster.audience.spreadsheets import Preview
from broadcaster.models import AudienceUpload, Contact

WITH = ("group", "author")
State = AudienceUpload.State


class DialectItem(serializers.Serializer[Any]):
    """How a file is read."""

    format = serializers.CharField(help_text="csv, xlsx or ods.")
    encoding = serializers.CharField(help_text="Of a CSV file, such as utf-8.")
    delimiter = serializers.CharField(help_text="Of a CSV file, such as a semicolon.")
    sheet = serializers.CharField(help_text="Of a workbook.")
    header_row = serializers.BooleanField(help_text="Whether the first row names the columns.")


class ColumnItem(serializers.Serializer[Any]):
    """What a column holds."""

    role = serializers.ChoiceField(choices=mappings.ROLES)
    key = serializers.CharField(help_text="How templates name it: @fields.city, @row.amount.")
    kind = serializers.CharField(required=False, help_text="What the values of a field are: text, number, date.")


class TotalsItem(serializers.Serializer[AudienceUpload]):
    """Every row of the file once, by what became of it; and more that is known of them."""

    rows = serializers.IntegerField(help_text="Read so far.")
    expected = serializers.IntegerField(
        source="expected_rows", help_text="As far as the file tells beforehand; 0 where it does not."
    )
    new = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    invalid = serializers.IntegerField()
    suppressed = serializers.IntegerField(help_text="They have opted out.")
    fixed_line = serializers.IntegerField(help_text="Accepted rows whose phone is a landline.")
    removed = serializers.IntegerField(help_text="Contacts that taking the file back deleted.")


class UploadItem(serializers.Serializer[AudienceUpload]):
    """An uploaded file."""

    uuid = serializers.UUIDField()
    filename = serializers.CharField()
    state = serializers.ChoiceField(choices=State.choices)
    size = serializers.IntegerField(source="size_bytes", help_text="In bytes.")
    dialect = DialectItem()
    headers = serializers.ListField(child=serializers.CharField())
    mapping = serializers.SerializerMethodField()
    region = serializers.CharField(help_text="The country of local numbers; empty where each has its country code.")
    group = Reference(allow_null=True)
    totals = TotalsItem(source="*")
    rate = serializers.SerializerMethodField()
    seconds_left = serializers.SerializerMethodField()
    error = serializers.CharField()
    created_on = When(source="created_at")
    started_on = When(source="started_at", allow_null=True)
    finished_on = When(source="finished_at", allow_null=True)
    author = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField(child=ColumnItem()))
    def get_mapping(self, upload: AudienceUpload) -> dict[str, Any]:
        """What each column holds, in the order of the file."""
        kept: dict[str, Any] = upload.mapping
        return {header: kept[header] for header in upload.headers if header in kept} if upload.headers else kept

    def get_rate(self, upload: AudienceUpload) -> float | None:
        """Rows a second, while it is imported."""
        rate = pace(upload).rate if upload.state == State.IMPORTING else None
        return rate and round(rate, 1)

    def get_seconds_left(self, upload: AudienceUpload) -> int | None:
        """Until its import ends, as far as anybody can say."""
        return pace(upload).left_s if upload.state == State.IMPORTING else None

    def get_author(self, upload: AudienceUpload) -> str | None:
        """Who uploaded it."""
        return upload.author.get_username() if upload.author else None


class SeenRow(serializers.Serializer[Any]):
    """One of the first rows as it would be read."""

    number = serializers.IntegerField(help_text="The one that a spreadsheet program shows beside it.")
    values = serializers.ListField(child=serializers.CharField())
    urn = serializers.CharField(allow_null=True, help_text="Who it would be; null where it would be refused.")
    reason = serializers.CharField(help_text="Why it would be refused.")


class UploadDetail(UploadItem):
    """One file, with its first rows until its import is started."""

    preview = serializers.SerializerMethodField()

    @extend_schema_field(SeenRow(many=True, allow_null=True))
    def get_preview(self, upload: AudienceUpload) -> list[dict[str, Any]] | None:
        """The first rows as they would be read; null once the import is started."""
        if upload.state != State.UPLOADED:
            return None
        try:
            seen = uploads.preview(upload)
        except (OSError, ValueError):  # it is gone from the disk, or its record says so
            return None
        return [_shown(row.number, row.values, *read) for row, read in zip(seen.rows, _read(upload, seen), strict=True)]


def _read(upload: AudienceUpload, seen: Preview) -> list[tuple[str | None, str]]:
    """(URN, why none) for each of the rows."""
    roles = {column["role"] for column in upload.mapping.values()}
    if not roles.intersection(mappings.PEOPLE):
        return [(None, mappings.NOBODY)] * len(seen.rows)
    if not seen.rows:
        return []
    people, refused = Reader(upload, seen.headers).read(seen.rows)
    told: dict[int, tuple[str | None, str]] = {person.number: (_urn(person), "") for person in people}
    told |= {each.row.number: (None, each.reason) for each in refused}
    return [told[row.number] for row in seen.rows]


def _urn(person: Person) -> str:
    return urns.of(Contact(phone=person.phone, identifier=person.identifier))[0]


def _shown(number: int, values: list[str], urn: str | None, reason: str) -> dict[str, Any]:
    return {"number": number, "values": values, "urn": urn, "reason": reason}
