"""Reads what a provider sent without believing it: every function takes any JSON value and answers in our own types."""

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from providers.outcomes import DeliveryStatus

log = logging.getLogger(__name__)

IDENTIFIER_CHARACTERS = 128
PHONE_DIGITS = 20  # E.164 has 15; some providers put a prefix of their own before them
PHRASE_CHARACTERS = 300
INBOUND_CHARACTERS = 4_096  # WhatsApp's longest text
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
REPEATED_KEYS = frozenset({"status", "code"})  # in an error object they say again what the HTTP status said
PLAIN_KEYS = frozenset({"detail", "message", "error", "errors", "non_field_errors"})  # they name nothing
MILLISECONDS_FROM = 100_000_000_000  # as seconds that is the year 5138


def parsed(body: bytes | str) -> Any:
    """The JSON value, or None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def dig(value: Any, *path: str | int) -> Any:
    """The value under the path of keys and positions, or None where the way ends early."""
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and len(value) > step else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def items(value: Any) -> list[Any]:
    """A list as it is, an object as a list of one, anything else as an empty list."""
    if isinstance(value, dict):
        return [value]
    return value if isinstance(value, list) else []


def phrase(value: Any, limit: int = PHRASE_CHARACTERS) -> str:
    """Text for a person: a string or number on one line, at most `limit` characters; anything else is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = CONTROL.sub(" ", str(value)).strip()[:limit]
    return text.encode(errors="replace").decode()  # a lone surrogate cannot be stored


def lines(value: Any, limit: int) -> str:
    """A text as it is laid out, with its line breaks; empty where it is none."""
    found = value[:limit].splitlines() if isinstance(value, str) else []
    return "\n".join(phrase(line, limit) for line in found)


def identifier(value: Any) -> str:
    """An id or a code: a string or whole number; empty where it is neither, or longer than any id may be."""
    if isinstance(value, float):
        return ""
    text = phrase(value, IDENTIFIER_CHARACTERS + 1)
    return text if len(text) <= IDENTIFIER_CHARACTERS else ""


def whole_number(value: Any) -> int | None:
    """A count or a numeric id, as a number or in ASCII digits; None where it is neither."""
    text = identifier(value)
    return int(text) if text.isascii() and text.isdecimal() else None


def phone(value: Any) -> str:
    """The digits of a phone with `+`, however the provider writes them; empty where there are none, or too many."""
    digits = re.sub(r"[^0-9]", "", identifier(value))
    return f"+{digits}" if 0 < len(digits) <= PHONE_DIGITS else ""


def moment(value: Any) -> datetime | None:
    """An aware time from ISO 8601 or Unix seconds or milliseconds; None where it is neither."""
    text = identifier(value)
    try:
        if text.isdecimal():
            seconds = int(text)
            return datetime.fromtimestamp(seconds / 1000 if seconds >= MILLISECONDS_FROM else seconds, UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def header(headers: Mapping[str, str], name: str) -> str:
    """The header's value whatever the case of its name; empty where it is missing."""
    return next((value for key, value in headers.items() if key.lower() == name), "")


def payload(query: Mapping[str, str], body: bytes) -> Any:
    """What a webhook brought: its body as JSON, else as a form, else its query."""
    if not body.strip():
        return dict(query)
    value = parsed(body)
    if value is not None:
        return value
    return {**query, **dict(parse_qsl(body.decode(errors="replace")))}


def texts(value: Any) -> list[str]:
    """Every text inside a nested error object, outer first: `{"urns": {"0": ["bad"]}}` gives `urns.0: bad`."""
    found: list[str] = []
    pending: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while pending and len(found) < 10:  # noqa: PLR2004  a person reads no more
        path, inner = pending.pop(0)
        if isinstance(inner, dict):
            pending += [((*path, str(key)), each) for key, each in inner.items() if key not in REPEATED_KEYS]
        elif isinstance(inner, list):
            pending += [(path, each) for each in inner]
        elif text := phrase(inner):
            where = ".".join(name for name in path if name not in PLAIN_KEYS)
            found.append(f"{where}: {text}" if where else text)
    return found


def status(word: str, statuses: Mapping[str, DeliveryStatus], provider: str) -> DeliveryStatus:
    """The provider's word for a delivery in ours; one that its documents do not show is unknown, and a log line."""
    if word not in statuses:
        log.warning("%s used an unknown delivery status: %r", provider, word[:40])
    return statuses.get(word, DeliveryStatus.UNKNOWN)
