"""The words by which people say in a reply that they want no more, or want to be written to again.

They are data: `stop_words.json`, by language, with the sources beside them. A reply is compared as a whole, so that
"Do not stop" is no opt-out; case, accents, punctuation, spaces and emoji do not count.
"""

import json
import unicodedata
from functools import cache
from pathlib import Path
from typing import Literal

Meaning = Literal["stop", "start"]

DOTLESS = str.maketrans("\u0131", "i")  # which in Turkish is a letter of its own, and on foreign keyboards is not there
LONGEST = 60  # characters; a longer reply is no single word, and need not be read


def meaning(reply: str) -> Meaning | None:
    """What the reply asks for as a whole, if it is one of the words."""
    return _words().get(plain(reply)) if len(reply) <= LONGEST else None


def plain(text: str) -> str:
    """The letters and digits alone, in small letters without accents, in whatever width they were written."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(DOTLESS)
    return "".join(character for character in folded if character.isalnum())


@cache
def _words() -> dict[str, Meaning]:
    """The meaning of each word; where one word means both somewhere, it is an opt-out."""
    table = json.loads(Path(__file__).with_name("stop_words.json").read_text(encoding="utf-8"))
    meanings: tuple[Meaning, ...] = ("start", "stop")
    return {plain(word): each for each in meanings for words in table[each].values() for word in words}
