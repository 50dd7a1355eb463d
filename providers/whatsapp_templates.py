"""WhatsApp's templates as Meta writes them, which several providers hand on unchanged: in messages, and in lists.

    in a message   {"type": "body", "parameters": [{"type": "text", "text": "Nur"}]}
    in a list      {"name": "order_ready", "language": "en_US", "status": "APPROVED", "category": "UTILITY",
                    "components": [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Dear {{1}}, ..."},
                      {"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://example.org/{{1}}"}]}]}

Sources: Meta's Cloud API reference, messages ("Template object", "Parameter object"), for the first; its pages
"WhatsApp Message Template" (Graph API) and "Template components" for the second.
"""

import logging
import re
from collections.abc import Iterator
from typing import Any

from providers import limits, parsing, writing
from providers.listings import Approval, ListedTemplate, places
from providers.messages import Button, Media, TemplateMessage
from providers.outcomes import FieldError

log = logging.getLogger(__name__)

HEADERS = frozenset({"text", "image", "video", "document"})
BUTTONS = frozenset({"url", "quick_reply", "flow"})
NAME_CHARACTERS = 512
HEADER_CHARACTERS = 60
# "Parameter object": the shorter where the message has other components.
BODY_CHARACTERS, BODY_ALONE_CHARACTERS = 1024, 32_768
BUTTON_COUNT = 10
URL_CHARACTERS = 2_000
LINK = re.compile(r"https?://[^\s/]+\S*\Z")
# Meta's error: "Param text cannot have new-line/tab characters or more than 4 consecutive spaces".
UNPRINTABLE = re.compile(r"[\n\r\t]| {5}")

# `status` of a listed template, from "WhatsApp Message Template".
APPROVALS = {
    "APPROVED": Approval.APPROVED,
    "PENDING": Approval.PENDING,
    "IN_APPEAL": Approval.PENDING,
    "REJECTED": Approval.REJECTED,
    "PAUSED": Approval.PAUSED,
    "DISABLED": Approval.DISABLED,
    "LIMIT_EXCEEDED": Approval.DISABLED,
    "PENDING_DELETION": Approval.DISABLED,
    "DELETED": Approval.DISABLED,
}


def components(template: TemplateMessage) -> list[dict[str, Any]]:
    """The variable parts of a message's template."""
    found: list[dict[str, Any]] = []
    if template.header:
        found.append({"type": "header", "parameters": [_media(template.header)]})
    if template.variables:
        found.append({"type": "body", "parameters": [_text(value) for value in template.variables]})
    return found + [_button(button) for button in template.buttons]


def problems(template: TemplateMessage) -> Iterator[FieldError]:
    """What Meta would refuse in a message's template, as far as the message itself shows."""
    yield from limits.filled("name", "The template's name", template.name)
    yield from limits.within("name", "The template's name", template.name, NAME_CHARACTERS)
    yield from limits.filled("language", "The template's language", template.language)
    if template.header:
        yield from _header_problems(template.header)
    is_alone = not template.header and not template.buttons
    longest = BODY_ALONE_CHARACTERS if is_alone else BODY_CHARACTERS
    for number, value in enumerate(template.variables, start=1):
        yield from _value_problems("variables", f"Variable {number}", value, longest)
    yield from _button_problems(template.buttons)


def _header_problems(header: Media) -> Iterator[FieldError]:
    yield from limits.one_of("header", "The header's kind", header.kind, HEADERS)
    if header.kind == "text":
        yield from _value_problems("header", "The header", header.value, HEADER_CHARACTERS)
    elif header.kind in HEADERS and not LINK.match(header.value):
        yield FieldError("header", "The header must be the file's address, such as https://example.org/picture.png.")


def _value_problems(field: str, label: str, value: str, longest: int) -> Iterator[FieldError]:
    yield from limits.filled(field, label, value)
    yield from limits.within(field, label, value, longest)
    if UNPRINTABLE.search(value):
        yield FieldError(field, f"{label} holds a line break, a tab or many spaces, which WhatsApp refuses in a value.")


def _button_problems(buttons: tuple[Button, ...]) -> Iterator[FieldError]:
    for button in buttons:
        yield from limits.one_of("buttons", "A button's kind", button.kind, BUTTONS)
        if button.kind != "flow":  # a flow's token may be left out
            yield from limits.filled("buttons", f"The value of button {button.index}", button.value)
        if button.kind == "url":
            yield from limits.within("buttons", f"The value of button {button.index}", button.value, URL_CHARACTERS)
    places = [button.index for button in buttons]
    if len(set(places)) < len(places):
        yield FieldError("buttons", "Two buttons have the same place; give each its own.")
    if not all(0 <= place < BUTTON_COUNT for place in places):
        yield FieldError("buttons", f"A button's place must be 0 to {BUTTON_COUNT - 1}.")


def _text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value}


def _media(header: Media) -> dict[str, Any]:
    return _text(header.value) if header.kind == "text" else {"type": header.kind, header.kind: {"link": header.value}}


def _button(button: Button) -> dict[str, Any]:
    parameter: dict[str, Any] = _text(button.value)
    if button.kind == "quick_reply":
        parameter = {"type": "payload", "payload": button.value}
    elif button.kind == "flow":
        parameter = {"type": "action", "action": writing.given(flow_token=button.value)}
    return {"type": "button", "sub_type": button.kind, "index": str(button.index), "parameters": [parameter]}


def listed(item: Any) -> ListedTemplate | None:
    """One item of a list; None where it has no name or language, without which no message can ask for it."""
    name, language = (parsing.identifier(parsing.dig(item, key)) for key in ("name", "language"))
    if not name or not language:
        return None
    parts = {_word(part, "type"): part for part in reversed(parsing.items(parsing.dig(item, "components")))}
    body = parsing.lines(parsing.dig(parts.get("BODY"), "text"), BODY_CHARACTERS)
    reason = parsing.phrase(parsing.dig(item, "rejected_reason"))
    return ListedTemplate(
        name=name,
        language=language,
        approval=_approval(_word(item, "status")),
        category=_word(item, "category").lower(),
        body=body,
        variables=len(places(body)),
        header=_listed_header(parts.get("HEADER")),
        buttons=tuple(filter(None, map(_listed_button, parsing.items(parsing.dig(parts.get("BUTTONS"), "buttons"))))),
        reason="" if reason.upper() == "NONE" else reason,
    )


def _approval(word: str) -> Approval:
    if word not in APPROVALS:
        log.warning("A template has an unknown state of approval: %r", word[:40])
    return APPROVALS.get(word, Approval.UNKNOWN)


def _listed_header(part: Any) -> str:
    """The kind of header that a message must fill; a text that stands fast needs nothing."""
    kind = _word(part, "format").lower()
    if kind == "text" and not places(parsing.phrase(parsing.dig(part, "text"))):
        return ""
    return kind if kind in HEADERS else ""


def _listed_button(part: Any) -> str:
    """The kind of a button that takes a parameter, or nothing; an address that stands fast takes none."""
    kind = _word(part, "type").lower()
    if kind == "url" and not places(parsing.phrase(parsing.dig(part, "url"), URL_CHARACTERS)):
        return ""
    return kind if kind in BUTTONS else ""


def _word(value: Any, key: str) -> str:
    return parsing.identifier(parsing.dig(value, key)).upper()
