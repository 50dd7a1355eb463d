"""Receipts arrive at a real receiver, in the formats that the documents and their public neighbours show."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.providers.simulator.breaches import altered
from tests.providers.simulator.kaleyra_samples import SENDER, flow_request, post, text_request
from tests.providers.simulator.sink import Sink, listening
from tests.providers.simulator.test_imiconnect import SAMPLE as CALL
from tests.providers.simulator.test_imiconnect import post as post_call
from tests.providers.simulator.test_qiscus import KEYS, call, logs
from tests.providers.simulator.test_qiscus import SAMPLE as TEMPLATE
from tests.simulating import Simulator, wait_until

SID = "HX1"


@pytest.fixture
def sink(simulator: Simulator) -> Iterator[Sink]:
    with listening() as sink:
        for account in (SID, KEYS["Qiscus-App-Id"]):
            simulator.register(account, sink.url)
        yield sink
        for account in (SID, KEYS["Qiscus-App-Id"]):
            simulator.register(account, "")


def drained(simulator: Simulator, sink: Sink, count: int) -> list[dict[str, Any]]:
    """The bodies, once all receipts are posted; they travel side by side, so their order may change on the way."""
    wait_until(lambda: len(sink.bodies) >= count and simulator.receipts_pending() == 0)
    return sink.bodies


def dial(simulator: Simulator, sink: Sink, number: str, **fields: object) -> list[dict[str, Any]]:
    """The deliveryInfo of each receipt of one call."""
    body = {**CALL, "notifyurl": sink.url, "destination": [{"msisdn": [number], "correlationid": "one"}], **fields}
    transid = post_call(simulator, body).json()["response"][0]["transid"]
    wait_until(lambda: bool(sink.bodies) and simulator.receipts_pending() == 0)
    notifications = [body["deliveryInfoNotification"] for body in sink.bodies]
    assert {(n["transid"], n["correlationid"], n["callbackData"]) for n in notifications} == {
        (transid, "one", "campaign")
    }
    return sorted((n["deliveryInfo"] for n in notifications), key=lambda information: information["timeStamp"])


def test_a_kaleyra_receipt_has_the_documented_shape(simulator: Simulator, sink: Sink) -> None:
    post(simulator, flow_request("+919812345671"), sid=SID)
    body = next(body for body in drained(simulator, sink, 2) if body["status"] == "sent")
    value = body["meta_object"]["value"]
    assert body["meta_object"]["field"] == "messages"
    assert value["metadata"]["display_phone_number"] == SENDER.lstrip("+")
    (status,) = value["statuses"]
    assert (status["status"], status["recipient_id"], status["id"]) == ("sent", "919812345671", body["message_id"])
    assert body["extra_info"]["message_id"] == body["message_id"]


def test_a_kaleyra_receipt_carries_the_references_but_not_the_api_id(simulator: Simulator, sink: Sink) -> None:
    message_id = post(simulator, flow_request("+919812345671"), sid=SID).json()["data"]["message_id"]
    body = drained(simulator, sink, 2)[0]
    extra = body["extra_info"]
    assert (extra["ref"], extra["ref1"], extra["ref2"]) == ("customer1", "marketing", "dictionary")
    assert message_id not in str(body)


@pytest.mark.parametrize(
    ("number", "statuses"),
    [
        ("+919812345671", ["sent", "delivered"]),
        ("+919812345676", ["sent", "delivered", "read"]),
        ("+919812340009", ["sent", "failed"]),
        ("+919812340004", ["not sent"]),
    ],
)
def test_kaleyra_tells_a_messages_course(simulator: Simulator, sink: Sink, number: str, statuses: list[str]) -> None:
    post(simulator, text_request(number), sid=SID)
    bodies = drained(simulator, sink, len(statuses))
    assert sorted(body["status"] for body in bodies) == sorted(statuses)
    told = [body["meta_object"]["value"]["statuses"][0] for body in bodies if body["status"] != "not sent"]
    assert [status["status"] for status in told if "errors" in status] == [
        each for each in statuses if each == "failed"
    ]


def test_kaleyra_tells_why_it_did_not_send(simulator: Simulator, sink: Sink) -> None:
    post(simulator, flow_request("+919812340004"), sid=SID)
    [body] = drained(simulator, sink, 1)
    assert (body["status"], body["reason"], body["extra_info"]["ref"]) == ("not sent", "Number Opted Out", "customer1")
    assert body["message_id"] == body["extra_info"]["message_id"]
    assert "meta_object" not in body


def test_receipts_of_an_unregistered_account_go_nowhere(simulator: Simulator, sink: Sink) -> None:
    post(simulator, text_request(), sid="HX-elsewhere")
    wait_until(lambda: simulator.totals()["kaleyra"].get("receipts_without_url") == 2)
    assert sink.bodies == []


def test_a_reset_drops_the_receipts_to_come(simulator: Simulator) -> None:
    simulator.configure(receipt_delay_ms=600_000)
    post(simulator, text_request("+919812345671"), sid=SID)
    assert simulator.receipts_pending() > 0
    simulator.reset()
    assert simulator.receipts_pending() == 0


@pytest.mark.parametrize(
    ("number", "course"),
    [
        ("+919703553011", [("7407", "OFFERED"), ("7519", "ANSWERED"), ("7410", "DISCONNECTED")]),
        ("+919703550009", [("7407", "OFFERED"), ("7409", "DROPPED")]),
        ("+919703550004", [("7407", "OFFERED"), ("7406", "REJECTED")]),
    ],
)
def test_imiconnect_tells_a_calls_course(
    simulator: Simulator, sink: Sink, number: str, course: list[tuple[str, str]]
) -> None:
    receipts = dial(simulator, sink, number)
    assert [(receipt["code"], receipt["deliveryStatus"]) for receipt in receipts] == course
    assert {receipt["destination"] for receipt in receipts} == {number}
    assert datetime.fromisoformat(receipts[0]["timeStamp"])


def test_an_expired_call_is_never_offered(simulator: Simulator, sink: Sink) -> None:
    receipts = dial(simulator, sink, "+919703553011", expiry="2015-04-12T13:00:19.456Z")
    assert [receipt["code"] for receipt in receipts] == ["7208"]


def test_qiscus_forwards_whatsapp_statuses_for_a_registered_app(simulator: Simulator, sink: Sink) -> None:
    call(simulator, "client", json=altered(TEMPLATE, ("phone_number",), "6281527975871"))
    bodies = drained(simulator, sink, 2)
    assert {(body["app_code"], body["channel_id"]) for body in bodies} == {(KEYS["Qiscus-App-Id"], 534)}
    assert sorted(body["statuses"][0]["status"] for body in bodies) == ["delivered", "sent"]
    assert {body["statuses"][0]["recipient_id"] for body in bodies} == {"6281527975871"}


@pytest.mark.parametrize(("ending", "status"), [("5871", "delivered"), ("0009", "failed"), ("0004", "failed")])
def test_qiscus_logs_move_on(simulator: Simulator, ending: str, status: str) -> None:
    body = altered(TEMPLATE, ("phone_number",), f"628152797{ending}")
    job_id = call(simulator, "client", json=body).json()["data"]["broadcast_job_id"]

    def log() -> dict[str, Any]:
        found: dict[str, Any] = logs(simulator, job_id).json()["data"]["broadcast_logs"][0]
        return found

    wait_until(lambda: log()["status"] == status)
    assert log()["message_id"].startswith("wamid.")
    assert (log()["notes"] is None) == (status == "delivered")


def test_a_refused_receipt_is_posted_again(simulator: Simulator, sink: Sink) -> None:
    sink.answers += [503, 500]
    post(simulator, text_request("+919812340004"), sid=SID)
    assert [body["status"] for body in drained(simulator, sink, 3)] == ["not sent"] * 3
    assert simulator.totals()["kaleyra"]["receipts"] == 1


def test_a_receipt_is_given_up_after_three_retries(simulator: Simulator, sink: Sink) -> None:
    sink.answers += [503] * 9
    post(simulator, text_request("+919812340004"), sid=SID)
    wait_until(lambda: simulator.totals()["kaleyra"].get("receipts_given_up") == 1)
    assert len(sink.bodies) == 4


def test_a_receipt_refused_for_good_is_not_posted_again(simulator: Simulator, sink: Sink) -> None:
    sink.answers += [404]
    post(simulator, text_request("+919812340004"), sid=SID)
    wait_until(lambda: simulator.totals()["kaleyra"].get("receipts_given_up") == 1)
    assert len(sink.bodies) == 1
