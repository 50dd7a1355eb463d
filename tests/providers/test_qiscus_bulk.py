"""Qiscus by file: what is uploaded, what sends it, and that nothing is sent twice whatever either step answers."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from providers import Client, OutboundMessage, Outcome, Recipient, TemplateMessage
from tests.providers.samples import PHONE, SECRET, client, message, post

BROADCAST = "https://multichannel.qiscus.com/api/v3/admin/broadcast"
TEMPLATE = TemplateMessage("invoince_update", "id", ("Nur, Cholis", 'Rp. "30"'), template_id=172)
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


def parts(request: Any) -> dict[str, str]:
    """The multipart form, as name -> head line and content."""
    kind, _, boundary = request.headers["Content-Type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    found = {}
    for part in request.body.split(f"--{boundary}".encode())[1:-1]:
        head, _, content = part.decode().strip("\r\n").partition("\r\n\r\n")
        found[head.removeprefix("Content-Disposition: form-data; ")] = content
    return found


def test_file_is_uploaded_and_then_sent() -> None:
    outgoing = to(0, campaign="Test Cholis 3", send_at=datetime(2022, 3, 5, 11, 59, tzinfo=UTC))
    [result], [upload, launch] = post(qiscus(), [outgoing], UPLOADED, LAUNCHED)
    assert (upload.url, launch.url) == (f"{BROADCAST}/upload_csv", f"{BROADCAST}/send_broadcast")
    assert parts(upload) == {
        'name="template_detail_id"': "172",
        'name="separator"': ",",
        'name="file"; filename="recipients.csv"': (
            'phone_number,variable_1,variable_2\r\n6281527975868,"Nur, Cholis","Rp. ""30"""'
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
    keys = [(call.headers["Qiscus-App-Id"], call.headers["Qiscus-Secret-Key"]) for call in calls]
    assert keys == [("app-1", SECRET)] * 2


def test_thousand_recipients_share_a_file_with_variables_of_their_own() -> None:
    messages = [to(number, f"customer {number}", "x") for number in range(1001)]
    results, calls = post(qiscus(), messages, UPLOADED, LAUNCHED, UPLOADED, LAUNCHED)
    files = [parts(call)['name="file"; filename="recipients.csv"'].splitlines() for call in (calls[0], calls[2])]
    assert [len(rows) for rows in files] == [1001, 2]
    assert files[0][1000] == "6281500000999,customer 999,x"
    assert {result.provider_id for result in results} == {"14529081"}


@pytest.mark.parametrize(
    ("separator", "header", "rows"),
    [
        (";", "", ["phone_number;variable_1;variable_2", "6281527975868;a;b"]),
        (",", "name,phone_number,amount,city", ["name,phone_number,amount,city", "Nur,6281527975868,a,b"]),
        (";", "phone_number; amount ;city;more", ["phone_number;amount;city;more", "6281527975868;a;b;"]),
    ],
)
def test_file_follows_the_settings(separator: str, header: str, rows: list[str]) -> None:
    _, [upload, launch] = post(qiscus(separator=separator, csv_header=header), [to(0, "a", "b")], UPLOADED, LAUNCHED)
    assert parts(upload)['name="file"; filename="recipients.csv"'].splitlines() == rows
    assert json.loads(launch.body)["separator"] == separator


@pytest.mark.parametrize(
    "other",
    [
        to(1, "only one"),
        to(1, campaign="Other"),
        to(1, send_at=datetime(2030, 1, 1, tzinfo=UTC)),
        message(TemplateMessage("other", "id", TEMPLATE.variables, template_id=173), number=1),
    ],
    ids=["fewer variables", "other campaign", "other time", "other template"],
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


def test_name_of_a_recipient_without_one_is_left_empty() -> None:
    outgoing = to(0, "a", recipient=Recipient(PHONE))
    _, [upload, _] = post(qiscus(csv_header="phone_number,name,amount"), [outgoing], UPLOADED, LAUNCHED)
    assert parts(upload)['name="file"; filename="recipients.csv"'].splitlines()[1] == "6281527975868,,a"
