"""How far an import is, as its pages say it: a share where the file tells its length, a rate, the time that is left."""

from dataclasses import dataclass

from broadcaster.admin import words
from broadcaster.models import AudienceUpload

NEARLY = 99  # a running import is not done, however many rows were expected
ANNOUNCED_PERCENT = 10

State = AudienceUpload.State


@dataclass(frozen=True, slots=True)
class Progress:
    """`percent` is None where nobody knows the length, `rate` (rows a second) and `left` where nothing can be said."""

    rows: int
    expected: int
    percent: int | None
    rate: float | None
    left: str


def progress(upload: AudienceUpload) -> Progress:
    """How far the import is, at the rate that it had since its start."""
    rows, expected = upload.rows, upload.expected_rows
    known = expected >= rows and expected > 0
    rate = _rate(upload)
    return Progress(
        rows,
        expected,
        min(100 * rows // expected, NEARLY) if known else None,
        rate,
        words.duration(round((expected - rows) / rate)) if known and rate else "",
    )


def _rate(upload: AudienceUpload) -> float | None:
    if not (upload.started_at and upload.touched_at and upload.rows):
        return None
    seconds = (upload.touched_at - upload.started_at).total_seconds()
    return upload.rows / seconds if seconds > 0 else None


def took(upload: AudienceUpload) -> str:
    """How long the import took, in words."""
    if not (upload.started_at and upload.finished_at):
        return ""
    return words.duration(round((upload.finished_at - upload.started_at).total_seconds()))


def announcement(upload: AudienceUpload, now: Progress) -> str:
    """What a screen reader says: the state, and while it is imported each tenth of the way."""
    if upload.state != State.IMPORTING or now.percent is None:
        return f"{upload.get_state_display()}."
    return f"Importing, {now.percent - now.percent % ANNOUNCED_PERCENT} % done."
