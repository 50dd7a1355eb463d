"""Step 2: what is sent and how, with what the first recipients would get. Every choice is kept at once."""

from dataclasses import dataclass
from typing import Any

from django.forms.boundfield import BoundWidget
from django.http import HttpRequest, HttpResponse

from broadcaster import provider_groups
from broadcaster.admin.journey.access import go, of_draft
from broadcaster.admin.journey.bubble import Bubble, bubble, parts
from broadcaster.admin.journey.drafts import keep
from broadcaster.admin.journey.message_form import MessageForm
from broadcaster.admin.journey.pages import draw, page, wants_fragment
from broadcaster.content import preflight
from broadcaster.content.preflight import Problem, Sample
from broadcaster.content.sms_parts import Parts
from broadcaster.models import Broadcast, Channel, Template

SAMPLES = 5
HTTP_OK = 200


@dataclass(frozen=True, slots=True)
class Option:
    """A channel or a template to choose, with what tells it from others."""

    radio: str
    name: str
    about: str
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """One recipient's message; `number` counts from 1, `previous` and `next` are 0 where there is none."""

    sample: Sample
    bubble: Bubble
    parts: Parts | None
    number: int
    count: int

    @property
    def previous(self) -> int:
        """The recipient before."""
        return self.number - 1

    @property
    def next(self) -> int:
        """The recipient after."""
        return self.number + 1 if self.number < self.count else 0


@of_draft
def message(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """Choose channel and template."""
    if request.method != "POST":
        return _show(request, broadcast, MessageForm(instance=broadcast))
    form = MessageForm(request.POST, instance=broadcast)
    complete = _keep(form)
    if complete and not wants_fragment(request):
        return go("broadcast_schedule", broadcast)
    return _show(request, broadcast, form, status=200 if wants_fragment(request) else 400)


def _keep(form: MessageForm) -> bool:
    """Save what is chosen; a template that the chosen channel cannot send is unchosen. Whether both are there."""
    form.full_clean()
    draft = form.instance
    keep(draft, channel=form.cleaned_data.get("channel"), template=form.cleaned_data.get("template"))
    return draft.channel is not None and draft.template is not None


def _show(request: HttpRequest, broadcast: Broadcast, form: MessageForm, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "channels": [channel_option(radio) for radio in form["channel"]],
        "templates": [template_option(radio) for radio in form["template"]],
        "problems": problems_of(broadcast) if broadcast.channel and broadcast.template else [],
        "missing": missing(broadcast) if status != HTTP_OK else "",
        "groups": provider_groups.chosen(broadcast),
        "look": look(broadcast, str(request.POST.get("sample") or 1)),
    }
    if wants_fragment(request):
        return draw(request, "_message", broadcast, status=status, **context)
    return page(request, "message", broadcast, status=status, **context)


def channel_option(radio: BoundWidget) -> Option:
    """A channel: what the recipient sees, and through whom."""
    channel: Channel = radio.data["value"].instance
    seen_as = ", ".join(channel.client_class.capabilities.channels)
    return Option(radio.tag(), channel.name, f"{seen_as} · {channel.client_class.label}", channel.is_held())


def template_option(radio: BoundWidget) -> Option:
    """A template: its kind and its languages."""
    template: Template = radio.data["value"].instance
    languages = ", ".join(translation.language for translation in template.translations.all())
    return Option(radio.tag(), template.name, f"{template.get_kind_display()} · {languages}")


def problems_of(broadcast: Broadcast) -> list[Problem]:
    """What pre-flight says of this step."""
    return [problem for problem in preflight.problems(broadcast) if problem.step == "message"]


def missing(broadcast: Broadcast) -> str:
    """What is still to be chosen."""
    if broadcast.channel is None:
        return "Choose a channel."
    return "" if broadcast.template else "Choose a template."


def look(broadcast: Broadcast, wanted: str = "1") -> Look | None:
    """The message of the wanted recipient, or None while there is nothing to show."""
    if broadcast.template is None:
        return None
    samples = preflight.samples(broadcast, SAMPLES)
    if not samples:
        return None
    number = min(max(int(wanted), 1), len(samples)) if wanted.isdecimal() else 1
    sample = samples[number - 1]
    return Look(
        sample,
        bubble(sample.content, broadcast.channel),
        parts(broadcast.channel, sample.content),
        number,
        len(samples),
    )
