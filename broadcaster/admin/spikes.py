"""A person decides about so many opt-outs at once that they may be the provider's mistake: they are real, or go."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format

from broadcaster.admin.asking import ReasonForm
from broadcaster.models import Channel, OptOutSpike
from broadcaster.receipts import spikes

LIST = "admin:broadcaster_suppression_changelist"
URL_NAME = "broadcaster_optoutspike_decide"
FIRST = 20  # addresses that the page shows

Decision = OptOutSpike.Decision


class DecisionForm(ReasonForm):
    """Which of the two, and for what reason where they are taken back."""

    decision = forms.ChoiceField(choices=Decision.choices, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = self.data.get("decision") != Decision.KEPT


def may_decide(request: HttpRequest) -> bool:
    """Whether this person may decide about spikes."""
    return bool(request.user.has_perm("broadcaster.change_optoutspike"))


def waiting_on(channel: Channel | None = None) -> list[OptOutSpike]:
    """The spikes that wait for somebody, of one channel or of all; each with how many opted out."""
    waiting = spikes.waiting().filter(channel=channel) if channel else spikes.waiting()
    found = list(waiting)
    for spike in found:
        spike.number = spike.opt_outs.count()  # type: ignore[attr-defined]  # for the page
    return found


def to_decide_first(channels: Iterable[Channel]) -> list[str]:
    """A sentence for each of these channels with a spike: deleting it would make the opt-outs global, for good."""
    waiting = spikes.waiting().filter(channel__in=list(channels))
    return [
        f"Many people opted out of {spike.channel} at once. Decide first, on the page of opt-outs, if that is real."
        for spike in waiting
    ]


class SpikeDecisions:
    """A part of the opt-outs' Admin: the page of a spike, with its two buttons."""

    admin_site: admin.AdminSite

    def get_urls(self) -> list[URLPattern]:
        """And the page of a spike."""
        view = self.admin_site.admin_view(self.spike_view)
        return [path("spikes/<int:pk>/", view, name=URL_NAME), *super().get_urls()]  # type: ignore[misc]

    def spike_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What came in, and the decision. Raises PermissionDenied, Http404."""
        if not request.user.has_perm("broadcaster.view_suppression"):
            raise PermissionDenied
        spike = get_object_or_404(OptOutSpike.objects.select_related("channel", "decided_by"), pk=pk)
        form = DecisionForm(request.POST or None)
        if request.method == "POST":
            if not may_decide(request):
                raise PermissionDenied
            if form.is_valid():
                return _decide(request, spike, form)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Opt-outs on {spike.channel}",
            "spike": spike,
            "opened": date_format(timezone.localtime(spike.opened_at), "j F, H:i"),
            "number": spike.opt_outs.count(),
            "first": spike.opt_outs.order_by("pk")[:FIRST],
            "form": form,
            "may_decide": may_decide(request) and not spike.decision,
            "back": reverse(LIST),
        }
        status = 400 if form.is_bound and form.errors else 200
        return TemplateResponse(request, "broadcaster/records/spike.html", context, status=status)


def _decide(request: HttpRequest, spike: OptOutSpike, form: DecisionForm) -> HttpResponse:
    decision = Decision(form.cleaned_data["decision"])
    person = request.user
    if not isinstance(person, User):
        raise PermissionDenied
    number = spikes.decide(spike, decision, author=person, reason=form.cleaned_data["reason"])
    if number is None:
        messages.info(request, "Somebody has decided this already.")
    elif decision == Decision.KEPT:
        messages.success(request, f"{intcomma(number)} opt-outs are kept. {spike.channel} sends again.")
    else:
        messages.success(request, f"{intcomma(number)} opt-outs are taken back. {spike.channel} sends again.")
    return HttpResponseRedirect(reverse(LIST))
