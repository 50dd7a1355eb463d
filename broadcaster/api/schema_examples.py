"""Real calls and their answers, shown in the description of each call; a test holds the two against each other."""

from typing import Any

Object = dict[str, Any]

SENT = {
    "text": "Hello @contact.name, we are open until nine tonight.",
    "urns": ["tel:+628123456789"],
}
# By the name of the call: what is sent, and what is answered; in lists, one row.
REQUESTS: dict[str, Object] = {"broadcasts_create": SENT}
ANSWERS: dict[str, Object] = {}


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
