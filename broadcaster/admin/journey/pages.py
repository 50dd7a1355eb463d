"""Draws the pages of the journey inside the admin, so that sidebar, theme and dark mode are the admin's own."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse

from broadcaster.admin.journey.access import may
from broadcaster.admin.journey.steps import stepper
from broadcaster.models import Broadcast

POWERS = ("add_broadcast", "change_broadcast", "send_broadcast", "add_audienceupload", "view_message", "add_group")


def page(
    request: HttpRequest,
    step: str,
    broadcast: Broadcast | None,
    *,
    status: int = 200,
    template: str = "",
    **context: Any,
) -> TemplateResponse:
    """A whole page of a step; its template is named like the step unless another is given."""
    title = broadcast.name if broadcast else "New broadcast"
    frame = {**admin.site.each_context(request), "title": title, "steps": stepper(broadcast, step)}
    return draw(request, template or step, broadcast, status=status, **frame, **context)


def draw(
    request: HttpRequest, template: str, broadcast: Broadcast | None, *, status: int = 200, **context: Any
) -> TemplateResponse:
    """A template of the journey: a page, or a fragment that htmx puts into one."""
    can = {power: may(request.user, power) for power in POWERS}
    known = {"broadcast": broadcast, "can": can, "upload_limit_mb": settings.UPLOAD_LIMIT_BYTES // 1_000_000, **context}
    return TemplateResponse(request, f"broadcaster/journey/{template}.html", known, status=status)


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page."""
    return request.headers.get("HX-Request") == "true"
