"""A file with the columns of one that was imported before is read as that one was: the better first guess.

Of several the person's own counts more, then the latest; none counts whose choices do not fit this file's values.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.db.models import Case, QuerySet, Value, When

from broadcaster.audience import columns, spreadsheets, values
from broadcaster.audience.mappings import PEOPLE, ROLES, Column
from broadcaster.audience.spreadsheets import Dialect, Preview, UnreadableFile
from broadcaster.models import AudienceUpload

TRUSTED = (AudienceUpload.State.IMPORTING, AudienceUpload.State.IMPORTED)

_LOOKED_AT = 5  # earlier files of one shape
_SHEETS = 10


@dataclass(frozen=True, slots=True)
class Memory:
    """How a file is read, since an earlier one was read so; `shape` is that of the columns of both."""

    dialect: Dialect
    headers: list[str]
    mapping: dict[str, Column]
    region: str
    shape: str


def recall(upload: AudienceUpload, detected: Dialect) -> Memory | None:
    """How the file is read by what is remembered; None where nothing is that fits. Raises UnreadableFile, OSError."""
    path = Path(upload.file.path)
    if memory := _fitting(upload, [(detected, spreadsheets.preview(path, detected))]):
        return memory
    return _fitting(upload, list(_other_readings(path, detected)))


def source_of(upload: AudienceUpload) -> AudienceUpload | None:
    """The earlier file as which this one is read; None for one that is read by its own looks."""
    if not upload.header_shape:
        return None
    earlier = _earlier(upload, [upload.header_shape]).select_related("author")[:_LOOKED_AT]
    return next((each for each in earlier if _translated(each, upload.headers) == upload.mapping), None)


def _other_readings(path: Path, detected: Dialect) -> Iterator[tuple[Dialect, Preview]]:
    """The file with other separators, or its other sheets; only with named columns, for "Column 1" tells nothing."""
    named = replace(detected, header_row=True)
    if detected.format == "csv":
        others = [replace(named, delimiter=delimiter) for delimiter, _label in spreadsheets.DELIMITERS]
    else:
        others = [replace(named, sheet=name) for name in spreadsheets.sheet_names(path)[:_SHEETS]]
    for dialect in others:
        try:
            seen = spreadsheets.preview(path, dialect)
        except UnreadableFile:
            continue
        if dialect != detected and seen.rows:
            yield dialect, seen


def _fitting(upload: AudienceUpload, readings: Sequence[tuple[Dialect, Preview]]) -> Memory | None:
    by_shape = {columns.shape(seen.headers): (dialect, seen) for dialect, seen in readings}
    for earlier in _earlier(upload, list(by_shape))[:_LOOKED_AT]:
        dialect, seen = by_shape[earlier.header_shape]
        mapping = _translated(earlier, seen.headers)
        region = _region(seen, mapping, upload.region, earlier.region)
        if mapping and _fits(seen, mapping, region):
            return Memory(dialect, seen.headers, mapping, region, earlier.header_shape)
    return None


def _earlier(upload: AudienceUpload, shapes: Sequence[str]) -> "QuerySet[AudienceUpload]":
    own = Case(When(author=upload.author_id, then=Value(0)), default=Value(1))
    return AudienceUpload.objects.filter(header_shape__in=shapes, state__in=TRUSTED).order_by(own, "-id")


def _translated(earlier: AudienceUpload, headers: Sequence[str]) -> dict[str, Column]:
    """The earlier choices under this file's headers; nothing where they are not whole."""
    chosen: Mapping[str, Any] = {columns.alike(header): column for header, column in earlier.mapping.items()}
    mapping = {header: dict(chosen.get(columns.alike(header), {})) for header in headers}
    return mapping if all(column.get("role") in ROLES for column in mapping.values()) else {}


def _region(seen: Preview, mapping: Mapping[str, Column], chosen: str, before: str) -> str:
    """The country that this file was uploaded with, unless its numbers are better read with the earlier one's."""
    phones = [text for header, column in mapping.items() if column["role"] == "phone" for text in _texts(seen, header)]
    return max(chosen, before, key=lambda region: columns.phone_share(phones, region or None) or 0)


def _fits(seen: Preview, mapping: Mapping[str, Column], region: str) -> bool:
    """Whether the values may be what the choices say of them, and somebody can be reached."""
    reached = {column["role"] for column in mapping.values()} & set(PEOPLE)
    return bool(reached) and all(_holds(_texts(seen, header), column, region) for header, column in mapping.items())


def _holds(texts: list[str], column: Column, region: str) -> bool:
    if not texts:
        return True
    if column["role"] == "phone":
        return bool(columns.phone_share(texts, region or None))
    if column["role"] == "identifier":
        return not columns.counts_rows(texts)
    if column["role"] != "field":
        return True
    kind = column.get("kind") or "text"
    return any(text == values.CLEAR or not isinstance(values.read(kind, text), values.Unreadable) for text in texts)


def _texts(seen: Preview, header: str) -> list[str]:
    place = seen.headers.index(header)
    return [row.values[place] for row in seen.rows if row.values[place]]
