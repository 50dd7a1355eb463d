"""What a translation must keep to before it can become content: a sentence for each field that does not.

Limits that differ from provider to provider are the adapters' business; pre-flight asks them.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import providers
from broadcaster.content import expressions, values
from broadcaster.content.fields import ContentField

BUTTON = re.compile(r"(?P<kind>url|quick_reply|flow)(?: +(?P<place>[0-9]))?")  # WhatsApp: at most ten buttons
QUICK_REPLIES = 10
ISO_639_3 = re.compile(r"[a-z]{3}")
PROVIDER_LANGUAGE = re.compile(r"[a-z]{2,3}([_-][A-Za-z]{2,4})?")  # id, en_US, zh_HK, zh-Hant, fil

Errors = dict[str, str]


def language_error(code: str) -> str:
    """Why this cannot be a translation's language; empty where it can."""
    if ISO_639_3.fullmatch(code):
        return ""
    return "Give the language's ISO 639-3 code: three small letters, such as eng or ind."


def base_error(base: str, languages: Collection[str]) -> str:
    """Why a template in these languages cannot have this base language; empty where it can."""
    if base in languages:
        return ""
    return (
        f"There is no translation in the base language, {base}. "
        "Add one, or choose the language of another translation as the base language."
    )


def field_error(field: ContentField, value: Any) -> str:
    """Why this value cannot stand in this field, whatever the others hold; empty where it can."""
    if field.required and not value:
        return f"{field.label} is missing; fill it in."
    if field.choices and value not in dict(field.choices):
        return f"Choose one of: {', '.join(label for _, label in field.choices)}."
    texts = list(values.each_text(value))
    return _placeholders_error(field, texts) or _length_error(field, texts)


def _placeholders_error(field: ContentField, texts: Sequence[str]) -> str:
    names = [name for text in texts for name in expressions.placeholders(text)]
    if names and not field.placeholders:
        return f"{field.label} is the same for everyone, so it cannot hold @{names[0]}."
    return next(filter(None, map(placeholder_error, names)), "")


def _length_error(field: ContentField, texts: Sequence[str]) -> str:
    """Why a text is too long for everyone, even where nothing stands for its placeholders."""
    longest = max((len(expressions.parse(text).evaluate({})) for text in texts), default=0)
    if not field.longest or longest <= field.longest:
        return ""
    return f"{field.label} has {longest} characters; shorten it to {field.longest} at most."


def placeholder_error(name: str) -> str:
    """Why nothing can ever stand for this placeholder; empty where something may."""
    source, _, key = name.partition(".")
    if source != "contact" or key in expressions.CONTACT_KEYS:
        return ""
    known = ", ".join(f"@contact.{known}" for known in expressions.CONTACT_KEYS)
    return f"There is no @{name}: use {known}, or @fields.{key} for a field of your own. Write @@ for a plain @."


def _text(final: Mapping[str, Any]) -> Errors:
    errors = {} if final["text"] or final["attachments"] else {"text": "Write a text or add an attachment."}
    if len(final["quick_replies"]) > QUICK_REPLIES:
        errors["quick_replies"] = f"There are more than {QUICK_REPLIES} quick replies; take some out."
    return errors


def _template(final: Mapping[str, Any]) -> Errors:
    errors = {"language": _provider_language_error(final["language"]), "buttons": _buttons_error(final["buttons"])}
    if final["header_kind"] and not final["header"]:
        errors["header"] = "Give the header's text or address, or choose no header."
    if final["header"] and not final["header_kind"]:
        errors["header_kind"] = "Choose what kind of header this is."
    return errors


def _buttons_error(buttons: tuple[tuple[str, str], ...]) -> str:
    wrong = next((name for name, _ in buttons if not BUTTON.fullmatch(name)), None)
    if wrong is not None:
        return f"Begin each line with url, quick_reply or flow, such as url = @row.code; this one begins with {wrong}."
    places = [button_place(name, line)[1] for line, (name, _) in enumerate(buttons)]
    if len(set(places)) < len(places):
        return "Two buttons have the same place; number them, as in url 0 = ... and url 1 = ..."
    return ""


def button_place(name: str, line: int) -> tuple[str, int]:
    """A button's kind and place: "url 1" says both, "url" alone stands where its line stands."""
    match = BUTTON.fullmatch(name)
    if match is None:
        raise values.Unreadable(f"There is no button of the kind {name}.")
    return match["kind"], int(match["place"] or line)


def _event(final: Mapping[str, Any]) -> Errors:
    return {"language": _provider_language_error(final["language"])} if final["language"] else {}


def _provider_language_error(code: str) -> str:
    return "" if PROVIDER_LANGUAGE.fullmatch(code) else "Give the provider's language code, such as id or en_US."


def _flow(final: Mapping[str, Any]) -> Errors:
    errors = {"flow_id": _either(final["flow_id"], final["flow_name"], "the flow's ID or its name")}
    if providers.has_emoji(final["cta"]):
        errors["cta"] = "WhatsApp allows no emoji on this button; take it out."
    if not _is_json(final["data"]):
        errors["data"] = "There is no NaN or Infinity in JSON; write a number or a text."
    if final["action"] == "navigate" and not final["screen"]:
        errors["screen"] = "Name the screen that opens first."
    if final["action"] == "data_exchange":
        left_over = [name for name in ("screen", "data") if final[name]]
        errors |= dict.fromkeys(left_over, "Leave this empty: the flow's endpoint chooses the first screen.")
    return errors


def _is_json(value: Any) -> bool:
    """Whether it can be written as JSON; Python reads numbers that are none."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def _voice(final: Mapping[str, Any]) -> Errors:
    return {"flow_id": _either(final["flow_id"], final["prompt_id"], "a call flow or a prompt")}


def _either(one: str, other: str, what: str) -> str:
    if one and other:
        return f"Give {what}, not both."
    return "" if one or other else f"Give {what}."


RULES: dict[str, Callable[[Mapping[str, Any]], Errors]] = {
    "text": _text,
    "template": _template,
    "event": _event,
    "flow": _flow,
    "voice": _voice,
}
