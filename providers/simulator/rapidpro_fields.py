"""How RapidPro checks the body of a new broadcast: Django REST framework's fields, their order and their words.

Every field is checked and all complaints are answered together; only a body whose fields are sound meets the
questions that concern several of them. Unknown fields are ignored, as upstream's serializer does.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from providers.simulator.rapidpro_people import group_of

RECIPIENT_LIMIT = 100
TEXT_LIMIT = 640
URN_LIMIT = 255
LANGUAGE_LIMIT = 50
ATTACHMENT_LIMIT = 10
QUICK_REPLY_LIMIT = 10
QUICK_REPLY_CHARACTERS = 64
DEFAULT_LANGUAGE = "eng"
_SCHEMES = frozenset(
    (
        "discord",
        "ext",
        "facebook",
        "fcm",
        "freshchat",
        "instagram",
        "jiochat",
        "line",
        "mailto",
        "rocketchat",
        "slack",
        "tel",
        "telegram",
        "twitter",
        "twitterid",
        "viber",
        "vk",
        "webchat",
        "wechat",
        "whatsapp",
    )
)
_TEL = re.compile(r"\+[1-9][0-9]{6,14}")
_LANGUAGE_LENGTH = 3
_BLANK = "This field may not be blank."
_NULL = "This field may not be null."
_LANGUAGE = "Not an allowed ISO 639-3 language code."
NO_CONTENT = "Must provide either text or attachments."
NO_RECIPIENTS = "Must provide either urns, contacts or groups."
NOT_AN_OBJECT = "Request body should be a single JSON object"


class Invalid(ValueError):  # noqa: N818 - DRF's own word is ValidationError, which says no more
    """What is wrong, in the nesting of the 400 body."""

    def __init__(self, detail: object) -> None:
        super().__init__(str(detail))
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Draft:
    """A valid new broadcast."""

    urns: Sequence[str]
    contacts: Sequence[str]
    groups: Sequence[str]
    text: dict[str, str]
    attachments: dict[str, list[str]]
    quick_replies: dict[str, list[dict[str, str]]]
    base_language: str

    @property
    def recipients(self) -> list[str]:
        """URNs, then contacts, then groups."""
        return [*self.urns, *self.contacts, *self.groups]


def read_broadcast(body: object, media: Collection[str]) -> Draft:
    """Check a new broadcast against the seed's field list; `media` are the UUIDs known as attachments."""
    if not isinstance(body, dict):
        raise Invalid({"non_field_errors": [NOT_AN_OBJECT]})
    readers: dict[str, Callable[[Any], Any]] = {
        "urns": _urns,
        "contacts": lambda value: _objects(value, _contact),
        "groups": _groups,
        "text": _text,
        "attachments": lambda value: _attachments(value, media),
        "quick_replies": _quick_replies,
        "base_language": _base_language,
    }
    values, complaints = _read_all(readers, body)
    if complaints:
        raise Invalid(complaints)
    return _draft(values)


def _read_all(readers: dict[str, Callable[[Any], Any]], body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    values: dict[str, Any] = {}
    complaints: dict[str, Any] = {}
    for name, reader in readers.items():
        if name not in body:
            continue
        try:
            values[name] = reader(_required(body[name]))
        except Invalid as error:
            complaints[name] = error.detail
    return values, complaints


def _draft(values: dict[str, Any]) -> Draft:
    text, attachments = values.get("text", {}), values.get("attachments", {})
    draft = Draft(
        urns=values.get("urns", []),
        contacts=values.get("contacts", []),
        groups=values.get("groups", []),
        text=text,
        attachments=attachments,
        quick_replies=values.get("quick_replies", {}),
        base_language=values.get("base_language") or next(iter(text or attachments), ""),
    )
    complaint = _complaint(draft, language_given="base_language" in values)
    if complaint:
        raise Invalid({"non_field_errors": [complaint]})
    return draft


def _complaint(draft: Draft, *, language_given: bool) -> str:
    """What is wrong with several fields at once, in upstream's order of asking; "" if nothing is."""
    if not draft.text and not draft.attachments:
        return NO_CONTENT
    if not draft.recipients:
        return NO_RECIPIENTS
    if not language_given:  # upstream takes the first language then, and asks nothing more
        return ""
    # Upstream answers 500 where attachments and a base language come without any text; asked as if text were {}.
    if draft.base_language not in draft.text:
        return "No text translation provided in base language."
    named: dict[str, Mapping[str, Any]] = {"attachment": draft.attachments, "quick_replies": draft.quick_replies}
    lacking = (name for name, given in named.items() if given and draft.base_language not in given)
    return next((f"No {name} translations provided in base language." for name in lacking), "")


def _required(value: Any) -> Any:
    if value is None:
        raise Invalid([_NULL])
    return value


def _words(value: Any, limit: int) -> str:
    """DRF's CharField: numbers become text, blanks at both ends go."""
    if isinstance(value, bool) or not isinstance(_required(value), (str, int, float)):
        raise Invalid(["Not a valid string."])
    words = str(value).strip()
    if not words:
        raise Invalid([_BLANK])
    if len(words) > limit:
        raise Invalid([f"Ensure this field has no more than {limit} characters."])
    return words


def _list(value: Any, limit: int) -> list[Any]:
    if not isinstance(value, list):
        raise Invalid([f'Expected a list of items but got type "{type(value).__name__}".'])
    if len(value) > limit:
        raise Invalid([f"Ensure this field has no more than {limit} elements."])
    return value


def _urns(value: Any) -> list[str]:
    complaints = {}
    for index, urn in enumerate(_list(value, RECIPIENT_LIMIT)):
        if urn is None:
            complaints[str(index)] = [_NULL]
        elif len(str(urn)) > URN_LIMIT:
            complaints[str(index)] = [f"Ensure this field has no more than {URN_LIMIT} characters."]
        elif not _is_urn(urn):
            complaints[str(index)] = [f"Invalid URN: {urn}. Ensure phone numbers contain country codes."]
    if complaints:
        raise Invalid(complaints)
    return [urn.strip() for urn in value]


def _is_urn(value: Any) -> bool:
    scheme, _, path = value.strip().partition(":") if isinstance(value, str) else ("", "", "")
    return scheme in _SCHEMES and bool(_TEL.fullmatch(path) if scheme == "tel" else path)


def _contact(value: str) -> bool:
    return _is_uuid(value) or _is_urn(value)


def _groups(value: Any) -> list[str]:
    """Groups by UUID, or by name in any case."""
    words = _objects(value, lambda word: group_of(word) is not None)
    return [group.uuid for group in map(group_of, words) if group]


def _objects(value: Any, exists: Callable[[str], bool]) -> list[str]:
    """Contacts or groups. Every UUID is taken for a contact that exists."""
    for item in _list(value, RECIPIENT_LIMIT):
        if isinstance(item, bool) or not isinstance(item, (str, int)):
            raise Invalid(["Must be a string or integer"])
        if not exists(str(item)):
            raise Invalid([f"No such object: {item}"])
    return [str(item) for item in value]


def _is_uuid(value: str) -> bool:
    try:
        return str(UUID(value)) == value.lower()
    except ValueError:
        return False


def _translations(value: Any, read: Callable[[Any], Any]) -> dict[str, Any]:
    """A dictionary by language; anything else but a dictionary has been dealt with before."""
    if not isinstance(value, dict):
        raise Invalid([f'Expected a dictionary of items but got type "{type(value).__name__}".'])
    if not value:
        raise Invalid(["This dictionary may not be empty."])
    values: dict[str, Any] = {}
    complaints: dict[str, Any] = {}
    for language, item in value.items():
        try:
            values[language] = read(item)
        except Invalid as error:
            complaints[language] = error.detail
        if not _is_language(language):
            complaints.setdefault(language, [_LANGUAGE])
    if complaints:
        raise Invalid(complaints)
    if len(value) > LANGUAGE_LIMIT:
        raise Invalid([f"Ensure this field has no more than {LANGUAGE_LIMIT} elements."])
    return values


def _is_language(code: str) -> bool:
    # The form of an ISO 639-3 code; the list of 7,900 codes is not kept here.
    return len(code) == _LANGUAGE_LENGTH and code.isascii() and code.isalpha() and code.islower()


def _text(value: Any) -> dict[str, str]:
    """A bare string is the text in the workspace's first language."""
    translations = {DEFAULT_LANGUAGE: value} if isinstance(value, str) else value
    return _translations(translations, lambda item: _words(item, TEXT_LIMIT))


def _attachments(value: Any, media: Collection[str]) -> dict[str, list[str]]:
    def read(items: Any) -> list[str]:
        for item in _list(_required(items), ATTACHMENT_LIMIT):
            if str(item) not in media:
                raise Invalid([f"No such object: {item}"])
        return [str(item) for item in items]

    return _translations({DEFAULT_LANGUAGE: value} if isinstance(value, list) else value, read)


def _quick_replies(value: Any) -> dict[str, list[dict[str, str]]]:
    """Objects with a `text`, as nyaruka/rapidpro v26.3.54 has them (QuickReplySerializer); only those of type text."""

    def read(items: Any) -> list[dict[str, str]]:
        return [_quick_reply(item) for item in _list(_required(items), QUICK_REPLY_LIMIT)]

    return _translations({DEFAULT_LANGUAGE: value} if isinstance(value, list) else value, read)


def _quick_reply(item: Any) -> dict[str, str]:
    if not isinstance(item, dict) or not item.get("text"):
        raise Invalid({"non_field_errors": ["Quick replies of type 'text' require a 'text' value."]})
    return {"type": "text", "text": _words(item["text"], QUICK_REPLY_CHARACTERS)}


def _base_language(value: Any) -> str:
    complaints = []
    code = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not code.strip():
        raise Invalid([_BLANK])
    if len(code) > _LANGUAGE_LENGTH:
        complaints.append(f"Ensure this field has no more than {_LANGUAGE_LENGTH} characters.")
    if not _is_language(code):
        complaints.append(_LANGUAGE)
    if complaints:
        raise Invalid(complaints)
    return code
