"""The doors of the journey: who may come in, and to which broadcasts; `admin_view` only asks whether one is staff."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST

from broadcaster.admin.journey.drafts import NoLongerDraft
from broadcaster.models import Broadcast

View = Callable[..., HttpResponseBase]
BroadcastView = Callable[[HttpRequest, Broadcast], HttpResponse]


def may(user: User | AnonymousUser, permission: str) -> bool:
    """Whether the person has one of our permissions, such as "send_broadcast"."""
    return user.has_perm(f"broadcaster.{permission}")


def require(request: HttpRequest, permission: str) -> None:
    """Raise PermissionDenied for who lacks it."""
    if not may(request.user, permission):
        raise PermissionDenied


def with_permission(permission: str) -> Callable[[View], View]:
    """Let in only who has the permission."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: int, **kwargs: int) -> HttpResponseBase:
            require(request, permission)
            return view(request, *args, **kwargs)

        return guarded

    return guard


def of_broadcast(permission: str) -> Callable[[BroadcastView], View]:
    """Give the view the broadcast of its address."""

    def guard(view: BroadcastView) -> View:
        @with_permission(permission)
        @wraps(view)
        def guarded(request: HttpRequest, pk: int) -> HttpResponse:
            return view(request, find(pk))

        return guarded

    return guard


def draft_for(permission: str) -> Callable[[BroadcastView], View]:
    """Give the view a broadcast that may still change; anybody else's place is the watch page."""

    def guard(view: BroadcastView) -> View:
        @of_broadcast("view_broadcast")
        @wraps(view)
        def guarded(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
            if not broadcast.is_editable:
                return go("broadcast_watch", broadcast)
            require(request, permission)
            try:
                return view(request, broadcast)
            except NoLongerDraft:
                return go("broadcast_watch", broadcast)

        return guarded

    return guard


of_draft = draft_for("change_broadcast")


def action(permission: str) -> Callable[[BroadcastView], View]:
    """A view that changes something, so that no link and no look-ahead can set it off."""
    return lambda view: require_POST(of_broadcast(permission)(view))


def find(pk: int) -> Broadcast:
    """The broadcast with what its pages show of it, or a 404."""
    return get_object_or_404(Broadcast.objects.select_related("channel", "template", "upload"), pk=pk)


def go(name: str, broadcast: Broadcast) -> HttpResponseRedirect:
    """A redirect to a page of this broadcast."""
    return HttpResponseRedirect(reverse(f"admin:{name}", args=[broadcast.pk]))
