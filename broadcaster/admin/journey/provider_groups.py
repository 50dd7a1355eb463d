"""The part of the audience page that offers the groups of a provider, and looks for new ones while the page is open."""

import re
import time
from dataclasses import dataclass

from django.forms.boundfield import BoundWidget
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST

from broadcaster import provider_groups, queue
from broadcaster.admin.journey.access import with_permission
from broadcaster.admin.journey.audience_form import AudienceForm
from broadcaster.admin.journey.pages import draw
from broadcaster.models import Broadcast, Channel

PK = re.compile(r"[0-9]{1,18}\Z")
PATIENCE_S = 30  # a worker that has not written anything by then was refused, or there is none


@dataclass(frozen=True, slots=True)
class Section:
    """The groups of one channel; `since` (Unix seconds) is when a look began that the page waits for, else 0."""

    channel: Channel
    boxes: list[BoundWidget]
    since: int = 0
    is_silent: bool = False  # nothing came of the last look

    @property
    def shown(self) -> str:
        """The keys of the groups that it offers; of others, a post of the page says nothing."""
        return ",".join(str(box.data["value"]) for box in self.boxes)

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self.channel.client_class.label


def sections(form: AudienceForm) -> list[Section]:
    """What the page shows at first; where the last look is old, a new one begins."""
    return [_section(form, channel, since=_begin_if_due(channel)) for channel in provider_groups.channels()]


@require_POST
@with_permission("change_broadcast")
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin to look, or see what came of it; what is ticked meanwhile stays ticked."""
    channel = get_object_or_404(provider_groups.channels(), pk=pk)
    given = request.POST.get("since", "")
    since = int(given) if given.isdecimal() else _begin(channel)
    draft = _draft(request.GET.get("draft", ""))
    section = _section(AudienceForm(request.POST, instance=draft, user=request.user), channel, since=since)
    return draw(request, "_provider_groups", draft, section=section)


def _draft(pk: str) -> Broadcast | None:
    """The draft whose audience the page shows; none where it is a new one."""
    return Broadcast.objects.filter(pk=pk, state=Broadcast.State.DRAFT).first() if PK.match(pk) else None


def _section(form: AudienceForm, channel: Channel, *, since: int) -> Section:
    boxes = [box for box in form["provider_groups"] if box.data["value"].instance.channel_id == channel.pk]
    if not since or (channel.groups_at and channel.groups_at.timestamp() >= since):
        return Section(channel, boxes)
    is_over = time.time() > since + PATIENCE_S
    return Section(channel, boxes, since=0 if is_over else since, is_silent=is_over)


def _begin_if_due(channel: Channel) -> int:
    return _begin(channel) if provider_groups.is_due(channel, timezone.now()) else 0


def _begin(channel: Channel) -> int:
    queue.enqueue("list_groups", channel.pk)
    return int(time.time())
