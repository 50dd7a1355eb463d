"""Step 1: who gets it. A posted file is kept here, and its columns are the next page."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from broadcaster import provider_groups, tasks
from broadcaster.admin.journey import estimates
from broadcaster.admin.journey.access import go, may, of_draft, require, with_permission
from broadcaster.admin.journey.audience_form import AudienceForm
from broadcaster.admin.journey.drafts import keep
from broadcaster.admin.journey.pages import draw, page, wants_fragment
from broadcaster.admin.journey.posted_file import takes_file
from broadcaster.admin.journey.provider_groups import sections
from broadcaster.admin.journey.steps import page_of
from broadcaster.audience import intake, rules_counts
from broadcaster.audience.intake import Refused
from broadcaster.audience.segments import Estimate
from broadcaster.models import AudienceUpload, Broadcast, Template


@takes_file
@with_permission("add_broadcast")
def new(request: HttpRequest) -> HttpResponse:
    """A broadcast that is not yet in the database; it comes into being with its audience."""
    return _audience(request, None)


@takes_file
@of_draft
def audience(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """The audience of a draft."""
    return _audience(request, broadcast)


def _audience(request: HttpRequest, broadcast: Broadcast | None) -> HttpResponse:
    posted = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = AudienceForm(*posted, instance=broadcast, user=request.user)
    if not form.is_bound:
        estimate = estimates.quick(broadcast) if broadcast else Estimate(0, 0)
        return _page(request, broadcast, form, estimate)
    if wants_fragment(request):
        return draw(request, "_estimate", broadcast, estimate=_estimate(form))
    try:
        upload = _receive(request, form)
    except Refused as refusal:
        form.refuse_file(refusal.sentence)
        return _page(request, broadcast, form, _estimate(form), status=refusal.status)
    if not form.is_valid():
        return _page(request, broadcast, form, _estimate(form), status=400)
    draft = _save(form, upload, request.user)
    step = "message" if page_of(draft, "audience") == "broadcast_audience" else "audience"
    return go(page_of(draft, step), draft)


def _page(
    request: HttpRequest,
    broadcast: Broadcast | None,
    form: AudienceForm,
    estimate: Estimate | None,
    *,
    status: int = 200,
) -> HttpResponse:
    known: dict[str, Any] = {"form": form, "estimate": estimate, "at_providers": sections(form)}
    if may(request.user, "view_template"):
        known["templates"] = Template.objects.order_by("name")
    tasks.wake_counts(rules_counts.stale(form.field("groups").queryset or ()))
    return page(request, "audience", broadcast, status=status, **known)


def _receive(request: HttpRequest, form: AudienceForm) -> AudienceUpload | None:
    """Keep the posted file, unless something else is wrong with the form. Raises Refused."""
    file = intake.posted_file(request, "file")
    if file is None or not form.is_valid():
        return None
    require(request, "add_audienceupload")
    return intake.kept(file, author=request.user, region=form.cleaned_data["region"])


def _save(form: AudienceForm, upload: AudienceUpload | None, user: User | AnonymousUser) -> Broadcast:
    """Write the whole step or nothing of it."""
    draft: Broadcast = form.instance
    given = form.cleaned_data
    with transaction.atomic():
        if not draft.pk:
            draft.author = user if isinstance(user, User) else None
            draft.time_zone = _usual_zone(user)
            draft.save()
        keep(draft, name=given["name"], upload=upload or (None if given["remove_file"] else draft.upload))
        draft.groups.set(given["groups"])
        draft.exclude_groups.set(given["exclude_groups"])
        provider_groups.choose(draft, given["provider_groups"], without=given["remove_groups"])
    return draft


def _usual_zone(user: User | AnonymousUser) -> str:
    """The zone in which the person last scheduled something."""
    last = Broadcast.objects.filter(author=user.pk).values_list("time_zone", flat=True).first()
    return last or settings.TIME_ZONE


def _estimate(form: AudienceForm) -> Estimate:
    """Count the choice as it stands in the form: written as a draft is, counted as sending counts, and rolled back.

    Not for long: nobody else can write meanwhile on SQLite.
    """
    form.full_clean()
    with transaction.atomic():
        estimate = estimates.patient(_trial(form))
        transaction.set_rollback(True)
    return estimate


def _trial(form: AudienceForm) -> Broadcast:
    chosen, origin = form.cleaned_data, form.instance
    trial = Broadcast.objects.create(name="estimate", channel=origin.channel)
    trial.upload = None if chosen.get("remove_file") else origin.upload
    trial.groups.set(chosen.get("groups", ()))
    trial.exclude_groups.set(chosen.get("exclude_groups", ()))
    if origin.pk:
        trial.contacts.set(origin.contacts.all())
    provider_groups.choose(trial, chosen.get("provider_groups", ()), without=chosen.get("remove_groups", ()))
    return trial
