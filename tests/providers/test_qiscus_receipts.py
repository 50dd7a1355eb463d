"""What Qiscus tells afterwards: logs when it is asked, WhatsApp's events and replies when it posts."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import responses
from responses import matchers

from providers import DeliveryStatus, ProviderError, ReceiptEvent
from tests.providers.samples import SECRET, client, poll

LOGS = "http://provider.test/api/api/v3/admin/broadcast/14528583/logs"


def log(status: object = "delivered", **fields: Any) -> dict[str, Any]:
    return {
        "id": 25702462,
        "message_id": "wamid.X",
        "notes": None,
        "phone_number": "6281527975868",
        "sent_at": "2022-03-05T10:15:00Z",
        "status": status,
        **fields,
    }


def logs(*found: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"broadcast_logs": list(found)}, "meta": {"total": len(found)}, "status": 200}


def parse(body: object) -> list[ReceiptEvent]:
    return client("qiscus").parse_receipts("POST", {}, {}, json.dumps(body).encode())


@responses.activate
def test_log_is_read_whole() -> None:
    responses.get(LOGS, json=logs(log("failed", notes="Not on WhatsApp")))
    events, cursor = poll(client("qiscus"), ["14528583"], "kept")
    assert cursor == "kept"
    assert events == [
        ReceiptEvent(
            DeliveryStatus.FAILED,
            provider_id="14528583",
            address="+6281527975868",
            code="failed",
            reason="Not on WhatsApp",
            at=datetime(2022, 3, 5, 10, 15, tzinfo=UTC),
        )
    ]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *[("scheduled", DeliveryStatus.QUEUED), ("pending", DeliveryStatus.QUEUED), (1, DeliveryStatus.QUEUED)],
        *[("sent", DeliveryStatus.SENT), (2, DeliveryStatus.SENT), ("2", DeliveryStatus.SENT)],
        *[("delivered", DeliveryStatus.DELIVERED), ("received", DeliveryStatus.DELIVERED)],
        *[(3, DeliveryStatus.DELIVERED), ("read", DeliveryStatus.READ), (4, DeliveryStatus.READ)],
        *[("failed after delivered", DeliveryStatus.FAILED), ("failed_after_delivered", DeliveryStatus.FAILED)],
        *[("FAILED", DeliveryStatus.FAILED), (5, DeliveryStatus.FAILED), ("canceled", DeliveryStatus.FAILED)],
        *[("lost", DeliveryStatus.UNKNOWN), (None, DeliveryStatus.UNKNOWN), ({}, DeliveryStatus.UNKNOWN)],
    ],
)
@responses.activate
def test_log_status(word: object, status: DeliveryStatus) -> None:
    responses.get(LOGS, json=logs(log(word)))
    assert [event.status for event in poll(client("qiscus"), ["14528583"])[0]] == [status]


@responses.activate
def test_opted_out_is_told_by_the_notes() -> None:
    responses.get(LOGS, json=logs(log("failed", notes="User has opted out of marketing messages")))
    assert [event.status for event in poll(client("qiscus"), ["14528583"])[0]] == [DeliveryStatus.OPTED_OUT]


@responses.activate
def test_poll_reads_page_after_page_with_the_key() -> None:
    keys = matchers.header_matcher({"Qiscus-App-Id": "+12345678902", "Qiscus-Secret-Key": SECRET})
    for page, found in (("1", [log()] * 100), ("2", [log("read")])):
        query = matchers.query_param_matcher({"page": page, "limit": "100"})
        responses.get(LOGS, match=[keys, query], json=logs(*found))
    events, _ = poll(client("qiscus"), ["14528583"])
    assert [event.status for event in events[-2:]] == [DeliveryStatus.DELIVERED, DeliveryStatus.READ]
    assert len(events) == 101


@responses.activate
def test_poll_ends_although_the_pages_never_do() -> None:
    endless = responses.get(LOGS, json=logs(*[log()] * 100))
    assert len(poll(client("qiscus"), ["14528583"])[0]) == 1_000  # the most that a job has
    assert endless.call_count == 10


@responses.activate
def test_path_of_the_logs_is_a_setting() -> None:
    responses.get("http://provider.test/api/v9/jobs/7", json=logs(log()))
    events, _ = poll(client("qiscus", logs_path="/v9/jobs/{job_id}"), ["7"])
    assert len(events) == 1


@responses.activate
def test_poll_says_why_it_failed() -> None:
    responses.get(LOGS, status=404)
    with pytest.raises(ProviderError, match="check the path of a job's logs"):
        poll(client("qiscus"), ["14528583"])


def logs_of(job_id: object) -> str:
    return LOGS.replace("14528583", str(job_id))


@responses.activate
def test_job_that_is_unknown_keeps_no_other_from_its_news() -> None:
    responses.get(logs_of(1), status=404)
    responses.get(logs_of(2), json=logs(log("read")))
    responses.get(logs_of(3), status=404)
    assert [event.provider_id for event in poll(client("qiscus"), ["1", "2", "3"])[0]] == ["2"]


@responses.activate
def test_many_unknown_jobs_are_not_asked_for_one_after_the_other() -> None:
    for job_id in range(1, 4):
        responses.get(logs_of(job_id), status=404)
    with pytest.raises(ProviderError, match="no logs of these jobs"):
        poll(client("qiscus"), [str(number) for number in range(1, 100)])


@responses.activate
def test_every_job_is_an_answer_be_it_known_or_not() -> None:
    responses.get(logs_of(1), json=logs(log("read")))
    unknown = [responses.get(logs_of(number), status=404) for number in (2, 3, 4)]
    heard = client("qiscus").poll(["1", "2", "3", "4"], since=datetime.now(UTC), cursor="c")
    assert [(len(events), sum(job.call_count for job in unknown)) for events, _ in heard] == [
        (1, 0),
        (0, 1),
        (0, 2),
        (0, 3),
    ]


@responses.activate
def test_what_was_heard_before_an_error_is_kept() -> None:
    responses.get(logs_of(1), json=logs(log("read")))
    responses.get(logs_of(2), status=429)
    heard = client("qiscus").poll(["1", "2"], since=datetime.now(UTC), cursor="c")
    assert [event.status for event in next(heard)[0]] == [DeliveryStatus.READ]
    with pytest.raises(ProviderError, match="send more slowly"):
        next(heard)


@responses.activate
def test_job_id_leads_to_no_other_path() -> None:
    responses.get("http://provider.test/api/api/v3/admin/broadcast/..%2Fx%3Fy/logs", json=logs(log()))
    assert len(poll(client("qiscus"), ["../x?y"])[0]) == 1


CANCELED = {"id": 14528583, "status": 9, "canceled_at": "2022-03-05T11:02:00", "canceled_by": "Alena"}
FAILED = {"id": 14528583, "total_recipient": 1, "total_failed": 1}
BY_ALENA = "The broadcast job was canceled at Qiscus by Alena."
# label -> log's word, job beside the logs, status, code, reason
ENDS: dict[str, tuple[str, dict[str, Any], DeliveryStatus, str, str]] = {
    "canceled": ("scheduled", CANCELED, DeliveryStatus.FAILED, "canceled", BY_ALENA),
    "canceled by nobody": (
        "pending",
        {**CANCELED, "canceled_by": None},
        DeliveryStatus.FAILED,
        "canceled",
        "The broadcast job was canceled at Qiscus.",
    ),
    "sent before it was canceled": ("sent", CANCELED, DeliveryStatus.SENT, "sent", ""),
    "read before it was canceled": ("read", CANCELED, DeliveryStatus.READ, "read", ""),
    "failed": (
        "scheduled",
        FAILED,
        DeliveryStatus.FAILED,
        "failed",
        "The broadcast job failed at Qiscus for all of its recipients.",
    ),
    "under way": ("scheduled", {**FAILED, "total_failed": 0}, DeliveryStatus.QUEUED, "scheduled", ""),
    "not canceled": ("scheduled", {**CANCELED, "canceled_at": None}, DeliveryStatus.QUEUED, "scheduled", ""),
}


@pytest.mark.parametrize(("word", "job", "status", "code", "reason"), ENDS.values(), ids=ENDS)
@responses.activate
def test_end_of_a_job_is_the_end_of_what_waited_in_it(
    word: str, job: dict[str, Any], status: DeliveryStatus, code: str, reason: str
) -> None:
    answer = logs(log(word))
    answer["data"]["broadcast_job"] = job
    responses.get(LOGS, json=answer)
    [event] = poll(client("qiscus"), ["14528583"])[0]
    assert (event.status, event.code, event.reason) == (status, code, reason)


@responses.activate
def test_end_of_a_job_without_logs_is_told_of_the_job() -> None:
    responses.get(LOGS, json={"data": {"broadcast_logs": [], "broadcast_job": CANCELED}})
    assert poll(client("qiscus"), ["14528583"])[0] == [
        ReceiptEvent(DeliveryStatus.FAILED, provider_id="14528583", code="canceled", reason=BY_ALENA)
    ]


def test_forwarded_status_is_matched_by_address_alone() -> None:
    status = {"id": "wamid.X", "status": "read", "recipient_id": "6281527975868", "timestamp": "1646475300"}
    assert parse({"app_code": "a", "channel_id": 534, "statuses": [status]}) == [
        ReceiptEvent(DeliveryStatus.READ, address="+6281527975868", at=datetime(2022, 3, 5, 10, 15, tzinfo=UTC))
    ]


def test_forwarded_failure_carries_metas_details() -> None:
    error = {"code": 131026, "title": "Undeliverable", "error_data": {"details": "Not on WhatsApp"}}
    [event] = parse({"statuses": [{"status": "failed", "recipient_id": "62815", "errors": [error]}]})
    assert (event.status, event.code, event.reason) == (DeliveryStatus.FAILED, "131026", "Not on WhatsApp")


def test_forwarded_opt_out_is_told_by_metas_code() -> None:
    [event] = parse({"statuses": [{"status": "failed", "recipient_id": "62815", "errors": [{"code": 131050}]}]})
    assert event.status is DeliveryStatus.OPTED_OUT


def test_forwarded_reply_is_inbound() -> None:
    [event] = parse({"messages": [{"from": "6281527975868", "type": "text", "text": {"body": "STOP"}}]})
    assert (event.status, event.address, event.inbound) == (None, "+6281527975868", "STOP")


@pytest.mark.parametrize("kind", ["post_comment_mobile", "post_comment_rest"])
@pytest.mark.parametrize(("person", "address"), [("6281527975868", "+6281527975868"), ("a@b.org", "a@b.org")])
def test_bot_webhook_is_inbound(kind: str, person: str, address: str) -> None:
    payload = {"from": {"email": person, "name": "Nur"}, "message": {"type": "text", "text": "STOP"}}
    [event] = parse({"type": kind, "payload": payload})
    assert (event.status, event.address, event.inbound) == (None, address, "STOP")


@pytest.mark.parametrize("body", [{}, [], {"type": "other"}, {"type": {}}, {"statuses": "x"}, {"messages": 5}, "x"])
def test_call_about_nothing_gives_nothing(body: object) -> None:
    assert parse(body) == []
