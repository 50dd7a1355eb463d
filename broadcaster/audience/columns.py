"""Columns: between the detected file and its import, a first guess at what each column holds, which the operator mends.

The words that operators use for a column are data: `synonyms.json`, by role and language.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Container, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from broadcaster.audience.phones import WITHOUT_COUNTRY, Refusal, normalise

ROLES = ("phone", "name", "language", "identifier", "field")
MAX_KEY_CHARACTERS = 36  # as RapidPro's field keys

_CONTACT = {**{role: role for role in ROLES[:-1]}, "first_name": "name"}  # what @contact.... is cut out of
_PLACEHOLDER = re.compile(
    rf"@(contact|fields|row)\.([a-z][a-z0-9_]{{0,{MAX_KEY_CHARACTERS - 1}}})", re.ASCII | re.IGNORECASE
)
_LIKELY_PHONES = 0.6  # the share of a column's values from which it is taken for phones
_MAX_COUNT_DIGITS = 9
_LOCAL_NUMBER = re.compile(r"(0?)[1-9]\d{8,11}")
# Latin letters that Unicode does not see as a plain letter with a mark.
_LATIN = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "\u0131": "i"})


def _folded(header: str) -> str:
    """Return the words of a header without case, accents and punctuation: "No. WA" -> "no wa"."""
    plain = unicodedata.normalize("NFKD", header).casefold()
    letters = (" " if unicodedata.category(each)[0] in "PSZC" else each for each in plain if not _is_accent(each))
    return " ".join("".join(letters).replace("_", " ").split())


def _is_accent(character: str) -> bool:
    # Only European accents: the vowel signs of Hindi, Bengali or Arabic are part of the word.
    return "\u0300" <= character <= "\u036f"


def _synonyms() -> dict[str, str]:
    roles = json.loads(Path(__file__).with_name("synonyms.json").read_text(encoding="utf-8"))
    return {_folded(word): role for role, languages in roles.items() for words in languages.values() for word in words}


_ROLE_BY_WORDS = _synonyms()


class Placeholder(NamedTuple):
    """A header that is a template's placeholder: "@row.amount" names the source "row" and the key "amount"."""

    source: str
    key: str


def placeholder(header: str) -> Placeholder | None:
    """The placeholder that the header is, as in a template's sample file, or None."""
    found = _PLACEHOLDER.fullmatch(header.strip())
    return Placeholder(found[1].lower(), found[2].lower()) if found else None


def _named(header: str) -> str | None:
    """The role that a header's name speaks of, None where it speaks of none that we know."""
    if found := placeholder(header):
        return _CONTACT.get(found.key, "field") if found.source == "contact" else "field"
    return _ROLE_BY_WORDS.get(_folded(header))


def guess(headers: Sequence[str], sample: Sequence[Sequence[str]] = (), region: str | None = None) -> dict[str, str]:
    """Return a role for each header; each role but "field" goes to one column at most.

    Names decide. Between several phone columns, and where no name speaks of phones, the sample's values do; `region`
    is the country of its local numbers, where that is known.
    """
    columns = {
        header: [row[place] for row in sample if place < len(row) and row[place].strip()]
        for place, header in enumerate(headers)
    }
    named = {header: _named(header) for header in headers}
    roles = dict.fromkeys(headers, "field")
    for role in ("name", "language", "identifier"):
        fitting = [header for header in headers if named[header] == role and not counts_rows(columns[header])]
        roles |= dict.fromkeys(fitting[:1], role)
    phone = _phone_header(named, {header: phone_share(values, region) for header, values in columns.items()})
    return roles | ({phone: "phone"} if phone else {})


def _phone_header(named: dict[str, str | None], shares: dict[str, float | None]) -> str | None:
    """Return the best header of the first sort there is: a word for phones, a mention of one, numbers below."""
    likely = {header: share or 0 for header, share in shares.items()}
    nameless = [header for header, role in named.items() if role is None]
    candidates = (
        [header for header, role in named.items() if role == "phone"]
        or [header for header in nameless if _mentions_phones(header) and shares[header] != 0]
        or [header for header in nameless if likely[header] >= _LIKELY_PHONES]
    )
    return max(candidates, key=likely.__getitem__, default=None)


def _mentions_phones(header: str) -> bool:
    """Find a word for phones inside a longer header ("Customer phone (home)"); other roles' words are too common."""
    words = _folded(header).split()
    spans = (" ".join(words[start : start + length]) for start in range(len(words)) for length in range(1, 5))
    return any(_ROLE_BY_WORDS.get(span) == "phone" for span in spans)


def counts_rows(values: list[str]) -> bool:
    """Tell 1, 2, 3...: as identifiers they would make one person of the first rows of any two files."""
    numbers = [int(value) for value in values if value.isdecimal() and len(value) < _MAX_COUNT_DIGITS]
    return len(numbers) == len(values) > 1 and all(later == number + 1 for number, later in pairwise(numbers))


def phone_share(values: list[str], region: str | None) -> float | None:
    """Return how much like phone numbers the values are, 0 to 1; None where there are none."""
    return sum(_phone_likeness(value, region) for value in values) / len(values) if values else None


def _phone_likeness(value: str, region: str | None) -> float:
    """Return 1 for a number; without its country, a trunk zero still tells it from an amount or an order number."""
    number = normalise(value, region)
    if not isinstance(number, Refusal):
        return 1
    local = _LOCAL_NUMBER.fullmatch(re.sub(r"[\s().-]", "", value)) if number in WITHOUT_COUNTRY else None
    return (0.9 if local[1] else 0.7) if local else 0


def shape(headers: Sequence[str]) -> str:
    """A word for these headers that other files with the same columns, in whatever order or case, have too."""
    return hashlib.sha256(json.dumps(sorted(map(alike, headers))).encode()).hexdigest()


def alike(header: str) -> str:
    """The header without what may differ between two files of one shape."""
    return " ".join(header.split()).casefold()


def field_key(header: str) -> str:
    """Return the key by which a template names the column (`@row.order_no`): a letter, then letters, digits and _.

    At most 36 characters; empty where the header holds no Latin letter or digit. As RapidPro's field keys.
    """
    if found := placeholder(header):
        return found.key
    key = re.sub(r"[^a-z0-9]+", "_", _folded(header).translate(_LATIN)).strip("_")
    key = f"field_{key}" if key[:1].isdigit() else key
    return key[:MAX_KEY_CHARACTERS].strip("_")


def field_keys(headers: Sequence[str]) -> dict[str, str]:
    """Return a key for each header, no two alike; `column_3` where the header gives none.

    A placeholder names its key, so another header makes room for it.
    """
    keys: dict[str, str] = {}
    for place, header in sorted(enumerate(headers, 1), key=lambda one: placeholder(one[1]) is None):
        keys[header] = free_key(field_key(header) or f"column_{place}", set(keys.values()))
    return {header: keys[header] for header in headers}


def free_key(key: str, taken: Container[str]) -> str:
    """Return the key, or where it is taken the next that is not: city, city_2."""
    count, free = 1, key
    while free in taken:
        count += 1
        free = f"{key[: MAX_KEY_CHARACTERS - len(str(count)) - 1]}_{count}"
    return free
