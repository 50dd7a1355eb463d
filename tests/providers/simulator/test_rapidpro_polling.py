"""RapidPro's door, asked: lists, filters, cursors, and statuses that grow with time."""

import base64
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from tests.providers.simulator.rapidpro_samples import TOKEN, create, get
from tests.simulating import Simulator, wait_until


def listed(simulator: Simulator, endpoint: str, **query: object) -> list[Any]:
    results: list[Any] = get(simulator, endpoint, **query).json()["results"]
    return results


def follow(page: dict[str, Any], link: str) -> list[dict[str, Any]]:
    """This page and all that its `next` or `previous` lead to."""
    pages = [page]
    while pages[-1][link] is not None:
        pages.append(requests.get(pages[-1][link], headers=TOKEN, timeout=10).json())
    return pages


def ids(pages: list[dict[str, Any]]) -> list[list[int]]:
    return [[item["id"] for item in page["results"]] for page in pages]


def test_broadcasts_are_listed_newest_first(simulator: Simulator) -> None:
    first, second = create(simulator)["id"], create(simulator)["id"]
    answer = get(simulator, "broadcasts").json()
    assert [item["id"] for item in answer["results"]] == [second, first]
    assert (answer["next"], answer["previous"]) == (None, None)


@pytest.mark.parametrize("field", ["id", "uuid"])
def test_one_broadcast_is_found_by_its_id(simulator: Simulator, field: str) -> None:
    wanted = create(simulator)
    create(simulator)
    assert [item["id"] for item in listed(simulator, "broadcasts", **{field: wanted[field]})] == [wanted["id"]]


def test_an_unknown_id_finds_nothing(simulator: Simulator) -> None:
    create(simulator)
    assert listed(simulator, "broadcasts", id=999_999_999) == []
    assert listed(simulator, "messages", broadcast=999_999_999) == []


def test_an_id_of_zero_is_no_filter(simulator: Simulator) -> None:
    create(simulator)
    assert len(listed(simulator, "broadcasts", id=0)) == 1


@pytest.mark.parametrize(
    ("endpoint", "query", "status", "detail"),
    [
        ("broadcasts", {"id": "x"}, 400, "Value for id must be an integer"),
        ("broadcasts", {"uuid": "x"}, 400, "Param 'uuid': x is not a valid UUID."),
        ("messages", {"broadcast": "x"}, 400, "Value for broadcast must be an integer"),
        ("broadcasts", {"cursor": "%%%"}, 404, "Invalid cursor"),
        ("messages", {"cursor": base64.b64encode(b"p=junk").decode()}, 404, "Invalid cursor"),
        ("messages", {"cursor": base64.b64encode(b"q=1").decode()}, 404, "Invalid cursor"),
    ],
)
def test_a_wrong_filter_is_refused(
    simulator: Simulator, endpoint: str, query: dict[str, str], status: int, detail: str
) -> None:
    answer = get(simulator, endpoint, **query)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


def test_before_and_after_are_inclusive(simulator: Simulator) -> None:
    first, second, third = (create(simulator) for _ in range(3))
    at = second["created_on"]
    assert [b["id"] for b in listed(simulator, "broadcasts", before=at)] == [second["id"], first["id"]]
    assert [b["id"] for b in listed(simulator, "broadcasts", after=at)] == [third["id"], second["id"]]


def test_an_unreadable_time_matches_nothing(simulator: Simulator) -> None:
    create(simulator)
    assert listed(simulator, "broadcasts", after="yesterday") == []


def test_moments_never_repeat(simulator: Simulator) -> None:
    create(simulator, *(f"tel:+2507881231{number}" for number in range(20, 30)))
    messages = listed(simulator, "messages")
    moments = [datetime.fromisoformat(message["created_on"]) for message in messages]
    assert moments == [moments[-1] + timedelta(microseconds=number) for number in range(9, -1, -1)]


def many(simulator: Simulator) -> list[int]:
    """The ids of 3 times 100 messages, newest first."""
    for _ in range(3):
        create(simulator, *(f"tel:+2507881{number:03d}55" for number in range(100)))
    return [message["n"] for message in reversed(simulator.accepted("rapidpro"))]


def test_cursors_lead_through_all_messages_once(simulator: Simulator) -> None:
    expected = many(simulator)
    pages = follow(get(simulator, "messages").json(), "next")
    assert ids(pages) == [expected[:250], expected[250:]]


def test_cursors_lead_back_again(simulator: Simulator) -> None:
    expected = many(simulator)
    last = follow(get(simulator, "messages").json(), "next")[-1]
    back = follow(last, "previous")
    assert ids(back) == [expected[250:], expected[:250]]
    assert ids(follow(back[-1], "next")) == [expected[:250], expected[250:]]


def test_cursors_keep_the_other_filters(simulator: Simulator) -> None:
    many(simulator)
    broadcast = listed(simulator, "broadcasts")[-1]["id"]
    page = get(simulator, "messages", before=listed(simulator, "messages")[10]["created_on"]).json()
    assert "before=" in page["next"]
    assert {m["broadcast"] for m in listed(simulator, "messages", broadcast=broadcast)} == {broadcast}
    assert len(listed(simulator, "messages", broadcast=broadcast)) == 100


def statuses(simulator: Simulator, broadcast: int) -> list[str]:
    return [message["status"] for message in reversed(listed(simulator, "messages", broadcast=broadcast))]


def test_messages_move_on_until_they_are_delivered_read_or_failed(simulator: Simulator) -> None:
    simulator.configure(receipt_delay_ms=100)
    urns = ("tel:+250788123121", "tel:+250788123123", "tel:+250788120004", "tel:+250788120009")
    broadcast = create(simulator, *urns)["id"]
    wait_until(lambda: statuses(simulator, broadcast) == ["delivered", "read", "failed", "failed"])
    (shown,) = listed(simulator, "broadcasts", id=broadcast)
    assert shown["status"] == "completed"


def test_messages_wait_in_the_queue_at_first(simulator: Simulator) -> None:
    simulator.configure(receipt_delay_ms=600_000)
    created = create(simulator)
    assert created["status"] == "queued"
    assert statuses(simulator, created["id"]) == ["queued"]
