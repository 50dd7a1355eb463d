"""IMIconnect's door against "Messaging API, voice" (seed 004)."""

from typing import Any

import pytest
import requests

from tests.providers.simulator.breaches import REMOVE, altered, name
from tests.simulating import Simulator

# The document's request body with its placeholders filled; of callflowid and media, one.
SAMPLE: dict[str, Any] = {
    "correlationid": "batch-1",
    "callbackData": "campaign",
    "expiry": "2099-04-12T13:00:19.456Z",
    "priority": "2",
    "deliverychannel": "voice",
    "channels": {"voice": {"callflowid": "184", "cli": "0453745878"}},
    "destination": [
        {"msisdn": ["+919703553011", "+919703553012"], "correlationid": "one"},
        {"msisdn": ["919703553013"]},
    ],
}
DESCRIPTIONS = {
    "7000": "Invalid JSON",
    "7001": "Authentication failed",
    "7002": "Service key missing",
    "7003": "Mandatory parameters missing",
    "7004": "Invalid parameters",
    "7007": "Service inactive",
    "7009": "Max number of destinations",
}


def post(simulator: Simulator, body: object, headers: dict[str, str] | None = None) -> requests.Response:
    url = f"{simulator.url}/imiconnect/resources/v1/messaging"
    return requests.post(url, json=body, headers={"key": "service"} if headers is None else headers, timeout=10)


def code_of(answer: requests.Response) -> str:
    """The code of an answer, whose HTTP status and description must fit it."""
    (item,) = answer.json()["response"]
    assert answer.status_code == 200
    assert item["description"] == {**DESCRIPTIONS, "1001": "Queued"}[item["code"]]
    code: str = item["code"]
    return code


def test_the_sample_request_is_queued(simulator: Simulator) -> None:
    answer = post(simulator, SAMPLE)
    assert code_of(answer) == "1001"
    transid = answer.json()["response"][0]["transid"]
    assert [message["provider_id"] for message in simulator.accepted("imiconnect")] == [transid] * 3


def test_the_destinations_correlation_id_overrides_the_requests(simulator: Simulator) -> None:
    post(simulator, SAMPLE)
    messages = simulator.accepted("imiconnect")
    assert [(m["address"], m["reference"]) for m in messages] == [
        ("+919703553011", "one"),
        ("+919703553012", "one"),
        ("919703553013", "batch-1"),
    ]


@pytest.mark.parametrize(("field", "kind"), [("callflowid", "voice_flow"), ("media", "voice_media")])
def test_a_call_plays_a_flow_or_a_medium(simulator: Simulator, field: str, kind: str) -> None:
    assert code_of(post(simulator, altered(SAMPLE, ("channels", "voice"), {field: "x"}))) == "1001"
    assert (simulator.accepted()[0]["kind"], simulator.accepted()[0]["text"]) == (kind, "x")


@pytest.mark.parametrize("expiry", ["2015-04-12T13:00:19.456Z", "2015-04-12T18:30:19.456+5:30"])
def test_both_documented_forms_of_expiry_are_taken(simulator: Simulator, expiry: str) -> None:
    assert code_of(post(simulator, altered(SAMPLE, ("expiry",), expiry))) == "1001"
    assert simulator.accepted()[0]["content"]["expired"] is True


def test_a_customer_id_stands_for_a_number(simulator: Simulator) -> None:
    body = altered(SAMPLE, ("destination",), [{"customerid": ["c-1"]}])
    assert code_of(post(simulator, body)) == "1001"
    assert simulator.accepted()[0]["address"] == "c-1"


@pytest.mark.parametrize(
    ("headers", "code"),
    [({}, "7002"), ({"key": ""}, "7002"), ({"key": "bad-key"}, "7001"), ({"key": "inactive-1"}, "7007")],
    ids=["absent", "empty", "wrong", "inactive"],
)
def test_wrong_service_keys_have_their_codes(simulator: Simulator, headers: dict[str, str], code: str) -> None:
    assert code_of(post(simulator, SAMPLE, headers)) == code


@pytest.mark.parametrize(("content_type", "body"), [("application/json", "{"), ("text/plain", "{}")])
def test_what_is_no_json_answers_7000(simulator: Simulator, content_type: str, body: str) -> None:
    url = f"{simulator.url}/imiconnect/resources/v1/messaging"
    headers = {"key": "service", "Content-Type": content_type}
    assert code_of(requests.post(url, data=body, headers=headers, timeout=10)) == "7000"


@pytest.mark.parametrize(
    "path",
    [
        ("deliverychannel",),
        ("channels",),
        ("channels", "voice"),
        ("channels", "voice", "callflowid"),
        ("destination",),
        ("destination", 0, "msisdn"),
    ],
    ids=name,
)
def test_a_missing_mandatory_field_answers_7003(simulator: Simulator, path: tuple[str | int, ...]) -> None:
    assert code_of(post(simulator, altered(SAMPLE, path, REMOVE))) == "7003"
    assert simulator.accepted() == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("deliverychannel",), "sms"),
        (("channels",), [{"voice": {"callflowid": "184"}}]),
        (("channels", "sms"), {}),
        (("channels", "voice", "media"), "both"),
        (("channels", "voice", "callflowid"), 184),
        (("channels", "voice", "speed"), "fast"),
        (("destination",), []),
        (("destination",), {"msisdn": ["+919703553010"]}),
        (("destination", 0, "msisdn"), "+919703553010"),
        (("destination", 0, "msisdn"), []),
        (("destination", 0, "msisdn", 0), "09703553010"),
        (("destination", 0, "msisdn", 0), 919703553010),
        (("destination", 0, "customerid"), ["c-1"]),
        (("destination", 0), {"msisdn/customerid": ["+919703553010"]}),
        (("destination", 0, "correlationid"), "x" * 51),
        (("destination", 0, "correlationid"), "é" * 26),
        (("correlationid",), "x" * 51),
        (("callbackData",), "x" * 2049),
        (("notifyurl",), "ftp://example.com/"),
        (("priority",), "4"),
        (("priority",), 2),
        (("expiry",), "tomorrow"),
        (("expiry",), "2099-04-12"),
        (("expiry",), "2099-13-12T13:00:19Z"),
        (("expiry",), "2099-04-12T13:00:19"),
        (("unknown",), 1),
    ],
    ids=name,
)
def test_an_invalid_field_answers_7004(simulator: Simulator, path: tuple[str | int, ...], value: object) -> None:
    assert code_of(post(simulator, altered(SAMPLE, path, value))) == "7004"
    assert simulator.accepted() == []


def test_a_thousand_destinations_are_taken(simulator: Simulator) -> None:
    many = [{"msisdn": [f"+91970355{number:04d}55"]} for number in range(1000)]
    assert code_of(post(simulator, altered(SAMPLE, ("destination",), many))) == "1001"
    assert simulator.totals()["imiconnect"]["accepted"] == 1000


@pytest.mark.parametrize("grouped", [True, False])
def test_more_than_a_thousand_destinations_answer_7009(simulator: Simulator, *, grouped: bool) -> None:
    numbers = [f"+91970355{number:04d}55" for number in range(1001)]
    many = [{"msisdn": numbers}] if grouped else [{"msisdn": [number]} for number in numbers]
    assert code_of(post(simulator, altered(SAMPLE, ("destination",), many))) == "7009"
    assert simulator.accepted() == []
