"""The rows of a file that became nobody: counted by reason, to download and upload again, or to mend where they are.

A row that is mended is read again as the import reads it, and moves from "invalid" to the count in which it ends now,
so that the totals still add up to the rows of the file. Duplicates are left aside, since their person is in the
audience, and so are those who were erased on request.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import SuspiciousFileOperation
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.text import get_valid_filename

from broadcaster.audience import chunks, spreadsheets, turns, uses
from broadcaster.audience.dialects import Dialect, Row, UnreadableFile, tidy
from broadcaster.audience.erasure import ERASED
from broadcaster.audience.lines import heading, line
from broadcaster.audience.reading import Reader
from broadcaster.errors import Explained
from broadcaster.models import AudienceUpload, RejectedRow

FEW = 50  # as many refused rows are mended in a page; more of them in a spreadsheet
REASONS = 12  # as many are told, the most frequent first
COUNTED = 100_000  # refused rows that are looked at for it, so that a bad file of a million opens as quickly
COUNTED_ELSEWHERE = (chunks.DUPLICATE, ERASED)  # codes of rows that are not among the invalid

State = AudienceUpload.State


class NotMended(Explained):
    """Nothing was mended; `sentence` says why and what helps."""


@dataclass(frozen=True, slots=True)
class Mended:
    """How many rows are in the audience now, stood there already, are of the erased, and are still refused."""

    joined: int = 0
    duplicate: int = 0
    erased: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Reasons:
    """(Reason, rows) of the invalid rows, the most frequent first; `counted` says how far, 0 for all of them."""

    top: Sequence[tuple[str, int]]
    counted: int = 0


def as_csv(upload: AudienceUpload) -> Iterator[str]:
    """The refused rows as CSV lines that open in Excel: the reason, the row's number, then the original columns."""
    yield heading(["Why it was refused", "Row", *_headers(upload)])
    for rejected in upload.rejected.order_by("number").iterator(chunk_size=2_000):
        yield line([rejected.reason, str(rejected.number), *rejected.values])


def file_name(upload: AudienceUpload) -> str:
    """What that file is called: by the upload's own name without its ending, as far as a name may be made of it."""
    try:
        stem = get_valid_filename(upload.filename.rpartition(".")[0])
    except SuspiciousFileOperation:
        stem = "file"
    return f"refused-rows-{stem}.csv"


def _headers(upload: AudienceUpload) -> list[str]:
    """The names of the columns; none where they were not kept, as once, and the file is gone."""
    kept: list[str] = upload.headers
    if kept or not upload.file.name:
        return kept
    try:
        return spreadsheets.headers(Path(upload.file.path), Dialect(**upload.dialect))
    except (UnreadableFile, OSError):
        return []


def reasons(upload: AudienceUpload) -> Reasons:
    """Why rows are invalid, and how many for each reason."""
    if not upload.invalid:
        return Reasons([])
    looked_at = upload.rejected.order_by("number")
    beyond = looked_at.values_list("number", flat=True)[COUNTED : COUNTED + 1].first()
    if beyond is not None:
        looked_at = looked_at.filter(number__lt=beyond)
    counted = invalid(looked_at).order_by().values("reason").annotate(rows=Count("pk")).order_by("-rows", "reason")
    return Reasons(list(counted.values_list("reason", "rows")[:REASONS]), COUNTED if beyond is not None else 0)


def few(upload: AudienceUpload) -> list[RejectedRow]:
    """The invalid rows where they are few enough to be mended in a page, else none."""
    return list(invalid(upload.rejected.order_by("number"))) if 0 < upload.invalid <= FEW else []


def invalid(rejected: QuerySet[RejectedRow]) -> QuerySet[RejectedRow]:
    """The refused rows that something is wrong with."""
    return rejected.exclude(code__in=COUNTED_ELSEWHERE)


def why_not(upload: AudienceUpload) -> str:
    """Why rows of this file cannot be mended now, in a sentence; empty where they can be."""
    if upload.state == State.IMPORTING:
        return "The file is still being imported. Mend its rows when it is done."
    if upload.state not in AudienceUpload.ENDED or not upload.headers:
        return "The rows of this file cannot be mended any more. Upload them as a new file."
    if uses.confirmed(upload).exists():
        return (
            "A broadcast goes or went to the people of this file, so it stays as it is. "
            "Download the refused rows, mend them, and upload them as a new file."
        )
    return ""


def mend(upload: AudienceUpload, cells: Mapping[int, Mapping[int, str]]) -> Mended:
    """Read refused rows again with other cells: {row's number: {place of the cell: text}}; and refresh the upload.

    A row that somebody else has mended meanwhile, or that is as it was, is left alone. Raises NotMended.
    """
    mended = turns.retried(lambda: _mend(upload.pk, cells))
    upload.refresh_from_db()
    return mended


@transaction.atomic
def _mend(upload_id: int, cells: Mapping[int, Mapping[int, str]]) -> Mended:
    upload = AudienceUpload.objects.select_for_update().get(pk=upload_id)  # who mends at the same moment waits here
    if sentence := why_not(upload):
        raise NotMended(sentence)
    waiting = invalid(upload.rejected.filter(number__in=list(cells)).order_by("number"))
    rows = [row for rejected in waiting if (row := _changed(rejected, cells[rejected.number], len(upload.headers)))]
    if not rows:
        return Mended()
    again = upload.rejected.filter(number__in=[row.number for row in rows])
    again.delete()
    counts = chunks.save(upload, chunks.chunk_of(Reader(upload, upload.headers), rows))
    counts["invalid"] -= len(rows)
    if added := chunks.added(counts):
        AudienceUpload.objects.filter(pk=upload.pk).update(**added)
    refused = counts["invalid"] + len(rows)
    erased = again.filter(code=ERASED).count()
    return Mended(len(rows) - refused - counts["duplicate"] - erased, counts["duplicate"], erased, refused)


def _changed(rejected: RejectedRow, cells: Mapping[int, str], width: int) -> Row | None:
    """The row with its new cells; None where they are the old ones, or nothing stands in it any more."""
    old: list[str] = rejected.values
    new = [
        cells[place] if place in cells and cells[place] != one_line(text) else text for place, text in enumerate(old)
    ]
    try:
        row = tidy(rejected.number, (text.replace("\0", "") for text in new))
    except UnreadableFile as error:
        raise NotMended(error.sentence) from error
    if row is None:
        return None
    values = row.values + [""] * (width - len(row.values))
    return None if values == old else Row(row.number, values)


def one_line(text: str) -> str:
    """The text as a field of one line shows it, and gives it back."""
    return "".join(text.splitlines())
