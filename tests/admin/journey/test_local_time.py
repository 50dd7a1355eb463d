"""Wall clocks and moments, over the nights on which the clocks change too."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.admin.journey.local_time import NoSuchTime, local, moment, zones


def clock(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("wall_clock", "zone", "utc"),
    [
        ("2026-12-24T09:00", "Asia/Jakarta", "2026-12-24T02:00+00:00"),
        ("2026-12-24T03:00", "Asia/Jakarta", "2026-12-23T20:00+00:00"),
        ("2026-07-01T09:00", "Europe/Berlin", "2026-07-01T07:00+00:00"),
        ("2026-01-01T09:00", "Europe/Berlin", "2026-01-01T08:00+00:00"),
        ("2026-01-01T09:00", "Asia/Kathmandu", "2026-01-01T03:15+00:00"),
        ("2026-01-01T09:00", "UTC", "2026-01-01T09:00+00:00"),
    ],
)
def test_a_wall_clock_means_a_moment(wall_clock: str, zone: str, utc: str) -> None:
    found = moment(clock(wall_clock), zone)
    assert (found.utc, found.note) == (datetime.fromisoformat(utc), "")


def test_a_time_that_the_clocks_jump_over_is_refused() -> None:
    with pytest.raises(NoSuchTime) as refused:
        moment(clock("2026-03-29T02:30"), "Europe/Berlin")
    assert refused.value.sentence == (
        "In Europe/Berlin the clocks jump over 02:30 on 29 Mar 2026. Choose 03:30 or another time."
    )


def test_a_time_that_comes_twice_is_the_first_and_says_so() -> None:
    found = moment(clock("2026-10-25T02:30"), "Europe/Berlin")
    assert found.utc == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert found.note.startswith("The clocks go back that night, so 02:30 comes twice in Europe/Berlin")


def test_half_an_hour_of_change_is_a_change() -> None:
    with pytest.raises(NoSuchTime):
        moment(clock("2026-10-04T02:15"), "Australia/Lord_Howe")


@given(
    utc=st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from([name for name, _ in zones()]),
)
def test_a_moment_survives_its_wall_clock(utc: datetime, zone: str) -> None:
    shown = local(utc, zone)
    if not shown.fold:  # the second of two equal wall clocks is read as the first
        assert moment(shown.replace(tzinfo=None), zone).utc == utc


def test_utc_comes_first_and_places_follow() -> None:
    assert zones()[0] == ("UTC", "UTC")
    assert ("Singapore", "Singapore") in zones("Singapore")
    assert ("Asia/Ho_Chi_Minh", "Asia/Ho Chi Minh") in zones()
    assert not any(name.startswith("Etc/") for name, _ in zones())
