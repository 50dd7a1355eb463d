"""The templates of Kaleyra's simulated accounts: `GET /v2/<sid>/whatsapp/<waba id>/message_templates`, and V1's states.

Kaleyra's page "Get Templates" gives the path, whose last parts are Meta's; so the answer is Meta's, as its pages
"WhatsApp Message Template" and on paging show it. Here a page holds only a few, so that there is more than one. "Get a
WhatsApp Template Status" says of the first version's answer no more than what it holds.
"""

from collections.abc import Mapping
from typing import Any

from providers.simulator.replies import Reply

PAGE = 3


def _template(name: str, status: str, body: str, *parts: Mapping[str, Any], language: str = "en") -> dict[str, Any]:
    return {
        "name": name,
        "components": [*parts, {"type": "BODY", "text": body}],
        "language": language,
        "status": status,
        "category": "MARKETING",
        "id": str(594425479261596 + len(name)),
    }


TEMPLATES = (
    _template("welcome", "APPROVED", "Welcome {{1}}, nice to have you in {{2}}."),
    _template("welcome", "APPROVED", "Selamat datang {{1}} di {{2}}.", language="id"),
    _template(
        "order_ready",
        "APPROVED",
        "Dear {{1}}, order {{2}} is ready.",
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Track", "url": "https://example.org/{{1}}"}]},
    ),
    _template("spring_sale", "PENDING", "Spring is here, {{1}}!"),
    {**_template("free_money", "REJECTED", "Free money for {{1}}!"), "rejected_reason": "SCAM"},
    _template("last_call", "PAUSED", "Last call, {{1}}."),
)


def page(after: str) -> Reply:
    """The templates after the cursor, and where the next page begins; a cursor that is none begins at the start."""
    start = int(after) if after.isascii() and after.isdecimal() else 0
    found = TEMPLATES[start : start + PAGE]
    end = start + len(found)
    paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(end)}}
    if end < len(TEMPLATES):
        paging["next"] = f"https://graph.facebook.com/v20.0/0/message_templates?after={end}"
    return Reply(200, {"data": list(found), "paging": paging})


def states() -> Reply:
    """The first version's list: name and state."""
    return Reply(200, {"data": [{"template_name": each["name"], "status": each["status"]} for each in TEMPLATES]})
