"""The message log's way to decide about single messages whose fate nobody knows."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from broadcaster.admin import decisions
from broadcaster.admin.decisions import SEND_AGAIN, TREAT_AS_SENT, Decision
from broadcaster.models import Message


class UnknownActions:
    """A part of the log's Admin: two actions, offered where the list is filtered by "unknown", that ask first."""

    actions = ("treat_as_sent", "send_again")
    admin_site: admin.AdminSite

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None in the rest of the log, which nobody rewrites."""
        if request.GET.get("state__exact") != Message.State.UNKNOWN:
            return {}
        offered: dict[str, Any] = super().get_actions(request)  # type: ignore[misc]
        return offered

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Django's hook for actions with the permission "send"."""
        return request.user.has_perm("broadcaster.send_broadcast")

    @admin.action(description=TREAT_AS_SENT.label, permissions=["send"])
    def treat_as_sent(self, request: HttpRequest, queryset: QuerySet[Message]) -> HttpResponse | None:
        """Ask, then count the chosen ones as sent."""
        return self._ask_or_do(request, queryset, TREAT_AS_SENT)

    @admin.action(description=SEND_AGAIN.label, permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> HttpResponse | None:
        """Ask, then send the chosen ones again."""
        return self._ask_or_do(request, queryset, SEND_AGAIN)

    def _ask_or_do(self, request: HttpRequest, queryset: QuerySet[Message], decision: Decision) -> HttpResponse | None:
        asked = decisions.ask_or_do(request, decision, decisions.unknown_among(queryset))
        if asked is None:
            return None
        hidden = {"action": [decision.name], "select_across": [request.POST.get("select_across", "0")]}
        hidden[ACTION_CHECKBOX_NAME] = request.POST.getlist(ACTION_CHECKBOX_NAME)
        context = {
            **self.admin_site.each_context(request),
            **asked,
            "title": "Unknown messages",
            "hidden": [(name, value) for name, values in hidden.items() for value in values],
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "broadcaster/journey/decide.html", context)
