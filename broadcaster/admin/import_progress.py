"""How far an import is, as its pages say it: a share where the file tells its length, a rate, the time that is left."""

from dataclasses import dataclass

from broadcaster.admin import words
from broadcaster.audience.pace import pace
from broadcaster.models import AudienceUpload

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
    now = pace(upload)
    left = "" if now.left_s is None else words.duration(now.left_s)
    return Progress(now.rows, now.expected, now.percent, now.rate, left)


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
