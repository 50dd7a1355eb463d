"""The one door out: a pooled session with timeouts, no redirects, bounded answers, and redaction of every secret.

The whole question of the promise is answered here: was the request written, or surely not? `NotPosted` is raised only
where no byte of it can have left; everything after that is `AnswerLost`.
"""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError

from providers.errors import AnswerLost, NotPosted
from providers.outcomes import Exchange

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0
ANSWER_LIMIT_BYTES = 1_000_000
RECORD_LIMIT_CHARACTERS = 4_000
REDACTED = "[redacted]"


@dataclass(frozen=True, slots=True)
class Request:
    """One call to a provider. `body` is already encoded; `files` are (field, filename, bytes) for a multipart form."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    form: Mapping[str, str] = field(default_factory=dict)
    files: tuple[tuple[str, str, bytes], ...] = ()

    @classmethod
    def json(cls, url: str, payload: object, *, headers: Mapping[str, str], method: str = "POST") -> "Request":
        """A request whose body is `payload` as compact UTF-8 JSON."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(method, url, {"Content-Type": "application/json", **headers}, body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider answered, as bytes that nobody has believed yet."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    exchange: Exchange

    def json(self) -> Any:
        """The parsed body, or None where it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def retry_after_s(self) -> float | None:
        """`Retry-After` in seconds where the provider sent a number (RFC 9110, 10.2.3); its date form is ignored."""
        value = self.headers.get("Retry-After", "").strip()
        return float(value) if value.isdecimal() and len(value) < 7 else None  # noqa: PLR2004


class Door:
    """A session to one provider account; safe to use from many threads."""

    def __init__(self, *, secrets: Iterable[str] = (), pool_size: int = 32) -> None:
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=pool_size, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def call(self, request: Request) -> Answer:
        """Post once. Raises NotPosted or AnswerLost; every HTTP status is an answer, redirects too."""
        started = time.monotonic()
        try:
            response = self._session.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=request.form or request.body or None,
                files=[(name, (filename, content)) for name, filename, content in request.files] or None,
                timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
                allow_redirects=False,
                stream=True,
            )
            with response:
                body = response.raw.read(ANSWER_LIMIT_BYTES, decode_content=True) or b""
        except requests.RequestException as error:
            raise self._failure(error) from error
        exchange = self._exchange(request, response.status_code, body, started)
        return Answer(response.status_code, response.headers, body, exchange)

    def redact(self, text: str) -> str:
        """The text without any of this account's secrets."""
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text

    def _failure(self, error: requests.RequestException) -> NotPosted | AnswerLost:
        reason = error.args[0] if error.args else None
        cause = reason.reason if isinstance(reason, MaxRetryError) else None
        if isinstance(error, requests.ConnectTimeout) or isinstance(cause, NewConnectionError | SSLError):
            return NotPosted("The provider could not be reached.", code=type(error).__name__)
        return AnswerLost("The provider did not answer.", code=type(error).__name__)

    def _exchange(self, request: Request, status: int | None, body: bytes, started: float) -> Exchange:
        return Exchange(
            method=request.method,
            url=self.redact(request.url),
            request=self.redact(request.body.decode(errors="replace"))[:RECORD_LIMIT_CHARACTERS],
            status=status,
            response=self.redact(body.decode(errors="replace"))[:RECORD_LIMIT_CHARACTERS],
            duration_ms=round((time.monotonic() - started) * 1000),
        )
