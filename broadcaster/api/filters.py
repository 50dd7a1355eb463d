"""Reads a list's parameters from the address; the refusals are RapidPro's, word for word."""

from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

M = TypeVar("M", bound=Model)
TRUE = frozenset({"true", "y", "yes", "1"})


def text(request: Request, name: str) -> str:
    """The parameter, or nothing. Raises ParseError for one that no database can look for."""
    given: str = request.query_params.get(name, "")
    if "\0" in given:
        raise ParseError(f"Param '{name}': NUL is no character.")
    return given


def integer(request: Request, name: str) -> int:
    """The number, 0 where there is none. Raises ParseError."""
    try:
        return int(text(request, name) or 0)
    except ValueError as error:
        raise ParseError(f"Value for {name} must be an integer") from error


def uuid(request: Request, name: str) -> UUID | None:
    """The UUID, if one is given. Raises ParseError."""
    given = text(request, name)
    return uuid_in(given, name) if given else None


def uuid_in(given: str, name: str = "uuid") -> UUID:
    """The UUID that the parameter of this name holds. Raises ParseError."""
    try:
        return UUID(given)
    except ValueError as error:
        raise ParseError(f"Param '{name}': {given} is not a valid UUID.") from error


def truth(request: Request, name: str) -> bool:
    """Whether it says yes."""
    return text(request, name).lower() in TRUE


def only_one(request: Request, *names: str) -> None:
    """Refuse a call that has more than one of these. Raises ParseError."""
    if sum(bool(text(request, name)) for name in names) > 1:
        raise ParseError(f"You may only specify one of the {', '.join(names)} parameters")


def called(request: Request, rows: QuerySet[M]) -> QuerySet[M]:
    """The row of this `uuid` or of this `name`, whose capitals do not matter. Raises ParseError."""
    only_one(request, "uuid", "name")
    if key := uuid(request, "uuid"):
        rows = rows.filter(uuid=key)
    if name := text(request, "name"):
        rows = rows.filter(name__iexact=name)
    return rows


def between(request: Request, rows: QuerySet[M], field: str) -> QuerySet[M]:
    """The rows from `after` to `before`, both included; none where one of them is no time, as RapidPro has it."""
    for name, lookup in (("before", "lte"), ("after", "gte")):
        given = text(request, name)
        if not given:
            continue
        at = moment(given)
        if at is None:
            return rows.none()
        rows = rows.filter(**{f"{field}__{lookup}": at})
    return rows


def moment(given: str) -> datetime | None:
    """The time that an ISO 8601 text says, in UTC where it names no zone; None where it says none."""
    try:
        at = datetime.fromisoformat(given)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
