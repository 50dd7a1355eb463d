"""Lists in pages: every row once, whichever way one walks, and every crooked parameter answered."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from broadcaster.models import Broadcast, Channel
from tests.api.calling import Program

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
ROWS = 620  # two whole pages and a part


@pytest.fixture
def listed(channel: Channel) -> list[int]:
    """The keys of many broadcasts in the order of a list; each moment has dozens of them."""
    made = Broadcast.objects.bulk_create(
        Broadcast(name=f"June {number}", state="cancelled", channel=channel) for number in range(ROWS)
    )
    for number, broadcast in enumerate(made):
        broadcast.created_at = START + timedelta(seconds=number * 7 % 10)
    Broadcast.objects.bulk_update(made, ["created_at"])
    return [each.pk for each in sorted(made, key=lambda each: (each.created_at, each.pk), reverse=True)]


def walk(program: Program, place: str, link: str) -> Iterator[dict[str, Any]]:
    """The pages from here on, along this link."""
    page = program.get(place)
    while True:
        assert program.status == 200, page
        yield page
        if not page[link]:
            return
        page = program.get(page[link])


def keys(page: dict[str, Any]) -> list[int]:
    return [row["id"] for row in page["results"]]


def test_every_row_comes_once_there_and_back(program: Program, listed: list[int]) -> None:
    there = list(walk(program, "broadcasts.json?after=2026-01-01", "next"))
    assert [len(keys(page)) for page in there] == [250, 250, 120]
    assert [key for page in there for key in keys(page)] == listed
    assert "after=2026-01-01" in there[0]["next"]
    back = list(walk(program, there[1]["next"], "previous"))
    assert [keys(page) for page in back] == [keys(page) for page in reversed(there)]
    assert (there[0]["previous"], back[-1]["previous"], there[-1]["next"]) == (None, None, None)
    assert program.get(back[-1]["next"])["results"] == there[1]["results"]


def test_links_are_absolute_and_keep_the_host(program: Program, listed: list[int]) -> None:
    link = program.get("broadcasts.json", Host="localhost:9000")["next"]
    assert link.startswith("http://localhost:9000/api/v2/broadcasts.json?cursor=")


def test_a_row_that_comes_meanwhile_moves_no_other(program: Program, listed: list[int]) -> None:
    link = program.get("broadcasts.json")["next"]
    Broadcast.objects.create(name="New", state="cancelled")
    assert keys(program.get(link)) == listed[250:500]


@pytest.mark.parametrize(
    "cursor",
    [
        "x", "é", "%00", "cD0yMDI2", "A" * 5000,
        *(urlsafe_b64encode(text.encode()).decode() for text in (
            "i=1", "p=yesterday&i=1", "p=2026-01-01&i=x", "p=2026-01-01", "p=2026-01-01&i=-1",
            f"p=2026-01-01&i={2**63}", "p=2026-01-01&i=" + "9" * 5000, "p=0001-01-01T00:00:00%2B14:00&i=1",
            "p=2026-01-01%00&i=1", "a", "p&i",
        )),
    ],
)  # fmt: skip
def test_a_crooked_cursor_is_not_found(program: Program, listed: list[int], cursor: str) -> None:
    assert program.told("GET", f"broadcasts.json?cursor={cursor}") == (404, {"detail": "Invalid cursor"})


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("before=2026-06-01T12:00:00Z", 62),  # both ends are in it
        ("after=2026-06-01T12:00:09Z", 62),
        ("after=2026-06-01T12:00:00.000000Z&before=2026-06-01T12:00:01Z", 124),
        ("after=2026-06-01T19:00:09%2B07:00", 62),
        ("after=2026-06-01T12:00:09", 62),
        ("before=2026-06-01", 0),
        ("after=2026-06-01", 250),
        ("after=yesterday", 0),
        ("after=%00", None),
        ("before=9999-12-31T23:59:59-14:00", 0),
        ("id=0", 250),
        ("id=99999999999999999999999", 0),
    ],
)
def test_a_time_or_a_key_narrows_the_list(program: Program, listed: list[int], query: str, found: int | None) -> None:
    status, told = program.told("GET", f"broadcasts.json?{query}")
    assert (status, len(told.get("results", ()))) == ((400, 0) if found is None else (200, found))


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("id=x", "Value for id must be an integer"),
        ("id=" + "9" * 5000, "Value for id must be an integer"),
        ("uuid=x", "Param 'uuid': x is not a valid UUID."),
        ("uuid=%00", "Param 'uuid': NUL is no character."),
    ],
)
def test_a_crooked_parameter_is_refused_in_the_words_that_clients_know(
    program: Program, query: str, detail: str
) -> None:
    assert program.told("GET", f"broadcasts.json?{query}") == (400, {"detail": detail})


def test_one_is_found_by_its_key_and_by_its_uuid(program: Program, listed: list[int]) -> None:
    one = Broadcast.objects.get(pk=listed[300])
    assert keys(program.get(f"broadcasts.json?id={one.pk}")) == [one.pk]
    assert keys(program.get(f"broadcasts.json?uuid={one.uuid}")) == [one.pk]
    assert keys(program.get(f"broadcasts.json?uuid={one.uuid}&id={listed[0]}")) == []
