"""What an account holds at its provider, as it lists it: templates with their approval, groups of people."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

PLACE = re.compile(r"\{\{\s*(\w{1,40})\s*\}\}")  # of a variable in a template's text: a number, or a name


class Approval(StrEnum):
    """Whether a template may be sent, in the words of WhatsApp's template manager."""

    APPROVED = "approved"
    PENDING = "pending"
    REJECTED = "rejected"
    PAUSED = "paused"  # for its quality; it comes back by itself or after an edit
    DISABLED = "disabled"
    UNKNOWN = "unknown"  # the provider used a word that is not in its documents


@dataclass(frozen=True, slots=True)
class ListedTemplate:
    """One language of a template in the account, as a message has to name it.

    `variables` counts the placeholders of the body. `header` is empty, text, image, video or document; `buttons` are
    the kinds of those that take a parameter. What a provider does not tell stays empty.
    """

    name: str
    language: str
    approval: Approval
    namespace: str = ""
    template_id: int | None = None
    category: str = ""
    body: str = ""
    variables: int = 0
    header: str = ""
    buttons: tuple[str, ...] = ()
    reason: str = ""  # why it is not approved


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A group of people that the provider keeps; `count` is None where it does not tell."""

    group_id: str
    name: str
    count: int | None = None


def places(text: str) -> list[str]:
    """The numbers or names by which a template's text calls its variables, each once, in the variables' order."""
    found = list(dict.fromkeys(PLACE.findall(text)))
    return sorted(found, key=int) if all(map(str.isdecimal, found)) else found


def filled(text: str, variables: Sequence[str]) -> str:
    """The text with the variables in their places; what has no variable stays as it is."""
    values = dict(zip(places(text), variables, strict=False))
    return PLACE.sub(lambda place: values.get(place[1], place[0]), text)
