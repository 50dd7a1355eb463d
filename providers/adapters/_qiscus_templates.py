"""The templates of a Qiscus account, as it lists them to its own console and to whoever has the app's key.

    GET https://multichannel.qiscus.com/api/v2/admin/hsm?page=1&limit=100&channel_id=534
    {"data": {"hsm_templates": [{"id": 191, "name": "invoince_update", "namespace": "6616bb93_...",
       "category": "UTILITY", "hsm_details": [{"id": 172, "language": "id", "content": "Halo {{1}}, tagihan {{2}}",
          "approval_status": 1, "rejection_reason": null, "header_type": "text", "header_content": "",
          "header_default_value": null, "footer": ""}]}]}}
    GET .../hsm/show/191
    {"data": {"hsm_template": {"id": 191, ..., "hsm_details": [...]}}}

Not documented; known from public programs that read it: two Odoo modules (models `qiscus.wa.template` and
`qiscus.template`: the fields above, `limit=1000`, `channel_id`, `approved`) and a Node program (`page`, `limit`,
`hsm/show/<id>`). The buttons of a template are inferred [I] from what Qiscus' help says of creating one, "Creating
WhatsApp Broadcast Message Templates via API".
"""

import logging
from collections.abc import Callable, Iterator
from typing import Any

from providers import parsing
from providers.errors import AnswerUnreadable
from providers.listings import Approval, ListedTemplate, places

log = logging.getLogger(__name__)

PAGE = 100
LAST_PAGE = 20
MOST_SHOWN = 100

# The numbers from the Odoo module `qiscus.wa.template`; the words, Meta's own, in case they are handed on [I].
APPROVALS = {
    "0": Approval.PENDING,
    "1": Approval.APPROVED,
    "-1": Approval.REJECTED,
    "pending": Approval.PENDING,
    "approved": Approval.APPROVED,
    "rejected": Approval.REJECTED,
    "paused": Approval.PAUSED,
    "disabled": Approval.DISABLED,
}
MEDIA = frozenset({"image", "video", "document"})  # "accepted values" of header_type in Qiscus' help, beside text
TEXT_CHARACTERS = 1_024  # Meta's longest body


def templates_of(value: Any) -> list[Any] | None:
    """The templates on a page of the list, or None where it is no such page."""
    found = parsing.dig(value, "data", "hsm_templates")
    return found if isinstance(found, list) else None


def list_templates(ask: Callable[[int, int], Any], show: Callable[[str], Any]) -> list[ListedTemplate]:
    """All templates, page by page: `ask` has the answer to a page and its length, `show` that of one template.

    Raises AnswerUnreadable where a page is none, and whatever asking raises.
    """
    found: dict[str, Any] = {}
    for page in range(1, LAST_PAGE + 1):
        templates = templates_of(ask(page, PAGE))
        if templates is None:
            raise AnswerUnreadable("What answers is not Qiscus' list of templates; check the base URL.")
        fresh = {_id(each) or repr(each): each for each in templates}
        is_news = not fresh.keys() <= found.keys()  # a list that knows no pages says the same again
        found |= fresh
        if len(templates) < PAGE or not is_news:
            break
    return [item for each in _whole(list(found.values()), show) for item in _listed(each)]


def _whole(templates: list[Any], show: Callable[[str], Any]) -> Iterator[Any]:
    """The templates with their languages. No known list leaves them out, so not many are asked for."""
    asked = 0
    for template in templates:
        if parsing.dig(template, "hsm_details") is None and _id(template) and asked < MOST_SHOWN:
            asked += 1
            yield parsing.dig(show(_id(template)), "data", "hsm_template")
        else:
            yield template


def _listed(template: Any) -> Iterator[ListedTemplate]:
    """One item for each language of a template."""
    for details in parsing.items(parsing.dig(template, "hsm_details")):
        body = parsing.lines(parsing.dig(details, "content"), TEXT_CHARACTERS)
        yield ListedTemplate(
            name=parsing.phrase(parsing.dig(template, "name")),
            language=parsing.identifier(parsing.dig(details, "language")),
            approval=_approval(parsing.dig(details, "approval_status")),
            namespace=parsing.phrase(parsing.dig(template, "namespace")),
            template_id=parsing.whole_number(parsing.dig(details, "id")),
            category=parsing.phrase(parsing.dig(template, "category")).lower(),
            body=body,
            variables=len(places(body)),
            header=_header(details),
            buttons=tuple("url" for button in parsing.items(parsing.dig(details, "buttons")) if _varies(button, "url")),
            reason=parsing.phrase(parsing.dig(details, "rejection_reason")),
        )


def _id(template: Any) -> str:
    return parsing.identifier(parsing.dig(template, "id"))


def _approval(value: Any) -> Approval:
    word = parsing.identifier(value).lower()
    if word not in APPROVALS:
        log.warning("Qiscus used an unknown approval status: %r", word[:40])
    return APPROVALS.get(word, Approval.UNKNOWN)


def _header(details: Any) -> str:
    kind = parsing.identifier(parsing.dig(details, "header_type")).lower()
    if kind == "text":
        return kind if _varies(details, "header_content") else ""
    return kind if kind in MEDIA else ""


def _varies(part: Any, field: str) -> bool:
    return bool(places(parsing.lines(parsing.dig(part, field), TEXT_CHARACTERS)))
