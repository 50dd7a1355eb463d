"""Real calls and their answers, shown in the description of each call; a test holds the two against each other."""

from typing import Any

Object = dict[str, Any]

SENT = {
    "text": "Hello @contact.name, we are open until nine tonight.",
    "urns": ["tel:+628123456789"],
}
BROADCAST = {
    "id": 12,
    "uuid": "0199bb93-ec0f-703e-9b5b-d26d4b6b133c",
    "status": "pending",
    "progress": {"total": -1, "started": 0},
    "urns": ["tel:+628123456789"],
    "contacts": [],
    "groups": [],
    "text": {"eng": "Hello @contact.name, we are open until nine tonight."},
    "attachments": {"eng": []},
    "quick_replies": {"eng": []},
    "base_language": "eng",
    "created_on": "2026-03-02T17:28:12.123456Z",
    "name": "Hello @contact.name, we are open until nine tonight.",
    "channel": {"uuid": "0199bb93-8a50-7b11-a2c4-7f0a5c1d2e3f", "name": "RapidPro demo"},
    "template": None,
    "variables": {},
    "upload": None,
    "exclude_groups": [],
    "send_at": "2026-03-02T17:28:12.130201Z",
    "expires_at": None,
    "priority": "normal",
    "state": "scheduled",
    "state_reason": "",
}

# By the name of the call: what is sent, and what is answered; in lists, one row.
REQUESTS: dict[str, Object] = {
    "broadcasts_create": SENT,
    "contacts_create": {"name": "Ann", "language": "ind", "urns": ["tel:+628123456789"]},
    "groups_create": {"name": "Reporters"},
    "fields_create": {"name": "Shoe size", "type": "text"},
}
ANSWERS: dict[str, Object] = {
    "broadcasts_create": BROADCAST,
    "broadcasts_list": BROADCAST,
    "broadcasts_retrieve": BROADCAST,
}


def add(call: Object) -> None:
    """Put the examples of a call into its description."""
    name = call["operationId"]
    if name in REQUESTS:
        _json(call["requestBody"])["example"] = REQUESTS[name]
    if name in ANSWERS:
        status = next(status for status in ("200", "201") if status in call["responses"])
        is_list = name.endswith("_list")
        page = {"next": None, "previous": None, "results": [ANSWERS[name]]}
        _json(call["responses"][status])["example"] = page if is_list else ANSWERS[name]


def _json(described: Object) -> Object:
    found: Object = described["content"]["application/json"]
    return found
