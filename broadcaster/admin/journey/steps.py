"""The stepper: which steps a draft has behind it, which comes next, and where each of them is."""

from dataclasses import dataclass

from django.urls import reverse

from broadcaster.models import AudienceUpload, Broadcast

STEPS = {
    "audience": "Audience",
    "message": "Message",
    "schedule": "Schedule",
    "review": "Review",
    "watch": "Watch",
}
READABLE = (AudienceUpload.State.IMPORTING, AudienceUpload.State.IMPORTED)


@dataclass(frozen=True, slots=True)
class Step:
    """One step as the stepper shows it; `state` is done, current or ahead, `url` is empty where it cannot be opened."""

    number: int
    label: str
    state: str
    url: str


def stepper(broadcast: Broadcast | None, current: str) -> list[Step]:
    """All steps, as seen from the current one."""
    done = finished(broadcast)
    return [
        Step(
            number, label, "current" if name == current else "done" if name in done else "ahead", _url(broadcast, name)
        )
        for number, (name, label) in enumerate(STEPS.items(), start=1)
    ]


def finished(broadcast: Broadcast | None) -> set[str]:
    """The steps at which nothing is missing. "Now" needs no time, so with a message there is a schedule."""
    if broadcast is None:
        return set()
    if not broadcast.is_editable:
        return set(STEPS) - {"watch"}
    done = {"audience"} if _has_audience(broadcast) else set()
    if broadcast.channel and broadcast.template:
        done |= {"message", "schedule"}
    return done


def first_unfinished(broadcast: Broadcast) -> str:
    """The step at which to go on with a draft."""
    done = finished(broadcast)
    return next(step for step in STEPS if step not in done)


def page_of(broadcast: Broadcast, step: str) -> str:
    """The name of the page of a step; a file whose columns nobody has confirmed has a page of its own."""
    upload = broadcast.upload
    if step == "audience" and upload and upload.state == AudienceUpload.State.UPLOADED:
        return "broadcast_columns"
    return f"broadcast_{step}"


def _has_audience(broadcast: Broadcast) -> bool:
    if broadcast.upload:
        return broadcast.upload.state in READABLE
    return broadcast.groups.exists() or broadcast.contacts.exists()


def _url(broadcast: Broadcast | None, step: str) -> str:
    if broadcast is None or broadcast.is_editable == (step == "watch"):
        return ""
    return reverse(f"admin:broadcast_{step}", args=[broadcast.pk])
