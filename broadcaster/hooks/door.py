"""Posts to a stranger's address: to a checked network address, within a time, following nothing, believing nothing.

urllib3 without its pools' comforts: no proxy and no setting of the environment, no redirect, no second try, no
unpacking. TLS is checked against the name as everywhere; only the connection goes to the address that `reach` allowed.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import urllib3
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, SSLError
from urllib3.util import parse_url

from broadcaster.hooks import reach
from broadcaster.hooks.reach import Unreachable

TIMEOUT_S = 10.0
ANSWER_BYTES = 64 * 1024
CHUNK_BYTES = 4096
OK, REDIRECT, REFUSAL = 200, 300, 400
LATE = "It did not answer within {:g} seconds."
NO_TLS = "No safe connection came about: {}"
NO_ANSWER = "The connection failed, or what came back was no HTTP: {}"
REDIRECTED = "It answered {}, which leads elsewhere. Nothing is followed; enter the address that it leads to."
REFUSED = "It answered {}. Only an answer from 200 to 299 says that the event has arrived."


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, or None and why there is none; `error` is empty where the event has arrived."""

    status: int | None
    error: str
    body: bytes = b""
    retry_after_s: float | None = None


class Limit:
    """The end of a call's time: a socket's own begins anew with each byte, so that a receiver could drip for ever."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds
        self._cleaning = contextlib.ExitStack()

    def left_s(self) -> float:
        """Seconds that are left; 0 where the time is over."""
        return max(0.0, self.end - time.monotonic())

    def hold(self, connected: socket.socket) -> None:
        """Cut this connection when the time is over, whatever it does then."""
        handle = connected.dup()  # TLS takes the socket's own handle away
        timer = threading.Timer(self.left_s(), _cut, [handle])
        timer.daemon = True
        timer.start()
        self._cleaning.callback(handle.close)
        self._cleaning.callback(timer.join)
        self._cleaning.callback(timer.cancel)

    def release(self) -> None:
        """The call is over."""
        self._cleaning.close()


def _cut(handle: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the receiver was quicker
        handle.shutdown(socket.SHUT_RDWR)


class CheckedConnection(HTTPConnection):
    """Connects to the addresses that `reach` allows, and to no other."""

    def __init__(self, *args: Any, limit: Limit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit = limit

    def _new_conn(self) -> socket.socket:
        problem: OSError = TimeoutError()
        for family, kind, protocol, _, address in reach.resolve(self.host.strip("[]"), self.port or self.default_port):
            left_s = self.limit.left_s()
            if not left_s:
                break
            connection = socket.socket(family, kind, protocol)
            try:
                connection.settimeout(left_s)
                connection.connect(address)
            except OSError as error:
                connection.close()
                problem = error
            else:
                self.limit.hold(connection)
                return connection
        raise problem


class CheckedTLSConnection(CheckedConnection, HTTPSConnection):
    """The same over TLS."""


class CheckedPool(HTTPConnectionPool):
    """Makes one such connection."""

    ConnectionCls = CheckedConnection


class CheckedTLSPool(HTTPSConnectionPool):
    """Makes one such connection over TLS."""

    ConnectionCls = CheckedTLSConnection


@cache
def _trusted() -> ssl.SSLContext:
    """Whom we trust: the system's authorities, to which an intranet can add its own, and the public ones."""
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float = TIMEOUT_S) -> Answer:
    """Post once; whatever goes wrong is in the answer."""
    limit = Limit(timeout_s)
    try:
        return _posted(url, body, headers, limit)
    except Unreachable as error:
        return Answer(None, error.sentence)
    except (HTTPError, http.client.HTTPException, OSError, ValueError) as error:
        return Answer(None, _reason(error, limit, timeout_s))
    finally:
        limit.release()


def _posted(url: str, body: bytes, headers: Mapping[str, str], limit: Limit) -> Answer:
    pool, target = _pool(url, limit)
    with contextlib.closing(pool):
        answer = pool.urlopen(
            "POST", target, body, headers, retries=False, redirect=False, preload_content=False, decode_content=False
        )
        try:
            if not limit.left_s():  # it was cut off within its head
                raise TimeoutError
            return Answer(answer.status, _refusal(answer.status), _beginning(answer), _retry_after_s(answer.headers))
        finally:
            answer.close()


def _pool(url: str, limit: Limit) -> tuple[HTTPConnectionPool, str]:
    parts = parse_url(url)
    options: dict[str, Any] = {"limit": limit, "timeout": limit.left_s(), "maxsize": 1}
    if parts.scheme == "https":
        options["ssl_context"] = _trusted()
        return CheckedTLSPool(parts.host or "", parts.port, **options), parts.request_uri
    return CheckedPool(parts.host or "", parts.port, **options), parts.request_uri


def _beginning(answer: urllib3.BaseHTTPResponse) -> bytes:
    """The first bytes of the body; the status has said everything, so a body that breaks off changes nothing."""
    read = b""
    with contextlib.suppress(HTTPError, http.client.HTTPException, OSError, ValueError):
        while len(read) < ANSWER_BYTES and (chunk := answer.read(CHUNK_BYTES, decode_content=False)):
            read += chunk
    return read


def _refusal(status: int) -> str:
    if OK <= status < REDIRECT:
        return ""
    return (REDIRECTED if REDIRECT <= status < REFUSAL else REFUSED).format(status)


def _reason(error: Exception, limit: Limit, timeout_s: float) -> str:
    if not limit.left_s() or isinstance(error, TimeoutError):
        return LATE.format(timeout_s)
    cause = next((each for each in reversed(error.args) if isinstance(each, Exception)), error)  # urllib3 wraps them
    told = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return (NO_TLS if isinstance(error, SSLError) else NO_ANSWER).format(told)


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """When the receiver wants to be asked again: seconds, or a date (RFC 9110, 10.2.3)."""
    given = headers.get("Retry-After", "").strip()
    if given.isascii() and given.isdigit():
        return float(given[:9])
    try:
        at = parsedate_to_datetime(given)
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
