"""IMIconnect's voice notifications: every listed code and word, and the signature that some carry."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from providers import DeliveryStatus, InvalidSignature, ReceiptEvent
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
def test_status(words: tuple[str, str], status: DeliveryStatus) -> None:
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


RAW = json.dumps(notice()).encode()


def signed(method: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), RAW, getattr(hashlib, method)).hexdigest()


@pytest.mark.parametrize(
    "signature",
    [
        *(f"sha256={signed('sha256')}", f"sha512={signed('sha512')}"),
        *(signed("sha256"), signed("sha512"), signed("sha256").upper()),
    ],
)
@pytest.mark.parametrize("header", ["x-hub-signature", "X-Hub-Signature"])
def test_signed_call_is_believed(header: str, signature: str) -> None:
    client("imiconnect").authenticate({header: signature}, RAW)


@pytest.mark.parametrize(
    "signature",
    [
        *(f"sha256={signed('sha256', 'another secret')}", f"sha512={signed('sha256')}", f"md5={signed('md5')}"),
        *("sha256=", "=", "ü", signed("sha1")),
    ],
)
def test_call_signed_by_another_is_refused(signature: str) -> None:
    with pytest.raises(InvalidSignature):
        client("imiconnect").authenticate({"x-hub-signature": signature}, RAW)


def test_signature_of_another_body_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        client("imiconnect").authenticate({"x-hub-signature": signed("sha256")}, RAW + b" ")


def test_unsigned_call_is_believed_for_its_address_is_secret() -> None:
    client("imiconnect").authenticate({}, RAW)
