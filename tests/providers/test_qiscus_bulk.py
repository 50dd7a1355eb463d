"""Qiscus by file: what is uploaded, what sends it, and that nothing is sent twice whatever either step answers."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from providers import Client, Media, OutboundMessage, Outcome, TemplateMessage
from tests.providers.samples import PHONE, SECRET, client, message, post

BROADCAST = "https://multichannel.qiscus.com/api/v3/admin/broadcast"
TEMPLATE = TemplateMessage("invoince_update", "id", ("Nur, Cholis", 'Rp. "30"'), template_id=172)
DIGITS = PHONE.removeprefix("+")
BALANCE = {
    "current_balance": {"credits": "0", "free_session": 1000, "quota": 857},
    "estimation_charge": {"credit": 0, "free_session": 1, "quota": 0},
}
UPLOADED = {"status": 200, "json": {"broadcast_file_id": 2272837, **BALANCE}}
LAUNCHED = {"status": 200, "json": {"data": {"broadcast_job": {"id": 14529081, "status": 4}}, "status": 200}}


def qiscus(**config: Any) -> Client:
    settings = {"base_url": "https://multichannel.qiscus.com", "app_id": "app-1", "channel_id": 534, "mode": "bulk"}
    return client("qiscus", **{**settings, **config})


def to(number: int, *variables: str, **changes: Any) -> OutboundMessage:
    template = TemplateMessage("invoince_update", "id", variables or TEMPLATE.variables, template_id=172)
    return message(template, number=number, **changes)


FILE = 'name="file"; filename="recipients.csv"'


def parts(request: Any) -> dict[str, str]:
    """The multipart form, as name -> head line and content."""
    kind, _, boundary = request.headers["Content-Type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    found = {}
    for part in request.body.split(f"--{boundary}".encode())[1:-1]:
        head, _, content = part.decode().partition("\r\n\r\n")
        found[head.strip().removeprefix("Content-Disposition: form-data; ")] = content.removesuffix("\r\n")
    return found


def rows(upload: Any, separator: str = ",") -> list[list[str]]:
    """The uploaded file as whoever reads it by RFC 4180 gets it."""
    return list(csv.reader(io.StringIO(parts(upload)[FILE], newline=""), delimiter=separator, strict=True))


def headers(request: Any) -> dict[str, str]:
    """All of its headers, without what each request has its own of."""
    varying = {"Content-Length": str(len(request.body)), "Content-Type": request.headers["Content-Type"]}
    assert varying.items() <= request.headers.items()
    return {name: value for name, value in request.headers.items() if name not in varying}


def test_file_is_uploaded_and_then_sent() -> None:
    outgoing = to(0, campaign="Test Cholis 3", send_at=datetime(2022, 3, 5, 11, 59, tzinfo=UTC))
    [result], [upload, launch] = post(qiscus(), [outgoing], UPLOADED, LAUNCHED)
    assert (upload.url, launch.url) == (f"{BROADCAST}/upload_csv", f"{BROADCAST}/send_broadcast")
    assert parts(upload) == {
        'name="template_detail_id"': "172",
        'name="separator"': ",",
        FILE: (
            "phone_number,customer_name,body_variable1,body_variable2\r\n"
            '6281527975868,Nur,"Nur, Cholis","Rp. ""30"""\r\n'
        ),
    }
    assert json.loads(launch.body) == {
        "template_detail_id": 172,
        "broadcast_file_id": 2272837,
        "name": "Test Cholis 3",
        "separator": ",",
        "started_at": "2022-03-05T11:59:00.000Z",
    }
    assert (result.outcome, result.provider_id) == (Outcome.ACCEPTED, "14529081")


def test_both_steps_carry_the_app_and_its_key() -> None:
    _, calls = post(qiscus(), [to(0)], UPLOADED, LAUNCHED)
    common = {"User-Agent": "broadcaster", "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
    keys = {"Qiscus-App-Id": "app-1", "Qiscus-Secret-Key": SECRET}
    assert [headers(call) for call in calls] == [{**common, **keys}] * 2
    assert calls[1].headers["Content-Type"] == "application/json"


def test_thousand_recipients_share_a_file_with_variables_of_their_own() -> None:
    messages = [to(number, f"customer {number}", "x") for number in range(1001)]
    results, calls = post(qiscus(), messages, UPLOADED, LAUNCHED, UPLOADED, LAUNCHED)
    files = [rows(call) for call in (calls[0], calls[2])]
    assert [len(lines) for lines in files] == [1001, 2]
    assert files[0][1000] == ["6281500000999", "Nur", "customer 999", "x"]
    assert {result.provider_id for result in results} == {"14529081"}


@pytest.mark.parametrize(
    "other",
    [
        to(1, "only one"),
        to(1, campaign="Other"),
        to(1, send_at=datetime(2030, 1, 1, tzinfo=UTC)),
        message(TemplateMessage("other", "id", TEMPLATE.variables, template_id=173), number=1),
        message(replace(TEMPLATE, header=Media("text", "x")), number=1),
    ],
    ids=["fewer variables", "other campaign", "other time", "other template", "a header"],
)
def test_messages_that_differ_share_no_file(other: OutboundMessage) -> None:
    assert len(list(qiscus().split([to(0), other]))) == 2


@pytest.mark.parametrize("refusal", [400, 415, 422])
def test_second_step_is_multipart_where_json_is_refused(refusal: int) -> None:
    [result], [_, _, launch] = post(qiscus(), [to(0)], UPLOADED, {"status": refusal, "json": {}}, LAUNCHED)
    assert parts(launch) == {
        'name="template_detail_id"': "172",
        'name="broadcast_file_id"': "2272837",
        'name="name"': "invoince_update",
        'name="separator"': ",",
    }
    assert result.outcome is Outcome.ACCEPTED


def test_refusal_of_both_encodings_is_final() -> None:
    refusal = {"status": 422, "json": {"error": "template"}}
    results, _ = post(qiscus(), [to(0), to(1)], UPLOADED, refusal, refusal)
    assert [result.outcome for result in results] == [Outcome.REJECTED] * 2


def job(**fields: Any) -> dict[str, Any]:
    return {"status": 200, "json": {"data": {"broadcast_job": {"id": 14529081, "status": 4, **fields}}, "status": 200}}


CANCELED = {"canceled_at": "2022-03-05T11:02:00", "canceled_by": "Alena"}
# label -> answer to step two, outcome for both recipients, code
JOBS: dict[str, tuple[dict[str, Any], Outcome, str]] = {
    "scheduled": (job(total_recipient=2, total_failed=None, canceled_at=None), Outcome.ACCEPTED, ""),
    "a number that nobody explains": (job(status=5), Outcome.ACCEPTED, ""),
    "canceled": (job(**CANCELED), Outcome.REJECTED, "canceled"),
    "canceled when some had it": (job(**CANCELED, total_sent=1), Outcome.ACCEPTED, ""),
    "failed for all": (job(total_recipient=2, total_failed=2), Outcome.REJECTED, "failed"),
    "failed for some": (job(total_recipient=2, total_failed=1), Outcome.ACCEPTED, ""),
    "failed for nobody": (job(total_recipient=0, total_failed=0), Outcome.ACCEPTED, ""),
    "wrong key": ({"status": 401}, Outcome.CHANNEL_REJECTED, "HTTP 401"),
    "nothing to pay with": ({"status": 402}, Outcome.CHANNEL_HELD, "HTTP 402"),
    "wrong address": ({"status": 404}, Outcome.CHANNEL_REJECTED, "HTTP 404"),
    "too fast": ({"status": 429}, Outcome.RETRY, "HTTP 429"),
    "busy": ({"status": 503}, Outcome.RETRY, "HTTP 503"),
    "its own trouble": ({"status": 500, "json": {"status": 500}}, Outcome.UNKNOWN, "HTTP 500"),
    "its own trouble under a yes": ({"status": 200, "json": {"status": 500}}, Outcome.UNKNOWN, "HTTP 500"),
    "refused under a yes": ({"status": 200, "json": {"status": 422}}, Outcome.REJECTED, "HTTP 422"),
}


@pytest.mark.parametrize(("answer", "outcome", "code"), JOBS.values(), ids=JOBS)
def test_answer_to_the_second_step(answer: dict[str, Any], outcome: Outcome, code: str) -> None:
    results, _ = post(qiscus(), [to(0), to(1)], UPLOADED, answer)
    assert [(result.outcome, result.error.code if result.error else "") for result in results] == [(outcome, code)] * 2
    assert results[0].exchange
    assert "send_broadcast" in results[0].exchange.url


def test_who_canceled_is_told() -> None:
    [result], _ = post(qiscus(), [to(0)], UPLOADED, job(**CANCELED))
    assert result.error
    assert result.error.sentence == "The broadcast job was canceled at Qiscus by Alena."


def test_file_is_not_used_again_when_its_order_is_to_be_repeated() -> None:
    client = qiscus()
    again = {"status": 200, "json": {"broadcast_file_id": 2272838, **BALANCE}}
    [first], _ = post(client, [to(0)], UPLOADED, {"status": 503})
    [second], [_, launch] = post(client, [to(0)], again, LAUNCHED)
    assert (first.outcome, second.outcome) == (Outcome.RETRY, Outcome.ACCEPTED)
    assert json.loads(launch.body)["broadcast_file_id"] == 2272838


# Step two is posted once, unless the answer says that nothing was accepted.
AMBIGUOUS: dict[str, dict[str, Any]] = {
    "no answer": {"body": requests.ReadTimeout()},
    "cut off": {"body": requests.ConnectionError()},
    "gateway": {"status": 502},
    "late gateway": {"status": 504},
    "yes without words": {"status": 200, "body": "OK"},
    "yes without a job": {"status": 200, "json": {"data": {"broadcast_job": {}}}},
}


@pytest.mark.parametrize("answer", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_ambiguous_second_step_is_never_repeated(answer: dict[str, Any]) -> None:
    results, _ = post(qiscus(), [to(0), to(1)], UPLOADED, answer)
    assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 2
    assert results[0].exchange
    assert "send_broadcast" in results[0].exchange.url


# An upload sends nothing, so whatever becomes of it leaves nothing unknown.
UPLOADS: dict[str, tuple[dict[str, Any], Outcome]] = {
    "no answer": ({"body": requests.ReadTimeout()}, Outcome.RETRY),
    "gateway": ({"status": 502}, Outcome.RETRY),
    "its own trouble": ({"status": 500}, Outcome.RETRY),
    "yes without words": ({"status": 200, "body": "OK"}, Outcome.RETRY),
    "file id that is none": ({"status": 200, "json": {"broadcast_file_id": "../1"}}, Outcome.RETRY),
    "busy": ({"status": 503}, Outcome.RETRY),
    "wrong key": ({"status": 401}, Outcome.CHANNEL_REJECTED),
    "no under a yes": ({"status": 200, "json": {"status": 401}}, Outcome.CHANNEL_REJECTED),
    "bad file": ({"status": 422, "json": {"error": "columns"}}, Outcome.REJECTED),
    "too few credits": (
        {"status": 200, "json": {"broadcast_file_id": 1, **BALANCE, "estimation_charge": {"credit": 5}}},
        Outcome.CHANNEL_HELD,
    ),
    "too little quota": (
        {"status": 200, "json": {"broadcast_file_id": 1, **BALANCE, "estimation_charge": {"quota": 858}}},
        Outcome.CHANNEL_HELD,
    ),
}


@pytest.mark.parametrize(("answer", "outcome"), UPLOADS.values(), ids=UPLOADS)
def test_upload_leaves_nothing_unknown(answer: dict[str, Any], outcome: Outcome) -> None:
    results, _ = post(qiscus(), [to(0), to(1)], answer)
    assert [result.outcome for result in results] == [outcome] * 2
    assert results[0].exchange
    assert PHONE.removeprefix("+") in results[0].exchange.request


def test_file_that_is_too_large_goes_up_in_halves() -> None:
    results, calls = post(qiscus(), [to(0), to(1)], {"status": 413}, UPLOADED, LAUNCHED, UPLOADED, LAUNCHED)
    assert len(calls) == 5
    assert [result.outcome for result in results] == [Outcome.ACCEPTED] * 2


def test_batch_size_is_a_setting() -> None:
    assert qiscus(batch_size="250").batch_limit() == 250
