"""What every provider makes of an answer, or of none, where the provider's own words do not decide."""

import pytest
import requests

import providers
from providers import Outcome
from tests.providers.junk import GARBAGE
from tests.providers.samples import PHONE, Account, accounts, send_to

each_account = pytest.mark.parametrize("account", accounts(), ids=str)

# What HTTP alone says, where the provider's words do not. An answer that leaves it open is never sent again.
BY_STATUS = {
    200: Outcome.UNKNOWN,
    204: Outcome.UNKNOWN,
    301: Outcome.CHANNEL_REJECTED,
    302: Outcome.CHANNEL_REJECTED,
    303: Outcome.UNKNOWN,
    307: Outcome.CHANNEL_REJECTED,
    308: Outcome.CHANNEL_REJECTED,
    400: Outcome.REJECTED,
    401: Outcome.CHANNEL_REJECTED,
    402: Outcome.CHANNEL_HELD,
    403: Outcome.CHANNEL_REJECTED,
    404: Outcome.CHANNEL_REJECTED,
    405: Outcome.CHANNEL_REJECTED,
    408: Outcome.RETRY,
    413: Outcome.REJECTED,
    415: Outcome.CHANNEL_REJECTED,
    422: Outcome.REJECTED,
    429: Outcome.RETRY,
    501: Outcome.UNKNOWN,
    502: Outcome.UNKNOWN,
    503: Outcome.RETRY,
    504: Outcome.UNKNOWN,
    599: Outcome.UNKNOWN,
}
BY_EXCEPTION = {
    requests.ConnectTimeout: Outcome.RETRY,
    requests.exceptions.InvalidURL: Outcome.RETRY,
    requests.exceptions.MissingSchema: Outcome.RETRY,
    requests.exceptions.InvalidSchema: Outcome.RETRY,
    requests.exceptions.InvalidHeader: Outcome.RETRY,
    requests.exceptions.InvalidProxyURL: Outcome.RETRY,
    requests.ReadTimeout: Outcome.UNKNOWN,
    requests.Timeout: Outcome.UNKNOWN,
    requests.ConnectionError: Outcome.UNKNOWN,
    requests.exceptions.ChunkedEncodingError: Outcome.UNKNOWN,
    requests.exceptions.ContentDecodingError: Outcome.UNKNOWN,
    requests.exceptions.RetryError: Outcome.UNKNOWN,
    requests.exceptions.SSLError: Outcome.UNKNOWN,  # while connecting it is known better: see test_door
    requests.exceptions.ProxyError: Outcome.UNKNOWN,
    requests.exceptions.UnrewindableBodyError: Outcome.UNKNOWN,
    requests.RequestException: Outcome.UNKNOWN,
    OSError: Outcome.UNKNOWN,
    ValueError: Outcome.UNKNOWN,
}


@each_account
@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_yes_that_cannot_be_read_is_unknown(account: Account, body: bytes) -> None:
    assert {result.outcome for result in send_to(account, 3, status=200, body=body)} == {Outcome.UNKNOWN}


@each_account
@pytest.mark.parametrize(("status", "outcome"), BY_STATUS.items())
def test_status_alone_decides_where_the_body_says_nothing(account: Account, status: int, outcome: Outcome) -> None:
    [result] = send_to(account, 1, status=status)
    assert result.outcome == outcome
    assert result.exchange
    assert result.exchange.status == status


@each_account
@pytest.mark.parametrize("status", [429, 503])
def test_throttle_tells_for_how_long(account: Account, status: int) -> None:
    [result] = send_to(account, 1, status=status, headers={"Retry-After": "17"})
    assert isinstance(result.error, providers.Throttled)
    assert result.error.retry_after_s == 17


@each_account
@pytest.mark.parametrize(("exception", "outcome"), BY_EXCEPTION.items())
def test_failed_call_is_retried_only_if_nothing_was_written(
    account: Account, exception: type[Exception], outcome: Outcome
) -> None:
    results = send_to(account, 2, body=exception("broken"))
    assert [result.outcome for result in results] == [outcome, outcome]


@each_account
def test_failed_call_is_on_record(account: Account) -> None:
    [result] = send_to(account, 1, body=requests.ReadTimeout("too slow"))
    assert result.exchange
    assert result.exchange.status is None
    assert PHONE.removeprefix("+") in result.exchange.request
