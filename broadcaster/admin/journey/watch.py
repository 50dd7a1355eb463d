"""Step 5: how far it is, at a glance and second by second, until the last receipts have come in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

import providers
from broadcaster.admin import words
from broadcaster.admin.journey.access import go, of_broadcast
from broadcaster.admin.journey.pages import draw, page
from broadcaster.models import COUNTED_STATES, Broadcast, Message
from broadcaster.sending import unknowns
from broadcaster.sending.progress import Progress, progress
from broadcaster.sending.states import BROADCAST_MOVES

MOVING_S, WAITING_S, TRAILING_S = 1, 10, 3
SOON = timedelta(minutes=1)  # before the start, the page already looks every second
RECEIPTS_FOR = timedelta(minutes=2)  # receipts still come in after the last message has gone out
ANNOUNCED_PERCENT = 10
LOG = "admin:broadcaster_message_changelist"

B = Broadcast.State


@dataclass(frozen=True, slots=True)
class Tile:
    """How many messages are in one state, and where to read which ones."""

    state: str
    label: str
    meaning: str
    count: int
    url: str


@of_broadcast("view_broadcast")
def watch(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """The page of a broadcast that was confirmed; a draft is still being written."""
    if broadcast.is_editable:
        return go("broadcast_compose", broadcast)
    return page(request, "watch", broadcast, **_context(broadcast))


@of_broadcast("view_broadcast")
def live(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """The moving part of the page; it asks for itself again for as long as something may change."""
    return draw(request, "_live", broadcast, **_context(broadcast))


def _context(broadcast: Broadcast) -> dict[str, Any]:
    now = progress(broadcast)
    channel = broadcast.channel
    zone = broadcast.time_zone
    return {
        "progress": now,
        "starts": words.local_time(broadcast.send_at, zone),
        "hold_until": words.local_time(channel.hold_until if channel else None, zone),
        "time_left": time_left(now.seconds_left),
        "log_url": f"{reverse(LOG)}?broadcast__id__exact={broadcast.pk}",
        "tiles": tiles(broadcast, now),
        "moves": {str(move) for move in BROADCAST_MOVES[broadcast.state]},
        "every_s": poll_interval_s(broadcast),
        "held": channel if channel and channel.is_held() and broadcast.state not in ENDED else None,
        "announcement": announcement(broadcast, now),
        "unknown": now.counts["unknown"],
        "unknown_url": f"{reverse(LOG)}?broadcast__id__exact={broadcast.pk}&state__exact={Message.State.UNKNOWN}",
        "capabilities": capabilities(broadcast),
        "why_not_again": unknowns.why_not(broadcast),
    }


ENDED = (B.COMPLETED, B.CANCELLED, B.FAILED, B.MISSED)


def capabilities(broadcast: Broadcast) -> providers.Capabilities | None:
    """What the broadcast's provider can do; None where its adapter is gone."""
    kind = broadcast.channel.kind if broadcast.channel else ""
    return providers.client_class(kind).capabilities if kind in providers.kinds() else None


def poll_interval_s(broadcast: Broadcast) -> int:
    """After how many seconds to look again; 0 where nothing is going to change."""
    now = timezone.now()
    if broadcast.state in (B.PREPARING, B.SENDING):
        return MOVING_S
    if broadcast.state == B.SCHEDULED:
        return MOVING_S if broadcast.send_at and broadcast.send_at < now + SOON else WAITING_S
    if broadcast.state in (B.PAUSED, B.AWAITING_APPROVAL):
        return TRAILING_S
    finished = broadcast.finished_at
    return TRAILING_S if finished and now < finished + RECEIPTS_FOR else 0


def tiles(broadcast: Broadcast, now: Progress) -> list[Tile]:
    """The count of each state with the message log behind it; expired ones only where there are any."""
    log = reverse(LOG)
    labels = dict(Message.State.choices)
    return [
        Tile(
            state,
            labels[state],
            words.MESSAGE_MEANINGS[state],
            now.counts[state],
            f"{log}?broadcast__id__exact={broadcast.pk}&state__exact={state}",
        )
        for state in COUNTED_STATES
        if state != Message.State.EXPIRED or now.counts[state]
    ]


def time_left(seconds: int | None) -> str:
    """The rest of the way in words; empty where nothing can be said."""
    return "" if seconds is None else words.duration(seconds)


def announcement(broadcast: Broadcast, now: Progress) -> str:
    """What a screen reader says: the state, and each tenth of the way."""
    if broadcast.state != B.SENDING:
        return f"{broadcast.get_state_display()}."
    return f"Sending, {now.percent - now.percent % ANNOUNCED_PERCENT} % done."
