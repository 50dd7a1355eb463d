"""Qiscus, one by one: the request of the gist, its answer, and what has to be made of the undocumented ones."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from providers import (
    Button,
    Client,
    ConfigurationError,
    Media,
    OutboundMessage,
    Outcome,
    TemplateMessage,
)
from tests.providers.samples import SECRET, client, message, post

URL = "https://multichannel.qiscus.com/api/v3/admin/broadcast/client"
INVOICE = TemplateMessage(
    "invoince_update",
    "id",
    ("Nurcholis", "Rp. 30.000", "10 Maret 2022"),
    namespace="6616bb93_d895_41e7_8bbe_2c528219e56e",
    template_id=172,
    buttons=(Button("url", "coba"),),
)
LOG = {
    "id": 25702462,
    "message_id": None,
    "notes": None,
    "phone_number": "6281527975868",
    "sent_at": "2022-03-05T10:15:00Z",
    "status": "scheduled",
    "variables": '["Nurcholis","Rp. 30.000","10 Maret 2022"]',
}
CREATED = {
    "status": 200,
    "json": {
        "data": {"broadcast_job_id": 14528583, "broadcast_logs": [LOG], "language": "id", "name": "invoince_update"},
        "status": 200,
    },
}


def qiscus(**config: Any) -> Client:
    settings = {"base_url": "https://multichannel.qiscus.com", "app_id": "app-1", "channel_id": "534", **config}
    return client("qiscus", **settings)


REQUESTS: dict[str, tuple[OutboundMessage, dict[str, Any]]] = {
    "as in the gist": (
        message(INVOICE, campaign="Test Broadcast", send_at=datetime(2022, 3, 5, 10, 15, tzinfo=UTC)),
        {
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
        },
    ),
    "with the least": (
        message(TemplateMessage("hello", "en", namespace="6616bb93")),
        {
            "channel_id": 534,
            "name": "hello",
            "template_name": "hello",
            "namespace": "6616bb93",
            "language": "en",
            "variables": [],
            "phone_number": "6281527975868",
        },
    ),
}


def failed(notes: object, status: object = "failed") -> dict[str, Any]:
    logs = [{**LOG, "status": status, "notes": notes}]
    return {"status": 200, "json": {"data": {"broadcast_job_id": 1, "broadcast_logs": logs}, "status": 200}}


ANSWERS: dict[str, tuple[dict[str, Any], Outcome, str]] = {
    "created": (CREATED, Outcome.ACCEPTED, ""),
    "job as a text": ({"status": 200, "json": {"data": {"broadcast_job_id": "14528583"}}}, Outcome.ACCEPTED, ""),
    "no job": ({"status": 200, "json": {"data": {}, "status": 200}}, Outcome.UNKNOWN, ""),
    "failed at once": (failed("not a WhatsApp number"), Outcome.REJECTED, "failed"),
    "cancelled at once": (failed(None, "canceled"), Outcome.REJECTED, "failed"),
    "no under a yes": (
        {"status": 200, "json": {"status": 401}},
        Outcome.CHANNEL_REJECTED,
        "HTTP 401",
    ),
    "bad payload under a yes": ({"status": 200, "json": {"status": 422}}, Outcome.REJECTED, "HTTP 422"),
    "wrong key": ({"status": 401, "json": {"errors": {"message": "no"}}}, Outcome.CHANNEL_REJECTED, "HTTP 401"),
    "no right": ({"status": 403, "json": {}}, Outcome.CHANNEL_REJECTED, "HTTP 403"),
    "wrong address": ({"status": 404, "body": ""}, Outcome.CHANNEL_REJECTED, "HTTP 404"),
    "bad payload": ({"status": 400, "json": {"error": "template"}}, Outcome.REJECTED, "HTTP 400"),
    "bad payload, other status": ({"status": 422, "json": {}}, Outcome.REJECTED, "HTTP 422"),
    "too fast": ({"status": 429, "json": {}}, Outcome.RETRY, "HTTP 429"),
    "its own trouble": ({"status": 500, "json": {}}, Outcome.RETRY, "HTTP 500"),
    "its own trouble under a yes": ({"status": 200, "json": {"status": 500}}, Outcome.RETRY, "HTTP 500"),
    "lost behind a gateway": ({"status": 502, "body": ""}, Outcome.UNKNOWN, "HTTP 502"),
}


@pytest.mark.parametrize(("outgoing", "body"), REQUESTS.values(), ids=REQUESTS)
def test_request(outgoing: OutboundMessage, body: dict[str, Any]) -> None:
    _, [request] = post(qiscus(), [outgoing], CREATED)
    assert (request.method, request.url) == ("POST", URL)
    assert json.loads(request.body) == body


def test_headers_carry_the_app_and_its_key() -> None:
    _, [request] = post(qiscus(), [message(INVOICE)], CREATED)
    assert dict(request.headers) == {
        "User-Agent": "broadcaster",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/json",
        "Qiscus-App-Id": "app-1",
        "Qiscus-Secret-Key": SECRET,
        "Content-Length": str(len(request.body)),
    }


@pytest.mark.parametrize(("answer", "outcome", "code"), ANSWERS.values(), ids=ANSWERS)
def test_answer(answer: dict[str, Any], outcome: Outcome, code: str) -> None:
    [result], _ = post(qiscus(), [message(INVOICE)], answer)
    assert (result.outcome, result.error.code if result.error else "") == (outcome, code)
    assert result.provider_id == ("14528583" if outcome is Outcome.ACCEPTED else "")


def test_failure_is_told_in_the_notes_words() -> None:
    [result], _ = post(qiscus(), [message(INVOICE)], failed("not a WhatsApp number"))
    assert result.error
    assert result.error.sentence == "Qiscus: not a WhatsApp number"


def test_batch_size_is_for_files_only() -> None:
    assert qiscus(batch_size=500).batch_limit() == 1


@pytest.mark.parametrize(
    ("content", "config", "fields"),
    [
        (TemplateMessage("", ""), {}, ["name", "language", "namespace"]),
        (TemplateMessage("n", "id", namespace="s", header=Media("image", "https://x")), {}, ["header"]),
        (TemplateMessage("n", "id"), {"mode": "bulk"}, ["template_id"]),
        (INVOICE, {"mode": "bulk"}, ["buttons"]),
        (
            TemplateMessage("n", "id", ("a", "b"), template_id=1),
            {"mode": "bulk", "csv_header": "phone_number,name,amount"},
            ["variables"],
        ),
        (TemplateMessage("n", "id", ("a",), template_id=1), {"mode": "bulk", "csv_header": "phone_number,amount"}, []),
        (INVOICE, {}, []),
    ],
)
def test_limit(content: TemplateMessage, config: dict[str, str], fields: list[str]) -> None:
    assert [problem.field for problem in qiscus(**config).validate(message(content))] == fields


def test_header_row_without_a_phone_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="CSV header row must have a column phone_number"):
        qiscus(csv_header="name,amount")


@pytest.mark.parametrize("channel_id", ["", "0", "abc", "-5", "5.5", "9" * 19])
def test_channel_id_that_is_none_is_refused(channel_id: str) -> None:
    with pytest.raises(ConfigurationError, match="Channel ID"):
        qiscus(channel_id=channel_id)
