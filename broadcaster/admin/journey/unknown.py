"""The pages that ask before a broadcast's unknown messages are treated as sent or sent again; only a POST acts."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from broadcaster.admin import decisions
from broadcaster.admin.decisions import Decision
from broadcaster.admin.journey.access import go, of_broadcast
from broadcaster.admin.journey.pages import page
from broadcaster.models import Broadcast
from broadcaster.sending import unknowns


@of_broadcast("send_broadcast")
def treat_as_sent(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """They count as sent from now on."""
    return _ask_or_do(request, broadcast, decisions.TREAT_AS_SENT)


@of_broadcast("send_broadcast")
def send_again(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """They go out once more."""
    sentence = unknowns.why_not(broadcast)
    if sentence:
        messages.error(request, sentence)
        return go("broadcast_watch", broadcast)
    return _ask_or_do(request, broadcast, decisions.SEND_AGAIN)


def _ask_or_do(request: HttpRequest, broadcast: Broadcast, decision: Decision) -> HttpResponse:
    asked = decisions.ask_or_do(request, decision, unknowns.unknown_of(broadcast))
    if asked is None:
        return go("broadcast_watch", broadcast)
    return page(request, "watch", broadcast, template="decide", **asked)
