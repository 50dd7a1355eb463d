"""The checks that adapters share when they say what a provider would refuse; each yields at most one sentence."""

from collections.abc import Iterator

from providers.outcomes import FieldError


def filled(field: str, label: str, value: str) -> Iterator[FieldError]:
    """The value must not be empty."""
    if not value.strip():
        yield FieldError(field, f"{label} is missing.")


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
