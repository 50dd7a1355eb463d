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
    assert len(poll(client("qiscus"), ["14528583"])[0]) == 2_000
    assert endless.call_count == 20


@responses.activate
def test_path_of_the_logs_is_a_setting() -> None:
    responses.get("http://provider.test/api/v9/jobs/7", json=logs(log()))
    events, _ = poll(client("qiscus", logs_path="/v9/jobs/{job_id}"), ["7"])
    assert len(events) == 1


@responses.activate
def test_poll_says_why_it_failed() -> None:
    responses.get(LOGS, status=404)
    with pytest.raises(ProviderError, match="no such service"):
        poll(client("qiscus"), ["14528583"])


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
