"""Step 4: everything once more in plain words, what is wrong with it, and the one button that sends."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from broadcaster import forecasts, provider_groups, tasks
from broadcaster.admin import words
from broadcaster.admin.journey import estimates
from broadcaster.admin.journey.access import action, draft_for, go, of_broadcast
from broadcaster.admin.journey.message import look
from broadcaster.admin.journey.pages import draw, page
from broadcaster.audience.segments import Estimate
from broadcaster.content import preflight
from broadcaster.content.preflight import Problem
from broadcaster.models import Broadcast
from broadcaster.sending import schedule, states


@draft_for("view_broadcast")
def review(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """Show what would be sent, to how many, and when."""
    return _show(request, broadcast, problems_of(broadcast))


@of_broadcast("send_broadcast")
def cost(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """What it would cost; the page asks for it by itself, and nothing waits for it."""
    is_known = broadcast.is_editable and forecasts.is_told(broadcast.channel)
    return draw(request, "_cost", broadcast, forecast=forecasts.forecast(broadcast) if is_known else None)


@of_broadcast("view_broadcast")
def recipients(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """How many get it; the page asks for it by itself where counting them takes time, and nothing waits for it."""
    return draw(request, "_recipients", broadcast, **_counted(broadcast, estimates.patient(broadcast)))


@action("send_broadcast")
def confirm(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """Send it, or schedule it; what keeps it back is shown on the review page."""
    try:
        schedule.schedule(broadcast, send_at=broadcast.send_at or timezone.now())
    except schedule.NotReady:
        broadcast.refresh_from_db()
        return _show(request, broadcast, problems_of(broadcast), status=400)
    except states.MoveRefused:  # a second click: the first one has done it
        return go("broadcast_watch", broadcast)
    tasks.wake(broadcast)
    return go("broadcast_watch", broadcast)


def problems_of(broadcast: Broadcast) -> list[Problem]:
    """Everything that is wrong with it, what blocks first; a draft without a time would start now."""
    trial = Broadcast(send_at=broadcast.send_at or timezone.now(), expires_at=broadcast.expires_at)
    found = [*preflight.problems(broadcast), *schedule.time_problems(trial)]
    return sorted(found, key=lambda problem: not problem.blocking)


def _show(request: HttpRequest, broadcast: Broadcast, problems: list[Problem], *, status: int = 200) -> HttpResponse:
    blocked = any(problem.blocking for problem in problems)
    return page(
        request,
        "review",
        broadcast,
        status=status,
        problems=problems,
        blocked=blocked,
        look=look(broadcast),
        tells_cost=not blocked and forecasts.is_told(broadcast.channel),
        channels=broadcast.channel.client_class.capabilities.channels if broadcast.channel else (),
        starts=words.local_time(broadcast.send_at, broadcast.time_zone),
        expires=words.local_time(broadcast.expires_at, broadcast.time_zone),
        **_counted(broadcast, estimates.quick(broadcast)),
    )


def _counted(broadcast: Broadcast, estimate: Estimate | None) -> dict[str, Any]:
    """How many get it, and the provider's groups among them; None where they are still to be counted."""
    groups = provider_groups.chosen(broadcast)
    return {
        "estimate": estimate,
        "groups": groups,
        "unlisted": max(0, estimate.groups - len(groups)) if estimate else 0,
        "provider": groups[0].channel.client_class.label if groups else "",
    }
