"""Which row a POST or DELETE means, by a parameter of the address; refusals are RapidPro's (temba/api/views.py)."""

from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from broadcaster.api import filters
from broadcaster.api.urns import InvalidUrn, Urn

Named = tuple[str, str]  # the parameter, and what it says


def named(request: Request, *known: str) -> Named | None:
    """The one of these parameters that the call has; None where it has none. Raises ParseError."""
    given = [(name, filters.text(request, name)) for name in known if name in request.query_params]
    if len(given) > 1:
        raise ParseError(f"URL can only contain one of the following parameters: {', '.join(sorted(known))}")
    return given[0] if given else None


def must_be_named(request: Request, *known: str) -> Named:
    """The same of a call that must have one. Raises ParseError."""
    found = named(request, *known)
    if found is None:
        raise ParseError(f"URL must contain one of the following parameters: {', '.join(sorted(known))}")
    return found


def urn(given: str) -> Urn:
    """The URN in a parameter. Raises ParseError."""
    try:
        return Urn.read(given)
    except InvalidUrn as error:
        raise ParseError(f"Invalid URN: {given}") from error
