"""Writes our own types the way that providers want them, the counterpart of `parsing`."""

from datetime import UTC, datetime
from typing import Any


def given(**fields: Any) -> dict[str, Any]:
    """The fields that hold something; most providers take an empty one for a mistake."""
    return {name: value for name, value in fields.items() if value}


def utc(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and `Z`, such as 2030-01-01T00:00:00.000Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def told(sentence: str, *, who: str, words: str) -> str:
    """Our sentence about a refusal, and after it the provider's own words where it gave any."""
    if not words:
        return sentence
    return f"{sentence} {who} says: {words if words[-1] in '.!?' else f'{words}.'}"
