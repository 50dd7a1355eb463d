"""What a caller may do: what the token's scope allows, and nothing that its user may not do in the browser."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from broadcaster.models import ApiToken

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports this module

Scope = ApiToken.Scope
ORDER = (Scope.READ, Scope.SEND, Scope.ADMIN)  # each holds those before it


class Need(NamedTuple):
    """What a call asks for: at least this scope, and these permissions of the app."""

    scope: Scope
    permissions: tuple[str, ...]


Needs = Mapping[str, Need]  # by HTTP method


def reading(*permissions: str) -> Need:
    """Looks at something."""
    return Need(Scope.READ, permissions)


def sending(*permissions: str) -> Need:
    """Does what sending takes."""
    return Need(Scope.SEND, permissions)


def administering(*permissions: str) -> Need:
    """Changes what others rely on."""
    return Need(Scope.ADMIN, permissions)


class MayCall(IsAuthenticated):
    """Asks the view's `needs` for this method; a method that it has none for gets its 405 later."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Whether the call may be made. Raises PermissionDenied where only the token's scope is in the way."""
        if not super().has_permission(request, view):
            return False
        needs: Needs = getattr(view, "needs", {})
        need = needs.get("GET" if request.method == "HEAD" else request.method or "")
        if need is None:
            return True
        if not request.user.has_perms([f"broadcaster.{permission}" for permission in need.permissions]):
            return False
        if isinstance(request.auth, ApiToken) and ORDER.index(Scope(request.auth.scope)) < ORDER.index(need.scope):
            raise PermissionDenied(
                f"This token's scope is “{request.auth.scope}”, and this call needs “{need.scope}”. "
                "Use a token of that scope."
            )
        return True
