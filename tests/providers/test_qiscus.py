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
    "with every part that varies": (
        message(
            TemplateMessage(
                "promo",
                "en",
                ("Nur",),
                namespace="6616bb93",
                header=Media("text", "Harvest"),
                buttons=(Button("url", "a"), Button("url", "b", 1)),
            )
        ),
        {
            "channel_id": 534,
            "name": "promo",
            "template_name": "promo",
            "namespace": "6616bb93",
            "language": "en",
            "variables": ["Nur"],
            "phone_number": "6281527975868",
            "header_value": {"type": "text", "text": "Harvest"},
            "button_params": [
                {"type": "url", "values": "a", "index": 0},
                {"type": "url", "values": "b", "index": 1},
            ],
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


def logged(status: object, notes: object = None) -> dict[str, Any]:
    logs = [{**LOG, "status": status, "notes": notes}]
    return {"status": 200, "json": {"data": {"broadcast_job_id": 14528583, "broadcast_logs": logs}, "status": 200}}


ANSWERS: dict[str, tuple[dict[str, Any], Outcome, str]] = {
    "created": (CREATED, Outcome.ACCEPTED, ""),
    "job as a text": ({"status": 200, "json": {"data": {"broadcast_job_id": "14528583"}}}, Outcome.ACCEPTED, ""),
    "no job": ({"status": 200, "json": {"data": {}, "status": 200}}, Outcome.UNKNOWN, ""),
    "sent at once, as in Qiscus' help": (logged("sent"), Outcome.ACCEPTED, ""),
    "failed at once": (logged("failed", "not a WhatsApp number"), Outcome.REJECTED, "failed"),
    "canceled at once": (logged("canceled"), Outcome.REJECTED, "canceled"),
    "canceled, in capitals": (logged("CANCELED"), Outcome.REJECTED, "canceled"),
    "no under a yes": (
        {"status": 200, "json": {"status": 401}},
        Outcome.CHANNEL_REJECTED,
        "HTTP 401",
    ),
    "bad payload under a yes": ({"status": 200, "json": {"status": 422}}, Outcome.REJECTED, "HTTP 422"),
    "busy under a yes": ({"status": 200, "json": {"status": 429}}, Outcome.RETRY, "HTTP 429"),
    "lost under a yes": ({"status": 200, "json": {"status": 502}}, Outcome.UNKNOWN, "HTTP 502"),
    "page under a yes": ({"status": 200, "body": "<html>It works!</html>"}, Outcome.UNKNOWN, ""),
    "wrong key": ({"status": 401, "json": {"errors": {"message": "no"}}}, Outcome.CHANNEL_REJECTED, "HTTP 401"),
    "no right": ({"status": 403, "json": {}}, Outcome.CHANNEL_REJECTED, "HTTP 403"),
    "wrong address": ({"status": 404, "body": ""}, Outcome.CHANNEL_REJECTED, "HTTP 404"),
    "nothing to pay with": ({"status": 402, "json": {}}, Outcome.CHANNEL_HELD, "HTTP 402"),
    "too large": ({"status": 413, "json": {}}, Outcome.REJECTED, "HTTP 413"),
    "wrong kind of body": ({"status": 415, "json": {}}, Outcome.CHANNEL_REJECTED, "HTTP 415"),
    "bad payload": ({"status": 400, "json": {"error": "template"}}, Outcome.REJECTED, "HTTP 400"),
    "bad payload, other status": ({"status": 422, "json": {}}, Outcome.REJECTED, "HTTP 422"),
    "too fast": ({"status": 429, "json": {}}, Outcome.RETRY, "HTTP 429"),
    "its own trouble": ({"status": 500, "json": {}}, Outcome.UNKNOWN, "HTTP 500"),
    "its own trouble under a yes": ({"status": 200, "json": {"status": 500}}, Outcome.UNKNOWN, "HTTP 500"),
    "lost behind a gateway": ({"status": 502, "body": ""}, Outcome.UNKNOWN, "HTTP 502"),
    "busy": ({"status": 503, "body": ""}, Outcome.RETRY, "HTTP 503"),
    "late behind a gateway": ({"status": 504, "body": ""}, Outcome.UNKNOWN, "HTTP 504"),
}


@pytest.mark.parametrize(("outgoing", "body"), REQUESTS.values(), ids=REQUESTS)
def test_request(outgoing: OutboundMessage, body: dict[str, Any]) -> None:
    _, [request] = post(qiscus(), [outgoing], CREATED)
    assert (request.method, request.url) == ("POST", URL)
    assert json.loads(request.body) == body
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
    [result], _ = post(qiscus(), [message(INVOICE)], logged("failed", "not a WhatsApp number"))
    assert result.error
    assert result.error.sentence == "Qiscus: not a WhatsApp number"


def test_reason_for_a_refusal_is_told() -> None:
    [result], _ = post(qiscus(), [message(INVOICE)], {"status": 400, "json": {"errors": {"message": "No template"}}})
    assert result.error
    assert result.error.sentence == "The provider refused the message. No template"


def test_variables_are_hidden_where_the_channel_says_so() -> None:
    _, [request] = post(qiscus(hide_variables=True), [message(INVOICE)], CREATED)
    assert json.loads(request.body)["hide_variables"] is True


def test_batch_size_is_for_files_only() -> None:
    assert qiscus(batch_size=500).batch_limit() == 1


def template(*variables: str, **changes: Any) -> TemplateMessage:
    return TemplateMessage("n", "id", variables, **{"namespace": "s", "template_id": 1, **changes})


ALONE, AUTO, BULK = {"mode": "individual"}, {"mode": "auto"}, {"mode": "bulk"}
LIMITS: dict[str, tuple[TemplateMessage, dict[str, Any], list[str]]] = {
    "nothing": (TemplateMessage("", ""), ALONE, ["name", "language", "namespace"]),
    "the gist's sample": (INVOICE, ALONE, []),
    "the gist's sample, either way": (INVOICE, AUTO, []),
    "no namespace": (template(namespace=" "), ALONE, ["namespace"]),
    "no namespace, either way": (template(namespace=""), AUTO, ["namespace"]),
    "no namespace by file": (template(namespace=""), BULK, []),
    "no ID": (template(template_id=None), ALONE, []),
    "no ID, either way": (template(template_id=None), AUTO, []),
    "no ID by file": (template(template_id=None), BULK, ["template_id"]),
    "buttons by file": (INVOICE, BULK, ["buttons"]),
    "image": (template(header=Media("image", "https://x")), ALONE, ["header"]),
    "image, either way": (template(header=Media("image", "https://x")), AUTO, ["header"]),
    "image by file": (template(header=Media("image", "https://x")), BULK, []),
    "longest header": (template(header=Media("text", "x" * 60)), ALONE, []),
    "header too long": (template(header=Media("text", "x" * 61)), ALONE, ["header"]),
    "most variables": (template(*["x"] * 15), ALONE, []),
    "too many variables": (template(*["x"] * 16), BULK, ["variables"]),
    "longest variables": (template("x" * 1_000, "y" * 24), ALONE, []),
    "variables too long": (template("x" * 1_000, "y" * 25), BULK, ["variables"]),
    "no room": (template("a", "b"), {**BULK, "csv_header": "phone_number,name,amount"}, ["variables"]),
    "room": (template("a"), {**BULK, "csv_header": "phone_number,amount"}, []),
    "no room, either way": (template("a", "b"), {**AUTO, "csv_header": "phone_number,amount"}, []),
    "no column for the header": (
        template("a", header=Media("text", "x")),
        {**BULK, "csv_header": "phone_number,amount"},
        ["header"],
    ),
}


@pytest.mark.parametrize(("content", "config", "fields"), LIMITS.values(), ids=LIMITS)
def test_limit(content: TemplateMessage, config: dict[str, Any], fields: list[str]) -> None:
    problems = qiscus(**config).validate(message(content))
    assert [problem.field for problem in problems] == fields
    assert all(problem.sentence.endswith(".") for problem in problems)


def test_missing_namespace_says_where_to_find_it() -> None:
    [problem] = qiscus().validate(message(template(namespace="")))
    assert problem.sentence == "The template's namespace is missing; Qiscus shows it on the template's page."


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("name,amount", "must have a column phone_number"),
        ("phone_number;amount", "must have a column phone_number; columns are separated by ,"),
        ("phone_number,amount,amount", "names a column twice"),
        ('phone_number,"amount', "cannot be read"),
        ("phone_number,amount\n62815,5", "cannot be read"),
    ],
)
def test_unusable_header_row_is_refused(header: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=f"CSV header row {sentence}"):
        qiscus(csv_header=header)


def test_file_that_no_request_could_fill_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="must not exceed Recipients per request"):
        qiscus(mode="auto", bulk_from=51, batch_size=50)


@pytest.mark.parametrize("mode", ["auto", "bulk"])
def test_variables_that_a_file_would_show_are_not_promised_to_be_hidden(mode: str) -> None:
    with pytest.raises(ConfigurationError, match="hides no variables of a file"):
        qiscus(mode=mode, hide_variables=True)


@pytest.mark.parametrize("channel_id", ["", "0", "abc", "-5", "5.5", "9" * 19])
def test_channel_id_that_is_none_is_refused(channel_id: str) -> None:
    with pytest.raises(ConfigurationError, match="Channel ID"):
        qiscus(channel_id=channel_id)
