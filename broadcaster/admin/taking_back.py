"""Taking opt-outs back, one or several: with a reason, on record, in the place of deleting them."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Count, Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from broadcaster.admin import asking
from broadcaster.admin.asking import ReasonForm
from broadcaster.audience import consent
from broadcaster.models import Suppression

MOST = 20_000  # at once; more than that is no decision about people any more
LIST = "admin:broadcaster_suppression_changelist"
WARNING = (
    "Somebody asked not to be written to. Once this is taken back, the next broadcast can reach them again. "
    "Do it only with their consent."
)
POINTS = ("Your name and the reason stay on record, among the opt-outs that were taken back.",)
OTHERS = "You were asked about {}, and these are {} now. Nothing was taken back; choose them again."
NOBODY = "None of these opt-outs is there any more."

if TYPE_CHECKING:
    _Page = admin.ModelAdmin[Suppression]
else:
    _Page = object


class Question(forms.Form):
    """What was asked about: how many opt-outs, and the highest key among them, since more may have come since."""

    asked = forms.IntegerField(min_value=1, max_value=MOST)
    highest = forms.IntegerField(min_value=1, max_value=models.BigIntegerField.MAX_BIGINT)


class TakingBack(_Page):
    """A part of the opt-outs' Admin: its "delete" asks for a reason, and leaves a record."""

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask about one opt-out, then take it back. Raises PermissionDenied, Http404."""
        _require_permission(request)
        opt_out = self.get_object(request, object_id)
        if opt_out is None:
            raise Http404
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            return self._take_back(request, Suppression.objects.filter(pk=opt_out.pk), form, asked=1)
        return self._ask(request, form, str(opt_out))

    @admin.action(description="Take back\u2026", permissions=["delete"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> HttpResponse | None:
        """Ask about the chosen opt-outs, then take back just these: a filter may match others by then."""
        question = Question(request.POST)
        if question.is_valid():
            queryset = queryset.filter(pk__lte=question.cleaned_data["highest"])
        found = queryset.aggregate(count=Count("pk"), highest=Max("pk"))
        if not 0 < found["count"] <= MOST:
            many = f"Choose at most {MOST:,} opt-outs at once; these are {found['count']:,}."
            messages.error(request, many if found["count"] else NOBODY)
            return None
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if form.is_valid() and question.is_valid():
            return self._take_back(request, queryset, form, asked=question.cleaned_data["asked"])
        chosen = [(ACTION_CHECKBOX_NAME, pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)]
        hidden = [
            ("action", "take_back"),
            ("select_across", request.POST.get("select_across", "0")),
            ("asked", str(found["count"])),
            ("highest", str(found["highest"])),
        ]
        return self._ask(request, form, _counted(found["count"]), hidden + chosen)

    def _ask(
        self, request: HttpRequest, form: ReasonForm, what: str, hidden: list[tuple[str, str]] | None = None
    ) -> HttpResponse:
        return asking.page(
            request,
            self.admin_site,
            form,
            question=f"Take back {what}?",
            points=POINTS,
            warning=WARNING,
            button="Take back",
            back=reverse(LIST),
            hidden=hidden or (),
        )

    def _take_back(
        self, request: HttpRequest, opt_outs: QuerySet[Suppression], form: ReasonForm, *, asked: int
    ) -> HttpResponse:
        person = request.user if isinstance(request.user, User) else None
        with transaction.atomic():
            number = consent.take_back(opt_outs.order_by(), author=person, reason=form.cleaned_data["reason"])
            if number != asked:
                transaction.set_rollback(True)
        if number == asked:
            messages.success(request, f"Taken back: {_counted(number)}.")
        else:
            messages.error(request, OTHERS.format(_counted(asked), intcomma(number)))
        return HttpResponseRedirect(reverse(LIST))


def _counted(number: int) -> str:
    return f"{intcomma(number)} opt-out{'' if number == 1 else 's'}"


def _require_permission(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    if not request.user.has_perm("broadcaster.delete_suppression"):
        raise PermissionDenied
