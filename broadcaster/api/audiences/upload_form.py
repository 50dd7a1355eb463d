"""What a program says of a file: with it, and before its import; every refusal is a sentence beside its field."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError

from broadcaster.api import fields
from broadcaster.api.audiences.upload_item import ColumnItem
from broadcaster.api.errors import Conflict
from broadcaster.audience import importing, mappings, phones, spreadsheets, uploads
from broadcaster.audience.spreadsheets import Dialect, Preview, UnreadableFile
from broadcaster.models import AudienceUpload, Group

State = AudienceUpload.State
GROUP_CHARACTERS = 64
NO_REGION = "There is no country {}. Give its two letters, such as ID, or none where each number has its country code."
NOT_OFFERED = "This file cannot be read so. Say one of: {}."
GONE = "The file is no longer on the server's disk. Upload it again."
PAST = "How the file is read can be said only while it waits, and its state is “{}”. Upload it again to read it anew."


class Region(serializers.CharField):
    """A country, whose local numbers the file holds."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, allow_blank=True, help_text="Two letters, such as ID.", **options)

    def to_internal_value(self, data: Any) -> str:
        """The code in capitals. Raises ValidationError."""
        code = super().to_internal_value(data).upper()
        if code and code not in dict(phones.regions()):
            raise ValidationError(NO_REGION.format(code[:10]))
        return code


@extend_schema_field(serializers.DictField(child=ColumnItem()))
class ColumnsField(serializers.DictField):
    """What columns hold, by header; `mappings` says what is wrong with one."""

    child = serializers.JSONField(allow_null=True)


class GroupField(serializers.CharField):
    """A group of people, by UUID or by name, which may be new."""

    def to_internal_value(self, data: Any) -> Any:
        """The group, or the name of a new one. Raises ValidationError."""
        name = " ".join(super().to_internal_value(data).split())
        if len(name) > GROUP_CHARACTERS:
            raise ValidationError(f"Ensure this field has no more than {GROUP_CHARACTERS} characters.")
        found = fields.named(Group.objects.all(), [name]).get(name)
        if found is None and fields.uuids_in([name]):
            raise ValidationError(fields.NO_SUCH.format(name))
        if isinstance(found, Group) and found.is_smart:
            raise ValidationError(uploads.BY_RULE.format(found))
        return found or name


class FileForm(serializers.Serializer[Any]):
    """A new file."""

    file = serializers.FileField(allow_empty_file=True, help_text="CSV, XLSX or ODS, or one of them in a ZIP file.")
    region = Region()


class DialectForm(serializers.Serializer[Any]):
    """How the file is read; what does not concern its format is left aside."""

    encoding = serializers.CharField(required=False, allow_blank=True)
    delimiter = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    sheet = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    header_row = serializers.BooleanField(required=False)


class ColumnsForm(serializers.Serializer[AudienceUpload]):
    """How a waiting file is read. What is not said stays as it is."""

    dialect = DialectForm(required=False)
    mapping = ColumnsField(required=False)
    region = Region()
    group = GroupField(
        required=False, allow_null=True, allow_blank=True,
        help_text="Everyone in the file joins it: its UUID, or its name, which may be new.",
    )  # fmt: skip
    start = serializers.BooleanField(default=True, help_text="Whether the import begins now.")

    default_error_messages = {"invalid": "Request body should be a single JSON object"}

    def validate_group(self, group: Group | str | None) -> Group | str | None:
        """Raises PermissionDenied for who may not make groups, as the page does."""
        if group and not self.context["request"].user.has_perm("broadcaster.add_group"):
            raise PermissionDenied
        return group

    def update(self, instance: AudienceUpload, validated_data: dict[str, Any]) -> AudienceUpload:
        """The file, told how it is read and started. Raises ValidationError, Conflict; call it inside a transaction."""
        if instance.state == State.UPLOADED:
            try:
                _configure(instance, validated_data)
            except OSError as error:
                raise Conflict(GONE) from error
        if instance.state != State.UPLOADED or (validated_data["start"] and not importing.start(instance)):
            raise Conflict(PAST.format(instance.state))
        return instance


def _configure(upload: AudienceUpload, given: Mapping[str, Any]) -> None:
    """Keep how the file is read. Raises ValidationError, OSError."""
    if not upload.file.name:
        raise FileNotFoundError
    dialect, seen = _seen(upload, given.get("dialect", {}))
    upload.region = given.get("region", upload.region)
    try:
        is_known = set(upload.mapping) == set(seen.headers)
        kept = upload.mapping if is_known else uploads.guess_mapping(upload, dialect)
        uploads.configure(
            upload,
            dialect=dialect,
            mapping=mappings.said(kept, given.get("mapping", {})),
            region=upload.region,
            group=_group(given.get("group", upload.group)),
        )
    except UnreadableFile as error:
        raise ValidationError({"mapping": [error.sentence]}) from error


def _seen(upload: AudienceUpload, given: Mapping[str, Any]) -> tuple[Dialect, Preview]:
    """How the file is read, and its first rows so. Raises ValidationError, OSError."""
    dialect = Dialect(**upload.dialect)
    try:
        offered = _offered(upload, dialect)
        wrong = {
            name: [NOT_OFFERED.format(_listed(offered[name]))] for name in offered if _is_strange(name, given, offered)
        }
        if wrong:
            raise ValidationError({"dialect": wrong})
        dialect = replace(dialect, **{name: given[name] for name in (*offered, "header_row") if name in given})
        return dialect, uploads.preview(upload, dialect)
    except UnreadableFile as error:
        raise ValidationError({"dialect": [error.sentence]}) from error


def _offered(upload: AudienceUpload, dialect: Dialect) -> dict[str, list[str]]:
    """What can be said of a file of this format, as it is now included. Raises UnreadableFile, OSError."""
    if dialect.format != "csv":
        return {"sheet": spreadsheets.sheet_names(Path(upload.file.path))}
    usual = {"encoding": spreadsheets.ENCODINGS, "delimiter": spreadsheets.DELIMITERS}
    return {name: list(dict.fromkeys([*dict(usual[name]), getattr(dialect, name)])) for name in usual}


def _is_strange(name: str, given: Mapping[str, Any], offered: Mapping[str, list[str]]) -> bool:
    return name in given and given[name] not in offered[name]


def _listed(values: list[str]) -> str:
    return ", ".join(json.dumps(value, ensure_ascii=False) for value in values)


def _group(given: Group | str | None) -> Group | None:
    return uploads.group_named(given) if isinstance(given, str) else given
