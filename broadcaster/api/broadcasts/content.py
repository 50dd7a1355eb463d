"""What a program writes into a broadcast -> content as a template is frozen, which the rest of the product reads."""

from typing import Any

import providers
from broadcaster.content import media

Given = dict[str, Any]


def of(given: Given) -> Given:
    """The content; where a template says it, only the variables."""
    own = {"variables": given["variables"]} if given.get("variables") else {}
    if given.get("template"):
        return own
    translations = _translations(given)
    base = given.get("base_language") or next(iter(translations))
    return {"kind": providers.Text.kind, "base_language": base, "translations": translations} | own


def name_of(given: Given, longest: int) -> str:
    """What it is called where the program does not say: its beginning, since people look for that in a list."""
    words = " ".join(_words(given).split())
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def _words(given: Given) -> str:
    if given.get("template"):
        return str(given["template"])
    said = of(given)
    base = said["translations"][said["base_language"]]
    files = given.get("attachments", {}).get(said["base_language"], ())
    return base.get("text") or ", ".join(map(str, files)) or "Broadcast"


def _translations(given: Given) -> dict[str, Given]:
    """Text, files and quick replies of each language, as a template's translation holds them."""
    found: dict[str, Given] = {code: {"text": text} for code, text in given.get("text", {}).items()}
    for code, files in given.get("attachments", {}).items():
        found.setdefault(code, {})["attachments"] = [media.reference(file.uuid) for file in files]
    for code, replies in given.get("quick_replies", {}).items():
        found.setdefault(code, {})["quick_replies"] = replies
    return found
