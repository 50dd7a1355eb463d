"""A page that asks before something lasting is done about a person: what goes, what stays, and why it is done."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse

from broadcaster.audience.consent import REASON_LIMIT

TEMPLATE = "broadcaster/records/ask.html"


class ReasonForm(forms.Form):
    """Why; it is kept on record."""

    reason = forms.CharField(label="Reason", max_length=REASON_LIMIT, label_suffix="")


def page(
    request: HttpRequest,
    site: AdminSite,
    form: forms.Form,
    *,
    question: str,
    points: Sequence[str],
    warning: str,
    button: str,
    back: str,
    hidden: Sequence[tuple[str, str]] = (),
    danger: bool = True,
) -> TemplateResponse:
    """The page. It posts to its own address, with the form's fields and the hidden ones; `back` leaves it."""
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": question,
        "question": question,
        "points": points,
        "warning": warning,
        "button": button,
        "back": back,
        "hidden": hidden,
        "danger": danger,
        "form": form,
    }
    return TemplateResponse(request, TEMPLATE, context, status=400 if form.is_bound and form.errors else 200)
