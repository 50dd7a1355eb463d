"""Receipts show what was registered for their account, and the adapters believe it."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import pytest
import requests

import providers
from providers import Client, InvalidSignature
from tests.providers.simulator.kaleyra_samples import post, text_request
from tests.providers.simulator.sink import Sink, listening
from tests.providers.simulator.test_imiconnect import SAMPLE
from tests.providers.simulator.test_imiconnect import post as post_call
from tests.simulating import Simulator, wait_until

SID, SERVICE_KEY = "HX-guarded", "service-guarded"
BASIC = {"user": "k\u00e4leyra", "password": "p4ss"}
HEADER = {"header": "X-Receipts-Key", "value": "k3y"}
SIGNED = {"secret": "shared", "method": "sha512"}


def register(simulator: Simulator, callbacks: Mapping[str, object]) -> requests.Response:
    return requests.post(f"{simulator.url}/_simulator/callbacks", json=callbacks, timeout=10)


@pytest.fixture(autouse=True)
def soon(simulator: Simulator) -> None:
    simulator.configure(receipt_delay_ms=20)


def kaleyra(**settings: str) -> Client:
    """An account that asks for these settings; what is no setting is a secret."""
    config = {"sid": SID, "sender": "+911234567890", **settings}
    return providers.connect("kaleyra", config=config, secrets={"api_key": "key", **settings})


def imiconnect(**settings: Any) -> Client:
    return providers.connect("imiconnect", config=settings, secrets={"service_key": SERVICE_KEY, **settings})


def whatsapp_receipts(simulator: Simulator, sink: Sink, shown: Mapping[str, str]) -> list[tuple[dict[str, str], bytes]]:
    register(simulator, {SID: {"url": sink.url, **shown}})
    post(simulator, text_request(), sid=SID)
    wait_until(lambda: len(sink.calls) == 2)
    return sink.calls


def call_receipts(simulator: Simulator, sink: Sink, shown: Mapping[str, str]) -> list[tuple[dict[str, str], bytes]]:
    register(simulator, {SERVICE_KEY: shown})
    destination = [{"msisdn": ["+919703550009"]}]
    post_call(simulator, {**SAMPLE, "notifyurl": sink.url, "destination": destination}, {"key": SERVICE_KEY})
    wait_until(lambda: len(sink.calls) == 2)
    return sink.calls


ASKED_BASIC = {"receipts_user": "k\u00e4leyra", "receipts_password": "p4ss"}
ASKED_HEADER = {"receipts_header": "x-receipts-key", "receipts_header_value": "k3y"}
ASKED_SIGNATURE = {"require_signature": True, "webhook_secret": "shared"}

WHATSAPP: dict[str, tuple[Mapping[str, str], dict[str, str], bool]] = {
    "nothing": ({}, {}, True),
    "user": (BASIC, ASKED_BASIC, True),
    "another user": ({**BASIC, "user": "x"}, ASKED_BASIC, False),
    "header": (HEADER, ASKED_HEADER, True),
    "another value": ({**HEADER, "value": "x"}, ASKED_HEADER, False),
    "both": (BASIC | HEADER, ASKED_BASIC | ASKED_HEADER, True),
    "one of both": (BASIC, ASKED_BASIC | ASKED_HEADER, False),
}
CALLS: dict[str, tuple[Mapping[str, str], dict[str, Any], bool]] = {
    "SHA-512": (SIGNED, ASKED_SIGNATURE, True),
    "SHA-256": ({"secret": "shared"}, ASKED_SIGNATURE, True),
    "another secret": ({"secret": "other"}, ASKED_SIGNATURE, False),
    "unsigned": ({}, ASKED_SIGNATURE, False),
    "unsigned where none is asked for": ({}, {"webhook_secret": "shared"}, True),
    "all": (BASIC | HEADER | SIGNED, ASKED_BASIC | ASKED_HEADER | ASKED_SIGNATURE, True),
}


@pytest.mark.parametrize(("shown", "asked", "fits"), WHATSAPP.values(), ids=WHATSAPP)
def test_a_whatsapp_receipt_shows_what_is_registered(
    simulator: Simulator, shown: Mapping[str, str], asked: dict[str, str], *, fits: bool
) -> None:
    with listening() as sink:
        for headers, body in whatsapp_receipts(simulator, sink, shown):
            with nullcontext() if fits else pytest.raises(InvalidSignature):
                kaleyra(**asked).authenticate(headers, body)


@pytest.mark.parametrize(("shown", "asked", "fits"), CALLS.values(), ids=CALLS)
def test_a_calls_receipt_shows_what_is_registered(
    simulator: Simulator, shown: Mapping[str, str], asked: dict[str, Any], *, fits: bool
) -> None:
    with listening() as sink:
        for headers, body in call_receipts(simulator, sink, shown):
            with nullcontext() if fits else pytest.raises(InvalidSignature):
                imiconnect(**asked).authenticate(headers, body)


def test_what_is_shown_is_taken_back_with_the_url(simulator: Simulator) -> None:
    with listening() as sink:
        register(simulator, {SID: {"url": sink.url, **BASIC}})
        register(simulator, {SID: ""})
        assert SID not in register(simulator, {}).json()
        [(headers, _), *_] = whatsapp_receipts(simulator, sink, {})
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    "registered", [5, None, [], {"url": 5}, {"user": ""}, {"method": "md5"}, {"unknown": "x"}], ids=str
)
def test_what_no_receipt_could_show_is_refused(simulator: Simulator, registered: object) -> None:
    answer = register(simulator, {SID: registered})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"body.{SID}")
