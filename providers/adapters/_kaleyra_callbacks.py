"""What Kaleyra posts to the callback of a WhatsApp number: what became of messages, and what people answer.

    {"meta_object": {"value": {"messaging_product": "whatsapp", "statuses": [{"id": "wamid.X", "status": "sent",
       "timestamp": "1722834665", "recipient_id": "9194XXXXXXXX"}]}, "field": "messages"},
     "extra_info": {"trace_id": "...", "message_id": "wamid.X", "ref": "customer1", "ref1": "", "ref2": ""},
     "status": "sent", "message_id": "wamid.X"}
    {"code": "WAV2101", "status": "not sent", "reason": "Account daily limit reached", "message_id": "wamid.X",
     "extra_info": {"message_id": "wamid.X", "waba_id": "12...", "ref": "customer1", "ref1": "...", "ref2": "..."}}
    {"body": "STOP", "mime_type": "", "media_url": "", "from": "919XXXXXXXX8", "name": "John", "type": "text",
     "created_at": "...", "reply_to": "", "wanumber": "91XXXXXXXXXX", "mobile": "", "custom_response": "", ...}
    GET ?id=AXXXXXXXXX&status=delivered      of the first version

Sources: Kaleyra's pages "wa-status-update-webhooks-payload-v2-sent" and "...-daily-limit-reached", "Callback Profiles",
"Create Callback Profile for Incoming WhatsApp Messages" and, for the last, a public client of the first version.

A user of Kaleyra's console writes the body of a callback profile, chooses GET, POST or PUT, and JSON or a form; so an
object may arrive as text inside a field, values in quotes, or several callbacks in a list, and the published sample has
a comma too many. All of that is read. A body in XML or HTML, which the console offers too, is not. What people write
stands beside the rest: no text of theirs is ever opened, or they could write themselves a receipt.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from providers import parsing, whatsapp
from providers.outcomes import DeliveryStatus, ReceiptEvent

# `status` of a callback, in small letters with dashes: Meta's words from Kaleyra's page "WhatsApp Status", which has
# not-sent too; submit-success from V1's documentation; 0 is V1's failure, as a public client of V1 reads it.
STATUSES = {
    **whatsapp.STATUSES,
    "submit-success": DeliveryStatus.QUEUED,
    "not-sent": DeliveryStatus.FAILED,
    "0": DeliveryStatus.FAILED,
    # The titles of Kaleyra's pages on not-sent callbacks, for a body in which the title stands for the status.
    "submit-failure": DeliveryStatus.FAILED,
    "number-opted-out": DeliveryStatus.OPTED_OUT,
    "daily-limit-reached": DeliveryStatus.FAILED,
    "to-number-or-type-missing": DeliveryStatus.FAILED,
    "template-details-not-found": DeliveryStatus.FAILED,
    "country-traffic-blocked": DeliveryStatus.FAILED,
    "missing-slug-value": DeliveryStatus.FAILED,
}
OBJECTS = frozenset({"meta_object", "extra_info", "statuses", "errors"})  # what may arrive as text; all Kaleyra's own
ENVELOPES = frozenset({"payload", "data", "callback"})  # what a single field around all of it may be called
NOT_SENT = re.compile(r"not-?sent-+(?=.)")  # "Not Sent - Number Opted Out" is the title of a page
BETWEEN_WORDS = re.compile(r"[\s_-]+")
COMMA_TOO_MANY = re.compile(rb",(\s*[}\]])")


def events(query: Mapping[str, str], body: bytes) -> Iterator[ReceiptEvent]:
    """Statuses and replies in one call."""
    for callback in _callbacks(_payload(query, body)):
        framed = parsing.dig(callback, "meta_object", "value")
        value = callback if framed is None else framed  # Meta's own callback, which some hand on as it is
        yield from whatsapp.inbound_events(value)
        statuses = parsing.items(parsing.dig(value, "statuses"))
        if statuses or callback.get("status") is not None:
            yield from (_event(callback, status) for status in statuses or [{}])
        elif "from" in callback and "wanumber" in callback:
            yield _reply(callback)


def _payload(query: Mapping[str, str], body: bytes) -> Any:
    if parsing.parsed(body) is None:
        mended = parsing.parsed(COMMA_TOO_MANY.sub(rb"\1", body))
        if mended is not None:
            return mended
    return parsing.payload(query, body)


def _callbacks(payload: Any) -> Iterator[dict[str, Any]]:
    """Each callback, with objects instead of their text; all of it may be in one field."""
    for item in filter(_is_object, parsing.items(payload)):
        if len(item) == 1 and item.keys() <= ENVELOPES:
            inside = [_opened(value) for value in item.values()]
            yield from (_with_objects(each) for each in filter(_is_object, parsing.items(inside[0])))
        else:
            yield _with_objects(item)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _with_objects(callback: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _opened(value) if name in OBJECTS else _bare(value) for name, value in callback.items()}


def _opened(value: Any) -> Any:
    """The object or list whose text this is; anything else as it is."""
    inner = parsing.parsed(value) if isinstance(value, str) else None
    return value if inner is None else inner


def _bare(value: Any) -> Any:
    """A text out of its quotes."""
    return value.strip().strip('"') if isinstance(value, str) else value


def _reply(callback: Mapping[str, Any]) -> ReceiptEvent:
    words = callback.get("body") or callback.get("custom_response")
    return ReceiptEvent(
        None,
        address=parsing.phone(callback["from"]),
        at=parsing.moment(callback.get("created_at")),
        inbound=parsing.phrase(words, parsing.INBOUND_CHARACTERS),
    )


def _event(callback: dict[str, Any], status: Any) -> ReceiptEvent:
    # Both places hold the status in the published sample; a callback of the user's own making may have only one.
    merged = {**callback, **(status if isinstance(status, dict) else {})}
    fault = parsing.dig(merged, "errors", 0)
    reason = parsing.phrase(parsing.dig(fault, "title") or merged.get("reason") or merged.get("description"))
    code = parsing.identifier(parsing.dig(fault, "code") or merged.get("code"))
    found = parsing.status(_word(merged.get("status")), STATUSES, "Kaleyra")
    return ReceiptEvent(
        whatsapp.failure_or_opt_out(found, code=code, reason=reason),
        provider_id=parsing.identifier(merged.get("message_id") or merged.get("id")),
        reference=parsing.identifier(parsing.dig(merged, "extra_info", "ref") or merged.get("ref")),
        address=parsing.phone(merged.get("recipient_id") or merged.get("to") or merged.get("mobile")),
        code=code,
        reason=reason,
        at=parsing.moment(merged.get("timestamp")),
    )


def _word(status: Any) -> str:
    """The status as the table has it: "NOT_SENT" and "Not Sent" are not-sent."""
    word = BETWEEN_WORDS.sub("-", parsing.identifier(status).lower())
    return NOT_SENT.sub("", word) if word not in STATUSES else word
