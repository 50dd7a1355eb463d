"""IMIconnect's voice notifications: every listed code and word, and who may post them."""

import base64
import hmac
import json
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest

from providers import ConfigurationError, DeliveryStatus, InvalidSignature, ReceiptEvent, connect
from tests.providers.samples import SECRET, client

CODES = {
    ("7407", "OFFERED"): DeliveryStatus.QUEUED,
    ("7408", "ACCEPTED"): DeliveryStatus.SENT,
    ("7519", "ANSWERED"): DeliveryStatus.DELIVERED,
    ("7410", "DISCONNECTED"): DeliveryStatus.FAILED,
    ("7409", "DROPPED"): DeliveryStatus.FAILED,
    ("7406", "REJECTED"): DeliveryStatus.FAILED,
    ("7401", ""): DeliveryStatus.FAILED,
    ("7402", ""): DeliveryStatus.FAILED,
    ("7404", ""): DeliveryStatus.FAILED,
    ("7208", ""): DeliveryStatus.EXPIRED,
    ("", "RELEASED"): DeliveryStatus.FAILED,
    ("", "Failed"): DeliveryStatus.FAILED,
    ("", "Other"): DeliveryStatus.FAILED,
    ("7208", "EXPIRED"): DeliveryStatus.EXPIRED,
    (7519, "ANSWERED"): DeliveryStatus.DELIVERED,
    ("", "answered"): DeliveryStatus.DELIVERED,
    ("9999", "ANSWERED"): DeliveryStatus.DELIVERED,
    ("9999", "ABDUCTED"): DeliveryStatus.UNKNOWN,
}


def notice(code: object = "7519", word: object = "ANSWERED", **info: Any) -> dict[str, Any]:
    """The published sample, with the brace that it lacks."""
    return {
        "deliveryTransInfo": "<xml/>",
        "deliveryInfoNotification": {
            "deliveryInfo": {
                "timeStamp": "2020-02-05T07:34:23.596Z",
                "Description": "Call answered",
                "code": code,
                "deliveryChannel": "voice",
                "destination": "+919703553010",
                "destinationType": "msisdn",
                "deliveryStatus": word,
                **info,
            },
            "subtid": "",
            "transid": "62cfd7cf",
            "callbackData": "",
            "correlationid": "ref-7",
        },
    }


def parse(body: object, headers: dict[str, str] | None = None) -> list[ReceiptEvent]:
    return client("imiconnect").parse_receipts("POST", headers or {}, {}, json.dumps(body).encode())


def test_published_notification_is_read_whole() -> None:
    assert parse(notice()) == [
        ReceiptEvent(
            DeliveryStatus.DELIVERED,
            provider_id="62cfd7cf",
            reference="ref-7",
            address="+919703553010",
            code="7519",
            reason="Call answered",
            at=datetime(2020, 2, 5, 7, 34, 23, 596000, UTC),
        )
    ]


@pytest.mark.parametrize(("words", "status"), CODES.items())
def test_status(words: tuple[object, str], status: DeliveryStatus) -> None:
    assert [event.status for event in parse(notice(*words))] == [status]


@pytest.mark.parametrize("code", ["7411", "7412", 7411])
def test_transfers_inside_the_network_say_nothing(code: object) -> None:
    assert parse(notice(code, "TROMBONE")) == []


@pytest.mark.parametrize("destination", ["919703553010", "+91 9703-553010", 919703553010])
def test_destination_is_matched_by_its_digits(destination: object) -> None:
    assert [event.address for event in parse(notice(destination=destination))] == ["+919703553010"]


def test_customer_id_is_left_as_it_is() -> None:
    [event] = parse(notice(destination="C-17", destinationType="customerid"))
    assert event.address == "C-17"


def test_several_notifications_in_one_call() -> None:
    assert len(parse([notice(), notice("7410", "DISCONNECTED")])) == 2


@pytest.mark.parametrize("body", [{}, [], {"deliveryInfoNotification": []}, {"deliveryInfoNotification": {}}, "x"])
def test_call_about_nothing_gives_nothing(body: object) -> None:
    assert parse(body) == []


def parse_raw(body: bytes) -> list[ReceiptEvent]:
    return client("imiconnect").parse_receipts("POST", {}, {}, body)


RAW = json.dumps(notice()).encode()


@pytest.mark.parametrize("end", [b"", b"\n", b"  \r\n"])
def test_notification_without_its_last_brace_is_read_as_two_samples_are_published(end: bytes) -> None:
    assert parse_raw(RAW[:-1] + end) == parse_raw(RAW + end) == parse(notice())


@pytest.mark.parametrize("body", [RAW[:-2], RAW[:-3], RAW + b"}", RAW[1:], b"[" + RAW[:-1] + b"]", RAW[:100]])
def test_nothing_else_is_mended(body: bytes) -> None:
    assert parse_raw(body) == []


def signed(method: str, secret: str = SECRET, body: bytes = RAW) -> dict[str, str]:
    return {"X-Hub-Signature": f"{method}=" + hmac.new(secret.encode(), body, method).hexdigest()}


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


REQUIRED = {"require_signature": True}
BASIC = {"receipts_user": "webex"}
HEADER = {"receipts_header": "X-Key"}
CALLS: dict[str, tuple[dict[str, Any], dict[str, str], bool]] = {
    "unsigned, for its address is secret": ({}, {}, True),
    "signed with SHA-256": ({}, signed("sha256"), True),
    "signed with SHA-512": ({}, signed("sha512"), True),
    "signed by another": ({}, signed("sha256", "another secret"), False),
    "signed for another body": ({}, signed("sha256", body=RAW + b" "), False),
    "unsigned where it must be signed": (REQUIRED, {}, False),
    "signed where it must be": (REQUIRED, signed("sha512"), True),
    "user and password": (BASIC, basic("webex", SECRET), True),
    "another password": (BASIC, basic("webex", "x"), False),
    "nobody": (BASIC, {}, False),
    "header": (HEADER, {"X-Key": SECRET}, True),
    "another header": (HEADER, {"X-Key": "x"}, False),
    "all of them": (REQUIRED | BASIC | HEADER, signed("sha256") | basic("webex", SECRET) | {"X-Key": SECRET}, True),
    "all but one": (REQUIRED | BASIC | HEADER, signed("sha256") | basic("webex", SECRET), False),
}


@pytest.mark.parametrize(("config", "headers", "is_believed"), CALLS.values(), ids=CALLS)
def test_call_is_believed_where_it_shows_all_that_the_channel_asks_for(
    config: dict[str, Any],
    headers: dict[str, str],
    is_believed: bool,  # noqa: FBT001
) -> None:
    with nullcontext() if is_believed else pytest.raises(InvalidSignature):
        client("imiconnect", **config).authenticate(headers, RAW)


def test_signature_cannot_be_required_without_a_secret() -> None:
    with pytest.raises(ConfigurationError, match="Enter the webhook secret"):
        connect("imiconnect", config=REQUIRED, secrets={"service_key": SECRET})
