"""Real calls, shown with their answers in the description of each; a test holds them against what is described."""

from typing import Any

from broadcaster.api.schema_answers import ANSWERS

__all__ = ["ANSWERS", "REQUESTS", "add"]

Object = dict[str, Any]

# By the name of the call.
REQUESTS: dict[str, Object] = {
    "broadcasts_create": {
        "text": {"eng": "Hello @contact.name, we are open until nine tonight."},
        "urns": ["tel:+628123456789"],
        "channel": "My channel",
    },
    "contacts_create": {
        "name": "Ann",
        "language": "ind",
        "urns": ["tel:+628123456789"],
        "groups": ["Reporters"],
        "fields": {"shoe_size": "38"},
    },
    "groups_create": {"name": "Reporters"},
    "fields_create": {"name": "Shoe size", "type": "text"},
    "uploads_update": {
        "mapping": {
            "Name": {"role": "name", "key": "name"},
            "Phone": {"role": "phone", "key": "phone"},
            "Amount": {"role": "row", "key": "amount"},
        },
        "region": "ID",
        "group": "June",
    },
    "suppressions_create": {"urns": ["tel:+628123456780"], "reason": "Asked by phone"},
    "templates_create": {
        "name": "Payment reminder",
        "kind": "text",
        "base_language": "eng",
        "content": {
            "eng": {"text": "Hello @contact.name, @row.amount is due."},
            "ind": {"text": "Halo @contact.name, @row.amount jatuh tempo."},
        },
    },
    "webhooks_create": {
        "url": "https://example.com/events",
        "events": ["broadcast.completed", "broadcast.failed"],
        "description": "CRM",
    },
    "webhooks_update": {"enabled": True},
}


def add(call: Object) -> None:
    """Put the examples of a call into its description."""
    name = call["operationId"]
    if name in REQUESTS:
        _json(call["requestBody"])["example"] = REQUESTS[name]
    if name in ANSWERS:
        for told in _successes(call):
            is_page = "Paginated" in told["schema"].get("$ref", "")
            told["example"] = {"next": None, "previous": None, "results": [ANSWERS[name]]} if is_page else ANSWERS[name]


def _successes(call: Object) -> list[Object]:
    return [_json(told) for status, told in call["responses"].items() if status < "300"]


def _json(described: Object) -> Object:
    found: Object = described["content"]["application/json"]
    return found
