"""The two decisions about messages whose fate nobody knows: what the page that asks needs, and what is said after.

What each of them risks stands in `_decision.html`, for the page of a broadcast and for the message log alike.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from broadcaster import tasks
from broadcaster.models import Broadcast, Message
from broadcaster.sending import states, unknowns

TOO_LATE = "Nothing was left to decide: none of these messages is unknown any more."


@dataclass(frozen=True, slots=True)
class Decision:
    """`name` is that of its page and of its action in the log; the sentences take a number of messages."""

    name: str
    label: str
    question: str
    button: str
    done: str
    act: Callable[..., int]


TREAT_AS_SENT = Decision(
    "treat_as_sent",
    "Treat as sent…",
    "Treat {} as sent?",
    "Treat {} as sent",
    "{} now counted as sent.",
    unknowns.treat_as_sent,
)
SEND_AGAIN = Decision(
    "send_again", "Send again…", "Send {} again?", "Send {} again", "{} queued to be sent again.", unknowns.send_again
)


def ask_or_do(request: HttpRequest, decision: Decision, unknown: QuerySet[Message]) -> dict[str, Any] | None:
    """Act where the answer has come; else what the page that asks shows, or None where nothing is left to be asked."""
    chosen = seen(request, unknown)
    if chosen is not None and isinstance(request.user, User):
        decide(request, decision, chosen, request.user)
        return None
    count = unknown.count()
    if not count:
        messages.info(request, TOO_LATE)
        return None
    return asked(decision, count)


def asked(decision: Decision, count: int) -> dict[str, Any]:
    """What the page shows; `shown_at` comes back with the answer: nobody decides about what they have not seen."""
    return {
        "decision": decision.name,
        "question": decision.question.format(number(count)),
        "button": decision.button.format(intcomma(count)),
        "count": count,
        "shown_at": timezone.now().isoformat(),
    }


def unknown_among(chosen: QuerySet[Message]) -> QuerySet[Message]:
    """Those that can be decided about."""
    return chosen.filter(state=Message.State.UNKNOWN)


def seen(request: HttpRequest, chosen: QuerySet[Message]) -> QuerySet[Message] | None:
    """Those that were unknown already when the page was shown; None where the answer does not say when that was."""
    shown_at = _moment(request.POST.get("shown_at", ""))
    return chosen.filter(changed_at__lte=shown_at) if shown_at else None


def decide(request: HttpRequest, decision: Decision, chosen: QuerySet[Message], person: User) -> None:
    """Do it, broadcast by broadcast, and say what came of it."""
    done = 0
    concerned = list(unknown_among(chosen).order_by().values_list("broadcast", flat=True).distinct())
    for broadcast in Broadcast.objects.filter(pk__in=concerned).select_related("channel"):
        try:
            done += decision.act(broadcast, chosen, person=person)
        except states.MoveRefused as refused:
            messages.error(request, f"{broadcast}: {refused.sentence}")
        else:
            broadcast.refresh_from_db()
            tasks.wake(broadcast)
    if done:
        messages.success(request, decision.done.format(number(done, verb=True)))
    elif not concerned:
        messages.info(request, TOO_LATE)


def number(count: int, *, verb: bool = False) -> str:
    """So many messages, in words; with "is" or "are"."""
    noun, be = ("message", " is") if count == 1 else ("messages", " are")
    return f"{intcomma(count)} {noun}{be if verb else ''}"


def _moment(text: str) -> datetime | None:
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    return at if at and timezone.is_aware(at) else None
