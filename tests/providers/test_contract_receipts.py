"""What every provider keeps about news of its messages, posted or asked for, whoever it is."""

import contextlib
import json
import logging
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

import providers
from providers import DeliveryStatus, parsing
from tests.providers.junk import GARBAGE, JSON, STATUSES, any_answer, names_in
from tests.providers.samples import ANYWHERE, SINCE, Account, accounts, poll, variants

each_account = pytest.mark.parametrize("account", accounts(), ids=str)
each_variant = pytest.mark.parametrize("account", variants(), ids=str)


@each_variant
@any_answer
@given(value=JSON, method=st.sampled_from(["POST", "GET", "PUT"]))
def test_no_receipt_makes_parsing_raise(account: Account, value: Any, method: str) -> None:
    events = account.client().parse_receipts(method, {}, {}, json.dumps(value).encode())
    assert all(event.status is None or event.status in DeliveryStatus for event in events)
    assert all(len(word) <= 128 for event in events for word in (event.provider_id, event.reference, event.address))
    assert all((event.status is None) == (event.inbound is not None) for event in events)


@each_account
@pytest.mark.parametrize("value", [None, [], {}, [[]], [{}], 0, "9" * 128], ids=repr)
def test_any_value_may_stand_at_any_name_that_the_adapter_knows(
    account: Account, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, parsing.log.name)  # there are many unknown words
    client, names = account.client(), names_in(account.kind)
    for outer in names:
        for body in (*({outer: {inner: value}, inner: value} for inner in names), {outer: [{outer: value}]}):
            events = client.parse_receipts("POST", {}, {}, json.dumps(body).encode())
            assert all(len(each) <= 128 for event in events for each in (event.provider_id, event.address))


@each_variant
@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_receipt_that_is_garbage_gives_no_event(account: Account, body: bytes) -> None:
    events = account.client().parse_receipts("POST", {"Content-Type": "application/json"}, {}, body)
    assert all(event.status is DeliveryStatus.UNKNOWN for event in events)


@each_account
@any_answer
@given(value=JSON, status=STATUSES)
def test_no_answer_makes_polling_raise_anything_of_its_own(account: Account, value: Any, status: int) -> None:
    client = account.client()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as server:
        server.add("GET", ANYWHERE, body=json.dumps(value), status=status)
        with contextlib.suppress(providers.ProviderError):
            for events, cursor in client.poll(["1234"], since=SINCE, cursor="cursor"):
                assert isinstance(cursor, str)
                assert {event.provider_id for event in events} <= {"1234"}


@each_account
def test_polling_is_offered_where_capabilities_say_so(account: Account) -> None:
    client = account.client()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as server:
        server.add("GET", ANYWHERE, status=503)
        if client.capabilities.receipts == "poll":
            with pytest.raises(providers.Throttled):
                poll(client, ["1234"])
        else:
            assert poll(client, ["1234"]) == ([], "")
