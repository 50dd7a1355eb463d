"""How lists show a state, a time, a progress and what is not there: words first, colour beside them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString

from broadcaster.models import Broadcast, Message

NONE = "-"
MINUTE_S, HOUR_S = 60, 3600

B = Broadcast.State
M = Message.State

BROADCAST_COLOURS: dict[str, str] = {
    B.DRAFT: "quiet",
    B.AWAITING_APPROVAL: "warning",
    B.SCHEDULED: "info",
    B.PREPARING: "primary",
    B.SENDING: "primary",
    B.PAUSED: "warning",
    B.COMPLETED: "success",
    B.CANCELLED: "quiet",
    B.MISSED: "danger",
    B.FAILED: "danger",
}

MESSAGE_COLOURS: dict[str, str] = {
    M.PENDING: "quiet",
    M.ACCEPTED: "info",
    M.SENT: "info",
    M.DELIVERED: "success",
    M.READ: "success",
    M.FAILED: "danger",
    M.EXPIRED: "danger",
    M.SKIPPED: "warning",
    M.UNKNOWN: "warning",
}

MESSAGE_MEANINGS: dict[str, str] = {
    M.PENDING: "It waits for its turn.",
    M.ACCEPTED: "The provider took it; there is no receipt yet.",
    M.SENT: "The provider sent it on; there is no word of its arrival yet.",
    M.DELIVERED: "It arrived.",
    M.READ: "It arrived and was opened.",
    M.FAILED: "It did not arrive.",
    M.EXPIRED: "It could not be delivered in time.",
    M.SKIPPED: "It was not sent, for the reason beside it.",
    M.UNKNOWN: "It may have gone out, but no answer came. It is not sent again by itself.",
}


def broadcast_state(broadcast: Broadcast) -> SafeString:
    """The state as a coloured word; what led to it shows under the pointer."""
    return tag(broadcast.get_state_display(), BROADCAST_COLOURS[broadcast.state], broadcast.state_reason)


def message_state(message: Message) -> SafeString:
    """The state as a coloured word; what it means shows under the pointer."""
    return tag(message.get_state_display(), MESSAGE_COLOURS[message.state], MESSAGE_MEANINGS[message.state])


def tag(text: str, colour: str, explanation: str = "") -> SafeString:
    """A word on a coloured ground."""
    return format_html('<span class="tag is-{}" title="{}">{}</span>', colour, explanation, text)


def local_time(moment: datetime | None, zone: str) -> str:
    """The moment as the clock in the zone shows it, with the zone's short name; empty where there is none."""
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{formats.date_format(local, 'DATETIME_FORMAT')} {local.tzname()}"


def in_a_sentence(name: str) -> str:
    """A name without capitals, but for those of abbreviations: "API tokens"."""
    return " ".join(word if word.isupper() else word.lower() for word in name.split())


def duration(seconds: int) -> str:
    """A length of time in the units that matter: "20 seconds", "2 minutes", "1 hour 5 minutes"."""
    if seconds < MINUTE_S:
        return _count(max(seconds, 1), "second")
    minutes = round(seconds / MINUTE_S)
    if seconds < HOUR_S - MINUTE_S / 2:
        return _count(minutes, "minute")
    hours, minutes = divmod(minutes, MINUTE_S)
    return _count(hours, "hour") + (f" {_count(minutes, 'minute')}" if minutes else "")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" + ("" if number == 1 else "s")


def progress_bar(done: int, total: int) -> SafeString:
    """A bar with its share in words."""
    percent = 100 * done // total if total else 0
    return format_html(
        '<span class="progress-cell"><progress class="bar" value="{}" max="{}" aria-label="Progress">{percent} %'
        "</progress><span>{percent} %</span></span>",
        done,
        total or 1,
        percent=percent,
    )
