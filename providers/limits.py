"""The checks that adapters share when they say what a provider would refuse; each yields at most one sentence."""

import re
from collections.abc import Iterator

from providers.outcomes import FieldError

# Unicode's emoji data, in the blocks that hold little else; what makes a plain sign colourful (U+FE0F) and a keycap
# (U+20E3) count too. The joiner U+200D does not: Indian scripts need it.
EMOJI = re.compile("[\u231a-\u23ff\u2600-\u27bf\u2b05-\u2b55\u20e3\ufe0f\U0001f000-\U0001faff]")


def filled(field: str, label: str, value: str) -> Iterator[FieldError]:
    """The value must not be empty."""
    if not value.strip():
        yield FieldError(field, f"{label} is missing.")


def empty(field: str, label: str, value: object) -> Iterator[FieldError]:
    """There must be no value."""
    if value:
        yield FieldError(field, f"{label} must be left empty here.")


def within(field: str, label: str, value: str, limit: int) -> Iterator[FieldError]:
    """The value may have at most `limit` characters."""
    if len(value) > limit:
        yield FieldError(field, f"{label} has {len(value)} characters; at most {limit} are allowed.")


def exactly_one(field: str, labels: str, *values: str) -> Iterator[FieldError]:
    """One of the values is given, and no other."""
    if sum(bool(value) for value in values) != 1:
        yield FieldError(field, f"Give exactly one of {labels}.")


def one_of(field: str, label: str, value: str, allowed: frozenset[str]) -> Iterator[FieldError]:
    """The value is one of the allowed words."""
    if value not in allowed:
        yield FieldError(field, f"{label} must be one of {', '.join(sorted(allowed))}.")


def without_emoji(field: str, label: str, value: str) -> Iterator[FieldError]:
    """The value must not hold an emoji."""
    if has_emoji(value):
        yield FieldError(field, f"{label} holds an emoji; take it out.")


def has_emoji(text: str) -> bool:
    """Whether there is an emoji in the text."""
    return EMOJI.search(text) is not None
