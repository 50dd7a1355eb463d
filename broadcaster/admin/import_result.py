"""What became of a file's rows, for the page of a broadcast and for the history alike.

`records/upload_import.html` draws it; while a worker is at the file, its first part asks for itself again.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User

from broadcaster.admin import words
from broadcaster.admin.import_progress import announcement, progress, took
from broadcaster.admin.journey.access import may
from broadcaster.audience import rejects
from broadcaster.models import AudienceUpload, RejectedRow

MOVING = (AudienceUpload.State.IMPORTING, AudienceUpload.State.UNDOING)
EVERY_S = 1
FIELDS = 600  # of a form, which is as much as a person fills in; the settings take 2,000
ADDRESSES, NAMED = ("phone", "identifier"), ("name", "language")  # the columns that come first, and next
PARTS = {
    "new": ("New contacts", "They were not known before."),
    "updated": ("Updated contacts", "The file said something new of them."),
    "unchanged": ("Unchanged contacts", "They are in the audience; the file said nothing new of them."),
    "suppressed": ("Opted out", "They asked not to be written to, and get nothing."),
    "duplicate": ("Duplicate", "The person stands further up in the file; the first row counts."),
    "invalid": ("Invalid", "Something is wrong with the row; nobody came of it."),
}


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the rows: `percent` of them all, for the width of the bar."""

    name: str
    label: str
    meaning: str
    rows: int
    percent: float

    @property
    def share(self) -> str:
        """The percentage in words; a few rows of very many are not none."""
        if not self.rows:
            return "0 %"
        return f"{self.percent:.1f} %" if self.percent >= 0.1 else "< 0.1 %"  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a refused row in the form: the column's name, and the text as one line shows it."""

    name: str
    header: str
    text: str
    is_phone: bool


@dataclass(frozen=True, slots=True)
class Mending:
    """A refused row in the form."""

    number: int
    reason: str
    cells: list[Cell]


def result(
    upload: AudienceUpload, user: User | AnonymousUser, *, address: str, broadcast_id: int = 0
) -> dict[str, Any]:
    """What the template shows. `address` is where its moving part is; `broadcast_id` of the page to come back to."""
    now = progress(upload)
    may_import = may(user, "add_audienceupload")
    return {
        "upload": upload,
        "progress": now,
        "took": took(upload),
        "finished": words.local_time(upload.finished_at, settings.TIME_ZONE),
        "taken_back": words.local_time(upload.touched_at, settings.TIME_ZONE),
        "stayed": max(upload.accepted + upload.suppressed - upload.removed, 0),
        "announcement": announcement(upload, now),
        "every_s": EVERY_S if upload.state in MOVING else 0,
        "address": address,
        "back_to": broadcast_id,
        "parts": parts(upload),
        "reasons": rejects.reasons(upload) if upload.state not in MOVING else None,
        "may_see": may(user, "view_audienceupload"),
        "may_import": may_import,
        "may_take_back": may_take_back(user) and upload.state in AudienceUpload.ENDED and upload.rows,
        **(_mending(upload) if may_import and upload.state in AudienceUpload.ENDED else {}),
    }


def may_take_back(user: User | AnonymousUser) -> bool:
    """Whoever may import people and delete them."""
    return may(user, "add_audienceupload") and may(user, "delete_contact")


def parts(upload: AudienceUpload) -> list[Part]:
    """Every row of the file once, by what became of it."""
    counts = {name: getattr(upload, name) for name in PARTS}
    return [
        Part(name, label, meaning, counts[name], 100 * counts[name] / upload.rows if upload.rows else 0)
        for name, (label, meaning) in PARTS.items()
    ]


def _mending(upload: AudienceUpload) -> dict[str, Any]:
    rows = rejects.few(upload)
    if not rows:
        return {}
    if sentence := rejects.why_not(upload):
        return {"not_mended": sentence}
    places = _places(upload, len(rows))
    return {"mending": [Mending(row.number, row.reason, _cells(upload, row, places)) for row in rows]}


def _places(upload: AudienceUpload, rows: int) -> list[int]:
    """The columns that are read, the address first; where that is too much for a form, only who it is."""
    roles = {place: upload.mapping.get(header, {}).get("role", "ignore") for place, header in enumerate(upload.headers)}
    ranked = (*ADDRESSES, *NAMED)
    used = [place for place, role in roles.items() if role != "ignore"]
    used.sort(key=lambda place: ranked.index(roles[place]) if roles[place] in ranked else len(ranked))
    return used if rows * len(used) <= FIELDS else [place for place in used if roles[place] in ranked]


def _cells(upload: AudienceUpload, row: RejectedRow, places: list[int]) -> list[Cell]:
    values: list[str] = row.values
    return [
        Cell(
            f"cell-{row.number}-{place}",
            upload.headers[place],
            rejects.one_line(values[place]),
            upload.mapping[upload.headers[place]]["role"] == "phone",
        )
        for place in places
        if place < len(values)
    ]
