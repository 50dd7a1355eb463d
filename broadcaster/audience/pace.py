"""How far an import is, in numbers: a share where the file tells its length, a rate, the seconds that are left."""

from dataclasses import dataclass

from broadcaster.models import AudienceUpload

NEARLY = 99  # a running import is not done, however many rows were expected


@dataclass(frozen=True, slots=True)
class Pace:
    """`percent` is None where nobody knows the length, `rate` (rows a second) and `left_s` where nobody can say."""

    rows: int
    expected: int
    percent: int | None
    rate: float | None
    left_s: int | None


def pace(upload: AudienceUpload) -> Pace:
    """How far the import is, at the rate that it had since its start."""
    rows, expected, rate = upload.rows, upload.expected_rows, _rate(upload)
    known = expected >= rows and expected > 0
    percent = min(100 * rows // expected, NEARLY) if known else None
    return Pace(rows, expected, percent, rate, round((expected - rows) / rate) if known and rate else None)


def _rate(upload: AudienceUpload) -> float | None:
    if not (upload.started_at and upload.touched_at and upload.rows):
        return None
    seconds = (upload.touched_at - upload.started_at).total_seconds()
    return upload.rows / seconds if seconds > 0 else None
