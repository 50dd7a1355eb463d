"""What every provider makes of an answer, or of none, where the provider's own words do not decide."""

import builtins
import http.client
import socket
import ssl

import pytest
import requests
import urllib3
from requests import exceptions

import providers
from providers import Outcome
from tests.providers.junk import GARBAGE
from tests.providers.samples import PHONE, SECRET, Account, accounts, send_to

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
# Those that are raised before there is a connection: nothing can have been written. With all others that is open here;
# while connecting it is known better, see test_door.
NEVER_POSTED = frozenset(
    {
        exceptions.ConnectTimeout,
        exceptions.InvalidURL,
        exceptions.MissingSchema,
        exceptions.InvalidSchema,
        exceptions.InvalidHeader,
        exceptions.InvalidProxyURL,
    }
)


def failures() -> list[type[Exception]]:
    """Every exception that can come out of a call: what requests, urllib3, http.client and sockets have, by reflection.

    A version of theirs that brings a new one brings a new row here.
    """
    modules = (exceptions, urllib3.exceptions, http.client, socket, ssl, builtins)
    roots = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError)
    found = {each for module in modules for each in vars(module).values() if isinstance(each, type)}
    return sorted(
        (each for each in found if issubclass(each, roots)), key=lambda each: f"{each.__module__}.{each.__name__}"
    )


def raised(failure: type[Exception]) -> Exception:
    """One of them that says a secret, whatever it would ask to be made of."""
    error = failure.__new__(failure, SECRET)
    error.args = (SECRET,)
    return error


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


def test_reflection_finds_what_is_known_to_happen() -> None:
    known = {requests.ReadTimeout, urllib3.exceptions.ProtocolError, http.client.BadStatusLine, ConnectionResetError}
    assert NEVER_POSTED | known <= set(failures())


@each_account
@pytest.mark.parametrize("failure", failures(), ids=lambda failure: f"{failure.__module__}.{failure.__name__}")
def test_failed_call_is_retried_only_if_nothing_was_written(account: Account, failure: type[Exception]) -> None:
    results = send_to(account, 2, body=raised(failure))
    outcome = Outcome.RETRY if failure in NEVER_POSTED else Outcome.UNKNOWN
    assert [result.outcome for result in results] == [outcome, outcome]
    assert SECRET not in repr(results)


@each_account
def test_failed_call_is_on_record(account: Account) -> None:
    [result] = send_to(account, 1, body=requests.ReadTimeout("too slow"))
    assert result.exchange
    assert result.exchange.status is None
    assert PHONE.removeprefix("+") in result.exchange.request
