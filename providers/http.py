"""The one door out: pooled connections with timeouts, no redirects, bounded answers, and redaction of every secret.

The whole question of the promise is answered here: was the request written, or surely not? `NotPosted` is raised only
where no byte of it can have left; everything after that is `AnswerLost`.
"""

import json
import time
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

import requests
from requests import exceptions
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.response import BaseHTTPResponse

from providers.errors import AnswerLost, NotPosted
from providers.outcomes import Exchange
from providers.parsing import parsed
from providers.redaction import Redaction
from providers.transport import Stage, WatchedAdapter, origin_of, progress

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0
LEAST_TIMEOUT_S = 0.1
ANSWER_LIMIT_BYTES = 1_000_000
RECORD_LIMIT_CHARACTERS = 4_000
HEADERS = {"User-Agent": "broadcaster", "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}

# Raised before a connection exists. Everything else is judged by how far the connection got.
NEVER_POSTED = (
    exceptions.ConnectTimeout,
    exceptions.InvalidURL,
    exceptions.MissingSchema,
    exceptions.InvalidSchema,
    exceptions.InvalidHeader,
    exceptions.InvalidProxyURL,
)


@dataclass(frozen=True, slots=True)
class Request:
    """One call to a provider. `body` is already encoded.

    `files` are (field, filename, bytes) for a multipart form; a part without a filename is a plain field. `file_types`
    are the content types of those fields that need one. An answer is cut off after `answer_limit_bytes`.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    form: Mapping[str, str] = field(default_factory=dict)
    files: tuple[tuple[str, str, bytes], ...] = ()
    file_types: Mapping[str, str] = field(default_factory=dict)
    answer_limit_bytes: int = ANSWER_LIMIT_BYTES

    @classmethod
    def json(cls, url: str, payload: object, *, headers: Mapping[str, str], method: str = "POST") -> "Request":
        """A request whose body is `payload` as compact UTF-8 JSON."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(method, url, {"Content-Type": "application/json", **headers}, body)

    @classmethod
    def get(cls, url: str, *, headers: Mapping[str, str], **query: str | int) -> "Request":
        """A request that only asks."""
        return cls("GET", f"{url}?{urlencode(query)}" if query else url, headers)

    @property
    def record(self) -> str:
        """What was sent, as a person reads it: the body, or each part of the form on a line of its own."""
        parts = [f"{name}={value}" for name, value in self.form.items()]
        for name, filename, content in self.files:
            text = self._shown(name, content)
            parts.append(f"{name}={filename}:\n{text}" if filename else f"{name}={text}")
        return "\n".join(parts) or self.body.decode(errors="replace")

    def _shown(self, name: str, content: bytes) -> str:
        if name in self.file_types:  # pictures and the like tell a person nothing as text
            return f"{len(content)} bytes of {self.file_types[name]}"
        return content.decode(errors="replace")


@dataclass(frozen=True)
class Answer:
    """What the provider answered, which nobody has believed yet. No secret is left in it, so none can get out of it."""

    status: int
    headers: Mapping[str, str]
    text: str
    exchange: Exchange

    @cached_property
    def value(self) -> Any:
        """The parsed body, or None where it is not JSON."""
        return parsed(self.text)

    @property
    def ok(self) -> bool:
        """Whether the status says yes."""
        return 200 <= self.status < 300  # noqa: PLR2004

    @property
    def retry_after_s(self) -> float | None:
        """`Retry-After` in seconds where the provider sent a number (RFC 9110, 10.2.3); its date form is ignored."""
        value = self.headers.get("Retry-After", "").strip()
        return float(value) if value.isdecimal() and len(value) < 7 else None  # noqa: PLR2004


class Door:
    """The connections to one provider account; safe to use from many threads."""

    def __init__(self, *, secrets: Iterable[str] = (), pool_size: int = 32) -> None:
        self._redact = Redaction(secrets)
        self._adapter = WatchedAdapter(pool_size)
        self._routes: dict[str, Mapping[str, Any]] = {}
        self._end = float("inf")

    def hurry(self, within_s: float) -> None:
        """Be done with all calls from now on, taken together, within about so many seconds: a person waits for them."""
        self._end = time.monotonic() + within_s

    def call(self, request: Request) -> Answer:
        """Call once. Raises NotPosted or AnswerLost, with the exchange; every HTTP status is an answer."""
        started = time.monotonic()
        progress.stage = Stage.UNSEEN
        try:
            prepared = _prepared(request)
            route = self._route(request.url)
            timeouts = _timeouts(self._end - started)
            with self._adapter.send(prepared, stream=True, timeout=timeouts, **route) as response:
                deadline = min(time.monotonic() + READ_TIMEOUT_S, self._end)
                body = _bounded(response.raw, deadline, request.answer_limit_bytes)
        except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
            failure = self._failure(error)
            failure.exchange = self._exchange(request, None, "", started)
            raise failure from error
        text = self._redact(body.decode("utf-8-sig", errors="replace"))
        exchange = self._exchange(request, response.status_code, text, started)
        return Answer(response.status_code, response.headers, text, exchange)

    def _route(self, url: str) -> Mapping[str, Any]:
        # Proxies and CA bundle stand in the environment; requests would read it again for each call.
        origin = origin_of(url)
        if origin not in self._routes:
            settings = requests.Session().merge_environment_settings(origin, {}, None, None, None)
            self._routes[origin] = {name: settings[name] for name in ("proxies", "verify", "cert")}
        return self._routes[origin]

    def _failure(self, error: Exception) -> NotPosted | AnswerLost:
        code = type(error).__name__
        if progress.stage is Stage.PREPARING or isinstance(error, NEVER_POSTED):
            return NotPosted("The provider could not be reached; check the address and the network.", code=code)
        return AnswerLost("The provider did not answer after the message was handed over.", code=code)

    def _exchange(self, request: Request, status: int | None, text: str, started: float) -> Exchange:
        return Exchange(
            method=request.method,
            url=self._redact(request.url),
            request=self._redact(request.record)[:RECORD_LIMIT_CHARACTERS],
            status=status,
            response=text[:RECORD_LIMIT_CHARACTERS],
            duration_ms=round((time.monotonic() - started) * 1000),
        )


@lru_cache(maxsize=256)
def _blank(method: str, url: str, headers: tuple[tuple[str, str], ...]) -> requests.PreparedRequest:
    # Preparing costs as much as sending; an adapter's posts differ in their bodies only.
    prepared = requests.PreparedRequest()
    prepared.prepare(method=method, url=url, headers={**HEADERS, **dict(headers)})
    return prepared


def _prepared(request: Request) -> requests.PreparedRequest:
    blank = _blank(request.method, request.url, tuple(request.headers.items()))
    if request.body and not request.form and not request.files:
        return _filled(blank, request.body)
    prepared = blank.copy()
    files = [
        (name, (filename or None, content, request.file_types.get(name))) for name, filename, content in request.files
    ]
    prepared.prepare_body(dict(request.form) or request.body or None, files or None)
    return prepared


def _filled(blank: requests.PreparedRequest, body: bytes) -> requests.PreparedRequest:
    """The blank with a body; what `copy` and `prepare_body` do, without looking at all of it again."""
    prepared = copy(blank)
    prepared.headers = CaseInsensitiveDict(blank.headers)
    prepared.body, prepared.headers["Content-Length"] = body, str(len(body))
    return prepared


def _timeouts(left_s: float) -> tuple[float, float]:
    """Seconds for the connection and for each wait after it, so that both fit into what is left."""
    left_s = max(left_s, LEAST_TIMEOUT_S)
    connect_s = min(CONNECT_TIMEOUT_S, left_s / 2)
    return connect_s, min(READ_TIMEOUT_S, left_s - connect_s)


def _bounded(raw: BaseHTTPResponse, deadline: float, limit_bytes: int) -> bytes:
    body = b""
    while len(body) < limit_bytes:
        chunk = raw.read1(limit_bytes - len(body), decode_content=True)
        if not chunk:
            break
        body += chunk
        if time.monotonic() > deadline:  # the read timeout alone lets a provider drip for ever
            raise ReadTimeoutError(None, None, "The answer took too long.")  # type: ignore[arg-type]
    return body
