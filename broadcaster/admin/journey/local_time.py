"""Wall-clock times of a zone, as people write them, become moments; a clock change in between is said in words."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from broadcaster.errors import Explained

UTC_NAME = "UTC"
SKIPPED_PREFIXES = ("Etc/", "SystemV/", "posix/", "right/")
EXAMPLE = "%d %b %Y, %H:%M"


class NoSuchTime(Explained, ValueError):  # noqa: N818  named in the operator's words
    """The clocks jump over this time; `sentence` says so to a person."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in UTC; `note` says which one was taken where the wall clock shows the time twice."""

    utc: datetime
    note: str = ""


def moment(wall_clock: datetime, zone_name: str) -> Moment:
    """The moment at which a clock in the zone shows this naive time. Raises NoSuchTime."""
    zone = ZoneInfo(zone_name)
    first, second = (wall_clock.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    utc = first.astimezone(UTC)
    if utc.astimezone(zone).replace(tzinfo=None) != wall_clock:
        raise NoSuchTime(
            f"In {zone_name} the clocks jump over {wall_clock:%H:%M} on {wall_clock:%d %b %Y}. "
            f"Choose {(wall_clock + timedelta(hours=1)):%H:%M} or another time."
        )
    if first.utcoffset() != second.utcoffset():
        note = f"The clocks go back that night, so {wall_clock:%H:%M} comes twice in {zone_name}; the first is taken."
        return Moment(utc, note)
    return Moment(utc)


def local(utc: datetime, zone_name: str) -> datetime:
    """The moment as a clock in the zone shows it."""
    return utc.astimezone(ZoneInfo(zone_name))


@cache
def zones(own: str = UTC_NAME) -> tuple[tuple[str, str], ...]:
    """(name, words) of UTC, of the broadcast's own zone, and of each place that people live in."""
    places = {name for name in available_timezones() if "/" in name and not name.startswith(SKIPPED_PREFIXES)}
    listed = sorted((places | {own}) - {UTC_NAME})
    return ((UTC_NAME, UTC_NAME), *((name, name.replace("_", " ")) for name in listed))
