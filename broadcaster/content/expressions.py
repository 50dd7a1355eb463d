"""Placeholders in RapidPro's manner: the smallest step from a template and one recipient's values to a text.

    @contact.name     also phone, first_name, identifier, language; @contact alone is the name
    @fields.city      a contact's own field
    @row.amount       a column of the uploaded file
    @@                a literal @

Names are read without regard to case, as RapidPro does. Everything else after an @ (an e-mail address, @someone) is
text. RapidPro's functions, @(...), are text too; `unsupported` finds them, so that the operator can be warned.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

FIRST_NAME = "first_name"
CONTACT_KEYS = ("name", FIRST_NAME, "phone", "identifier", "language")

# A bare @contact must end there: "me@contact-us.com" and "@contacts" are text.
TOKEN = re.compile(r"@@|@(?:contact|fields|row)\.\w+|@contact(?!\w|-\w)", re.ASCII | re.IGNORECASE)
# Roots of RapidPro's own expressions that hold nothing here (nyaruka/goflow, RunContextTopLevels), or lack a key.
ELSEWHERE = (
    "child|fields|globals|input|legacy_extra|locals|node|parent|results|resume|row|run|ticket|trigger|urns|webhook"
)
UNSUPPORTED = re.compile(
    rf"{TOKEN.pattern}|(?P<found>@\([^)\n]*\)*|(?<!\w)@(?:{ELSEWHERE})\b(?:\.\w+)*)", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Expression:
    """A text split once: `parts` are joined again with a value put into each of the `slots` (place, variable)."""

    parts: tuple[str, ...]
    slots: tuple[tuple[int, str], ...]

    def evaluate(self, variables: Mapping[str, object]) -> str:
        """The text with these values; one that is missing leaves nothing behind."""
        parts = list(self.parts)
        for place, name in self.slots:
            value = variables.get(name)
            if value is not None:
                parts[place] = str(value)
        return "".join(parts)


@lru_cache(maxsize=1024)
def parse(text: str) -> Expression:
    """Split a text at its placeholders."""
    parts: list[str] = []
    slots: list[tuple[int, str]] = []
    end = 0
    for token in TOKEN.finditer(text):
        parts.append(text[end : token.start()])
        if token[0] == "@@":
            parts.append("@")
        else:
            slots.append((len(parts), _name(token[0])))
            parts.append("")
        end = token.end()
    parts.append(text[end:])
    return Expression(tuple(parts), tuple(slots))


def evaluate(text: str, variables: Mapping[str, object]) -> str:
    """The text with each placeholder replaced by its value, a missing one by nothing. Never raises."""
    return parse(text).evaluate(variables)


def placeholders(text: str) -> list[str]:
    """The variables that the text uses, such as `contact.name` and `row.amount`, each once, in their order."""
    return list(dict.fromkeys(name for _, name in parse(text).slots))


def unsupported(text: str) -> list[str]:
    """What looks like one of RapidPro's expressions but goes out as it stands, such as `@(upper(contact.name))`."""
    found = (match["found"] for match in UNSUPPORTED.finditer(text))
    return list(dict.fromkeys(piece for piece in found if piece))


def first_name(name: str) -> str:
    """The first word of a name; expansion cuts it the same way in SQL."""
    return name.partition(" ")[0]


def _name(token: str) -> str:
    name = token[1:].lower()
    return "contact.name" if name == "contact" else name
