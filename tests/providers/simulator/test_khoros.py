"""Khoros Flow's door against "Broadcast to MSISDN" (seed 000)."""

from typing import Any

import pytest
import requests

from tests.providers.simulator.breaches import REMOVE, altered, name
from tests.simulating import Simulator

# The document's two examples.
TEXT = {
    "audience": [{"name": "John Doe", "phoneNumber": "+12345678901", "profile": {}}],
    "channel": {"channelName": "whatsapp", "externalId": "+12345678902"},
    "payload": {"type": "text", "speech": "I'm searching for the address of your store in New York"},
}
EVENT = {
    "audience": [{"name": "John Doe", "phoneNumber": "+12345678901", "profile": {}}],
    "channel": {"channelName": "whatsapp", "externalId": "+10987654321"},
    "payload": {"type": "event", "eventName": "Send template"},
}
METADATA = {"language": "fr", "timezone": "-2", "params": {"customerId": [{"value": "123"}]}}
GOOD_KEY = {"Authorization": "MY_MESSAGING_API_KEY"}


def post(simulator: Simulator, body: object, headers: dict[str, str] = GOOD_KEY) -> requests.Response:
    return requests.post(f"{simulator.url}/khoros/rest/v1/broadcast/instant", json=body, headers=headers, timeout=10)


@pytest.mark.parametrize("sample", [TEXT, EVENT], ids=["text", "event"])
def test_the_sample_requests_are_accepted(simulator: Simulator, sample: dict[str, Any]) -> None:
    answer = post(simulator, sample)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    (message,) = simulator.accepted("khoros")
    assert (message["address"], message["kind"]) == ("+12345678901", sample["payload"]["type"])


@pytest.mark.parametrize("channel", ["rbm", "messagemedia", "telekom", "twilio", "whatsapp", "khoros", "messenger"])
def test_all_seven_channel_names_are_known(simulator: Simulator, channel: str) -> None:
    assert post(simulator, altered(EVENT, ("channel", "channelName"), channel)).status_code == 200


def test_an_identifier_stands_for_a_phone_number(simulator: Simulator) -> None:
    body = altered(EVENT, ("audience",), [{"name": "Anonymous", "identifier": "page-scoped-77"}])
    assert post(simulator, body).status_code == 200
    assert simulator.accepted("khoros")[0]["address"] == "page-scoped-77"


def test_metadata_holds_lists_of_values(simulator: Simulator) -> None:
    assert post(simulator, altered(EVENT, ("payload", "metadata"), METADATA)).status_code == 200
    assert simulator.accepted("khoros")[0]["content"]["metadata"] == METADATA


def test_unknown_fields_of_an_originator_pass_for_its_format_is_open(simulator: Simulator) -> None:
    assert post(simulator, altered(EVENT, ("audience", 0, "nickname"), "Jo")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": ""}, {"Authorization": "Bearer key"}, {"Authorization": "bad-key"}],
    ids=["absent", "empty", "scheme word", "wrong"],
)
def test_the_bare_key_is_the_only_credential(simulator: Simulator, headers: dict[str, str]) -> None:
    answer = post(simulator, TEXT, headers)
    assert answer.status_code == 401
    assert answer.json()["status"] == "error"


def test_a_key_that_nobody_selected_is_refused_in_other_words(simulator: Simulator) -> None:
    answer = post(simulator, TEXT, {"Authorization": "unselected-key"})
    assert (answer.status_code, answer.json()["status"]) == (403, "error")


@pytest.mark.parametrize(("key", "status"), [("key", 200), ("bad-key", 401), ("unselected-key", 403), ("", 401)])
def test_segments_show_whether_a_key_works_and_send_nothing(simulator: Simulator, key: str, status: int) -> None:
    url = f"{simulator.url}/khoros/rest/v1/broadcast/segments?sync=true"
    answer = requests.get(url, headers={"Authorization": key}, timeout=10)
    assert answer.status_code == status
    assert answer.json()["status"] == ("ok" if status == 200 else "error")
    assert simulator.accepted() == []


def test_json_is_the_only_content_type(simulator: Simulator) -> None:
    url = f"{simulator.url}/khoros/rest/v1/broadcast/instant"
    assert requests.post(url, data="{}", headers=GOOD_KEY, timeout=10).status_code == 415


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("audience",), REMOVE),
        (("audience",), []),
        (("audience",), {}),
        (("audience", 0, "name"), REMOVE),
        (("audience", 0, "phoneNumber"), REMOVE),
        (("audience", 0, "phoneNumber"), "12345678901"),
        (("audience", 0, "phoneNumber"), 12345678901),
        (("audience", 0, "profile"), []),
        (("audience", 0, "profile"), {"gender": "X"}),
        (("channel",), REMOVE),
        (("channel", "channelName"), "WhatsApp"),
        (("channel", "channelName"), REMOVE),
        (("channel", "externalId"), REMOVE),
        (("channel", "externalId"), 12345678902),
        (("channel", "extra"), 1),
        (("payload",), REMOVE),
        (("payload", "type"), REMOVE),
        (("payload", "type"), "template"),
        (("payload", "speech"), REMOVE),
        (("payload", "speech"), " "),
        (("payload", "eventName"), "x"),
        (("payload", "metadata"), {"params": {"customerId": "123"}}),
        (("payload", "metadata"), {"params": {"customerId": [{"id": "123"}]}}),
        (("scheduledAt",), "2030-01-01T00:00:00Z"),
    ],
    ids=name,
)
def test_a_breach_of_the_document_answers_400(simulator: Simulator, path: tuple[str | int, ...], value: object) -> None:
    answer = post(simulator, altered(TEXT, path, value))
    assert (answer.status_code, answer.json()["status"]) == (400, "error")
    assert simulator.accepted() == []


def test_an_event_needs_its_name(simulator: Simulator) -> None:
    assert post(simulator, altered(EVENT, ("payload", "eventName"), REMOVE)).status_code == 400
