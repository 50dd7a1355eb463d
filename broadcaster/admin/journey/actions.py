"""What people do to a broadcast that they watch: each is a POST that leads to the page that shows what came of it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from broadcaster import tasks
from broadcaster.admin.journey.access import action, go, require
from broadcaster.models import Broadcast
from broadcaster.sending import schedule, states


@action("send_broadcast")
def pause(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """Hand out no more for now."""
    return _move(request, broadcast, schedule.pause, "Paused. What was handed out already still arrives.")


@action("send_broadcast")
def resume(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """Go on."""
    return _move(request, broadcast, schedule.resume, "Going on where it was paused.")


@action("send_broadcast")
def cancel(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """Send nothing more of it, for good."""
    return _move(request, broadcast, schedule.cancel, "Cancelled. Nothing more of it is sent.")


@action("send_broadcast")
def unschedule(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """Take it back to the desk."""
    return _move(
        request, broadcast, schedule.unschedule, "This is a draft again. Nothing is sent until you confirm it."
    )


@action("view_broadcast")
def copy(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """Make a new draft of it."""
    require(request, "add_broadcast")
    author = request.user if request.user.is_authenticated else None
    twin = schedule.copy(broadcast, author=author)
    messages.success(request, f"This is a copy of “{broadcast.name}”. Nothing is sent until you confirm it.")
    return go("broadcast_audience", twin)


def _move(request: HttpRequest, broadcast: Broadcast, move: Callable[[Broadcast], None], done: str) -> HttpResponse:
    """Do it and say so, or say why the broadcast's state does not allow it."""
    try:
        move(broadcast)
    except states.MoveRefused as refused:
        messages.error(request, refused.sentence)
    else:
        tasks.wake(broadcast)
        messages.success(request, done)
    return go("broadcast_compose", broadcast)
