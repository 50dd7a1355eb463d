"""How Qiscus Multichannel talks: its credentials, errors, times and status words, shared by its endpoints.

No error of these endpoints is documented. The bodies here follow the success bodies' habit of carrying the HTTP status
as `status`; which status stands for what is HTTP's own meaning.
"""

import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web

from providers.simulator.doors import Faults
from providers.simulator.magic import Fate, Status
from providers.simulator.receipts import Notice
from providers.simulator.record import Recipient
from providers.simulator.replies import Refused, Reply
from providers.simulator.shapes import Rule, satisfies

NAME = "qiscus"


def failure(status: int, message: str) -> Reply:
    """An error as this door words it."""
    return Reply(status, {"errors": {"message": message}, "status": status})


UNAUTHORIZED = failure(401, "Unauthorized")
INVALID_JSON = failure(400, "Invalid JSON")
FAULTS: Faults = {
    Fate.REFUSED: lambda _: failure(422, "phone_number is not valid"),
    Fate.FAILING: lambda _: failure(500, "Internal server error"),
    Fate.THROTTLED: lambda _: Reply(429, failure(429, "Too many requests").body, {"Retry-After": "1"}),
}
# As a WhatsApp webhook says it; Qiscus' own log has one more word, "scheduled".
WORDS: Mapping[Status, str] = {
    Status.QUEUED: "scheduled",
    Status.SENT: "sent",
    Status.DELIVERED: "delivered",
    Status.READ: "read",
    Status.FAILED: "failed",
    Status.OPTED_OUT: "failed",
}
ERRORS: Mapping[Status, Mapping[str, object]] = {
    Status.FAILED: {"code": 131026, "title": "Message undeliverable"},
    Status.OPTED_OUT: {"code": 131050, "title": "User has opted out of marketing messages"},
}


def check_credentials(request: web.Request) -> None:
    """Both headers must be there and good."""
    for header in ("Qiscus-App-Id", "Qiscus-Secret-Key"):
        value = request.headers.get(header, "")
        if not value or value.startswith("bad"):
            raise Refused(UNAUTHORIZED)


def check_access(request: web.Request, content_types: tuple[str, ...] = ("application/json",)) -> None:
    """Good credentials, and a content type that the endpoint takes."""
    check_credentials(request)
    if request.content_type not in content_types:
        raise Refused(failure(415, f"Content-Type must be {' or '.join(content_types)}"))


def whole(request: web.Request, name: str, default: int) -> int:
    """A whole number of the query, 1 or more; raises Refused."""
    value = request.query.get(name, str(default))
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 2**31):
        raise Refused(failure(400, f"{name} must be a positive integer"))
    return int(value)


def parse_time(value: str) -> float:
    """Seconds since the epoch of an ISO 8601 date and time (UTC where no zone is named); raises ValueError."""
    if "T" not in value:
        raise ValueError(value)
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and parse_time(value) is not None
    except (ValueError, OverflowError):
        return False


iso_time: Rule = satisfies(_is_time)


def start_of(body: Mapping[str, object]) -> float:
    """When the broadcast goes out; without `started_at`, or with one that has passed, at once."""
    started_at = body.get("started_at")
    return parse_time(started_at) if isinstance(started_at, str) else time.time()


def as_time(moment: float) -> str:
    """A time as the sample responses write it: UTC, whole seconds, `Z`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def message_id(recipient: Recipient) -> str:
    """WhatsApp's id of a message that has gone out; the API's answer has `null` in its place."""
    return "wamid." + uuid.uuid5(uuid.NAMESPACE_URL, recipient.provider_id + recipient.address).hex.upper()


def notice(app_id: str, channel_id: int) -> Notice:
    """The forwarded WhatsApp webhook, which carries `statuses[]`; posted if a URL is registered for the app id."""

    def body(recipient: Recipient, status: Status, at: float) -> object:
        entry: dict[str, object] = {
            "id": message_id(recipient),
            "status": WORDS[status],
            "recipient_id": recipient.address,
            "timestamp": str(int(at)),
            "conversation": {"id": recipient.provider_id, "origin": {"type": "marketing"}},
            "pricing": {"billable": True, "pricing_model": "CBP", "category": "marketing"},
        }
        if status in ERRORS:
            entry["errors"] = [ERRORS[status]]
        return {
            "app_code": app_id,
            "channel_id": channel_id,
            "contacts": [],
            "display_phone_number": "6281100000000",
            "phone_number_id": "104000000000000",
            "messages": [],
            "statuses": [entry],
        }

    return Notice(NAME, body, account=app_id)
