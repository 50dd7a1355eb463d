"""Qiscus' door against "Send Outbound Message" (seed 003)."""

import json
from typing import Any

import pytest
import requests

from tests.providers.simulator.breaches import REMOVE, altered, name
from tests.simulating import Simulator

KEYS = {"Qiscus-App-Id": "app-code", "Qiscus-Secret-Key": "secret"}
# The document's sample request.
SAMPLE: dict[str, Any] = {
    "channel_id": 534,
    "name": "Test Broadcast",
    "template_name": "invoince_update",
    "template_detail_id": 172,
    "namespace": "6616bb93_d895_41e7_8bbe_2c528219e56e",
    "language": "id",
    "variables": ["Nurcholis", "Rp. 30.000", "10 Maret 2022"],
    "phone_number": "6281527975868",
    "button_params": [{"type": "url", "values": "coba", "index": 0}],
    "started_at": "2022-03-05T10:15:00.000Z",
}
CSV = "phone_number,body_variable1,body_variable2\r\n6281527975861,Ann,1\r\n6281527975862,Bob,2\r\n"


def call(simulator: Simulator, endpoint: str, *, headers: dict[str, str] = KEYS, **body: Any) -> requests.Response:
    url = f"{simulator.url}/qiscus/api/v3/admin/broadcast/{endpoint}"
    return requests.post(url, headers=headers, timeout=10, **body)


def upload(simulator: Simulator, content: str | bytes = CSV, **form: str) -> requests.Response:
    fields = {"template_detail_id": "172", "separator": ",", **form}
    return call(simulator, "upload_csv", data=fields, files={"file": ("recipients.csv", content, "text/csv")})


def order(simulator: Simulator, content: str = CSV, /, **changes: object) -> requests.Response:
    file_id = upload(simulator, content).json()["broadcast_file_id"]
    body = {"template_detail_id": 172, "broadcast_file_id": file_id, "name": "Test Cholis 3", "separator": ","}
    return call(simulator, "send_broadcast", json={**body, **changes})


def logs(simulator: Simulator, job_id: int, **query: object) -> requests.Response:
    url = f"{simulator.url}/qiscus/api/v3/admin/broadcast/{job_id}/logs"
    return requests.get(url, headers=KEYS, params={k: str(v) for k, v in query.items()}, timeout=10)


def test_the_sample_request_gets_the_sample_response(simulator: Simulator) -> None:
    answer = call(simulator, "client", json=SAMPLE)
    body = answer.json()
    (log,) = body["data"]["broadcast_logs"]
    assert (answer.status_code, body["status"], body["data"]["name"]) == (200, 200, "invoince_update")
    assert isinstance(body["data"]["broadcast_job_id"], int)
    assert isinstance(log.pop("id"), int)
    assert log == {
        "message_id": None,
        "notes": None,
        "phone_number": "6281527975868",
        "sent_at": "2022-03-05T10:15:00Z",
        "status": "scheduled",
        "variables": '["Nurcholis","Rp. 30.000","10 Maret 2022"]',
    }


def test_what_was_accepted_is_on_record(simulator: Simulator) -> None:
    job_id = call(simulator, "client", json=SAMPLE).json()["data"]["broadcast_job_id"]
    (message,) = simulator.accepted("qiscus")
    assert (message["address"], message["provider_id"]) == ("6281527975868", str(job_id))
    assert message["content"]["variables"] == SAMPLE["variables"]
    assert message["content"]["buttons"] == ["coba"]


@pytest.mark.parametrize("field", ["channel_id", "name", "template_detail_id", "button_params", "started_at"])
def test_optional_fields_may_be_left_out(simulator: Simulator, field: str) -> None:
    assert call(simulator, "client", json=altered(SAMPLE, (field,), REMOVE)).status_code == 200


@pytest.mark.parametrize("header", list(KEYS))
@pytest.mark.parametrize("value", ["", "bad-one"])
@pytest.mark.parametrize("endpoint", ["client", "upload_csv", "send_broadcast"])
def test_both_credentials_are_asked_for(simulator: Simulator, endpoint: str, header: str, value: str) -> None:
    answer = call(simulator, endpoint, json=SAMPLE, headers={**KEYS, header: value})
    assert (answer.status_code, answer.json()["status"]) == (401, 401)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("channel_id",), "534"),
        (("channel_id",), True),
        (("template_name",), REMOVE),
        (("namespace",), REMOVE),
        (("language",), REMOVE),
        (("template_detail_id",), "172"),
        (("variables",), REMOVE),
        (("variables",), "Nurcholis"),
        (("variables", 0), 5),
        (("phone_number",), REMOVE),
        (("phone_number",), "+6281527975868"),
        (("phone_number",), "081527975868"),
        (("phone_number",), 6281527975868),
        (("started_at",), "tomorrow"),
        (("started_at",), "2022-03-05"),
        (("started_at",), 1646475300),
        (("button_params",), {}),
        (("button_params", 0, "index"), "0"),
        (("button_params", 0, "payload"), "x"),
        (("header_value",), "Harvest"),
        (("header_value",), {"type": "image", "text": "https://example.org/a.png"}),
        (("header_value",), {"type": "text", "text": ""}),
        (("hide_variables",), "true"),
        (("unknown",), 1),
    ],
    ids=name,
)
def test_a_breach_of_the_table_answers_400(simulator: Simulator, path: tuple[str | int, ...], value: object) -> None:
    answer = call(simulator, "client", json=altered(SAMPLE, path, value))
    assert (answer.status_code, answer.json()["status"]) == (400, 400)
    assert simulator.accepted() == []


def test_the_help_pages_further_fields_are_taken(simulator: Simulator) -> None:
    further = {"header_value": {"type": "text", "text": "Harvest"}, "hide_variables": True}
    assert call(simulator, "client", json={**SAMPLE, **further}).status_code == 200
    assert simulator.accepted("qiscus")[0]["content"]["header"] == "Harvest"


def test_a_single_message_must_be_json(simulator: Simulator) -> None:
    assert call(simulator, "client", data={"channel_id": "534"}).status_code == 415


def test_the_logs_of_a_job_come_in_pages(simulator: Simulator) -> None:
    job_id = order(simulator).json()["data"]["broadcast_job"]["id"]
    first, second, third = (logs(simulator, job_id, page=page, limit=1).json() for page in (1, 2, 3))
    phones = [log["phone_number"] for page in (first, second, third) for log in page["data"]["broadcast_logs"]]
    assert phones == ["6281527975861", "6281527975862"]
    assert first["meta"] == {"total": 2}
    assert json.loads(second["data"]["broadcast_logs"][0]["variables"]) == ["Bob", "2"]


def test_a_scheduled_message_waits_for_its_time(simulator: Simulator) -> None:
    body = call(simulator, "client", json=altered(SAMPLE, ("started_at",), "2999-01-01T00:00:00Z")).json()
    (log,) = logs(simulator, body["data"]["broadcast_job_id"]).json()["data"]["broadcast_logs"]
    assert (log["status"], log["message_id"], log["sent_at"]) == ("scheduled", None, "2999-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("job_id", "query", "status"), [(1, {}, 404), (None, {"page": 0}, 400), (None, {"limit": "x"}, 400)]
)
def test_a_wrong_question_for_logs_is_refused(
    simulator: Simulator, job_id: int | None, query: dict[str, object], status: int
) -> None:
    known: int = call(simulator, "client", json=SAMPLE).json()["data"]["broadcast_job_id"]
    assert logs(simulator, job_id or known, **query).status_code == status
