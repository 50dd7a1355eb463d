"""Qiscus either way: by file where enough recipients share a template, else one by one."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from providers import Button, Client, OutboundMessage, Outcome, TemplateMessage
from tests.providers.samples import client, message, post
from tests.providers.test_qiscus import CREATED
from tests.providers.test_qiscus_bulk import BALANCE, LAUNCHED, UPLOADED, parts

TEMPLATE = TemplateMessage("invoince_update", "id", ("Nur", "Rp. 30.000"), namespace="6616bb93", template_id=172)


def qiscus(**config: Any) -> Client:
    settings = {"base_url": "https://multichannel.qiscus.com", "app_id": "app-1", "channel_id": 534, "mode": "auto"}
    return client("qiscus", **{**settings, "bulk_from": 3, **config})


def to(count: int, *, first: int = 0, **changes: Any) -> list[OutboundMessage]:
    """Messages to so many people, each with variables of their own."""
    common = {name: changes.pop(name) for name in ("campaign", "send_at") if name in changes}
    numbers = range(first, first + count)
    return [message(replace(TEMPLATE, variables=(f"n{n}", "x"), **changes), number=n, **common) for n in numbers]


def sizes(messages: list[OutboundMessage], **config: Any) -> list[int]:
    groups = list(qiscus(**config).split(messages))
    assert [each.reference for group in groups for each in group] == [each.reference for each in messages]
    return [len(group) for group in groups]


BUTTON = (Button("url", "coba"),)
WAYS: dict[str, tuple[list[OutboundMessage], dict[str, Any], list[int]]] = {
    "nobody": ([], {}, []),
    "one": (to(1), {}, [1]),
    "too few": (to(2), {}, [1, 1]),
    "enough": (to(3), {}, [3]),
    "more than a file holds": (to(9), {"batch_size": 4}, [4, 4, 1]),
    "a rest that is enough": (to(7), {"batch_size": 4}, [4, 3]),
    "enough by default": (to(20), {"bulk_from": ""}, [20]),
    "too few by default": (to(19), {"bulk_from": ""}, [1] * 19),
    "with buttons": (to(3, buttons=BUTTON), {}, [1, 1, 1]),
    "without an ID": (to(3, template_id=None), {}, [1, 1, 1]),
    "no room in the header row": (to(3), {"csv_header": "phone_number,amount"}, [1, 1, 1]),
    "two templates": ([*to(3), *to(2, first=3, template_id=173)], {}, [3, 1, 1]),
    "two campaigns": ([*to(2, campaign="a"), *to(2, first=2, campaign="b")], {}, [1] * 4),
    "two times": ([*to(3), *to(3, first=3, send_at=datetime(2030, 1, 1, tzinfo=UTC))], {}, [3, 3]),
}


@pytest.mark.parametrize(("messages", "config", "expected"), WAYS.values(), ids=WAYS)
def test_way(messages: list[OutboundMessage], config: dict[str, Any], expected: list[int]) -> None:
    assert sizes(messages, **config) == expected


def test_enough_go_by_file() -> None:
    results, [upload, launch] = post(qiscus(), to(3), UPLOADED, LAUNCHED)
    assert [line.split(",")[2] for line in parts(upload)['name="file"; filename="recipients.csv"'].splitlines()] == [
        "body_variable1",
        *("n0", "n1", "n2"),
    ]
    assert json.loads(launch.body)["broadcast_file_id"] == 2272837
    assert [result.provider_id for result in results] == ["14529081"] * 3


def test_too_few_go_one_by_one() -> None:
    results, calls = post(qiscus(), to(2), CREATED, CREATED)
    assert [json.loads(call.body)["variables"] for call in calls] == [["n0", "x"], ["n1", "x"]]
    assert [result.outcome for result in results] == [Outcome.ACCEPTED] * 2


def test_low_balance_holds_the_channel_before_the_file_is_sent() -> None:
    low = {"status": 200, "json": {"broadcast_file_id": 1, **BALANCE, "estimation_charge": {"credit": 3}}}
    results, _ = post(qiscus(), to(3), low)
    assert [result.outcome for result in results] == [Outcome.CHANNEL_HELD] * 3
    assert results[0].error
    assert results[0].error.sentence == "Qiscus would need credits 3 (0 left); top up the account."


def test_halves_of_a_file_that_is_too_large_go_by_file_although_they_are_few() -> None:
    _, calls = post(qiscus(bulk_from=4), to(4), {"status": 413}, UPLOADED, LAUNCHED, UPLOADED, LAUNCHED)
    assert [call.url.rpartition("/")[2] for call in calls[1:]] == ["upload_csv", "send_broadcast"] * 2


def test_one_by_one_is_the_way_of_a_channel_that_says_nothing() -> None:
    assert [len(group) for group in client("qiscus", bulk_from=3).split(to(5))] == [1] * 5
