"""Step 3: when it is sent, on the clock of the chosen zone, with the same moment in UTC beside it."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from broadcaster.admin.journey.access import go, of_draft
from broadcaster.admin.journey.drafts import keep
from broadcaster.admin.journey.pages import draw, page, wants_fragment
from broadcaster.admin.journey.schedule_form import ScheduleForm
from broadcaster.models import Broadcast


@of_draft
def schedule(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """Choose now or a time."""
    form = ScheduleForm(request.POST or None, broadcast=broadcast)
    if wants_fragment(request):
        form.full_clean()
        return draw(request, "_moment", broadcast, form=form)
    if request.method != "POST":
        return page(request, "schedule", broadcast, form=form, now=timezone.now())
    if not form.is_valid():
        return page(request, "schedule", broadcast, status=400, form=form)
    keep(broadcast, **form.values())
    return go("broadcast_review", broadcast)
