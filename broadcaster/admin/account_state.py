"""What pages say of an account: whether it works, what is left on it, which templates it holds, each with its age."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from broadcaster import accounts
from broadcaster.admin import words
from broadcaster.models import Channel, ListedTemplate

# By what the last test found: true, false, or null where nobody can tell.
CONNECTIONS: dict[bool | None, tuple[str, str]] = {
    True: ("Works", "success"),
    False: ("Does not work", "danger"),
    None: ("Reached", "warning"),
}
NOT_TESTED = ("Not tested", "quiet")
APPROVAL_COLOURS: dict[str, str] = {
    ListedTemplate.Approval.APPROVED: "success",
    ListedTemplate.Approval.PENDING: "info",
    ListedTemplate.Approval.REJECTED: "danger",
    ListedTemplate.Approval.PAUSED: "warning",
    ListedTemplate.Approval.DISABLED: "danger",
    ListedTemplate.Approval.UNKNOWN: "quiet",
}
MOMENT_S = 60


@dataclass(frozen=True, slots=True)
class Listing:
    """The account's templates as a page tells of them; `is_wanted` while a look is on its way."""

    channel: Channel
    total: int
    others: str  # those that may not be sent, such as "2 rejected, 1 paused"
    seen: str
    problem: str
    is_wanted: bool


def connection(channel: Channel) -> SafeString:
    """What the last test found, as a coloured word; its sentence and time show under the pointer."""
    told = "Nobody has tested the connection."
    if channel.checked_at is not None:
        told = f"{channel.check_sentence} Tested {moment(channel.checked_at)}."
    when = f", as of {told_at}" if (told_at := balance_told(channel)) else ""
    left = f" Balance: {channel.balance}{when}." if channel.balance else ""
    return words.tag(*_found(channel), f"{told}{left}")


def facts(channel: Channel) -> dict[str, Any]:
    """What the channel's page shows of its account."""
    return {
        "connection": words.tag(*_found(channel)),
        "checked": moment(channel.checked_at),
        "balance_told": balance_told(channel),
        "listing": listing(channel) if accounts.lists_templates(channel) else None,
    }


def balance_told(channel: Channel) -> str:
    """When the balance was told, with its age; empty where that was by the last test."""
    return "" if channel.balance_at == channel.checked_at else moment(channel.balance_at)


def _found(channel: Channel) -> tuple[str, str]:
    return NOT_TESTED if channel.checked_at is None else CONNECTIONS[channel.check_ok]


def listing(channel: Channel) -> Listing:
    """What is known of the account's templates."""
    counted = channel.listed_templates.order_by().values_list("approval").annotate(Count("pk"))
    counts = dict(counted.order_by("approval"))
    labels = dict(ListedTemplate.Approval.choices)
    others = [f"{n} {labels[word].lower()}" for word, n in counts.items() if word != ListedTemplate.Approval.APPROVED]
    return Listing(
        channel,
        total=sum(counts.values()),
        others=", ".join(others),
        seen=moment(channel.templates_at),
        problem=channel.templates_problem,
        is_wanted=channel.enabled and channel.templates_tried_at is None,
    )


def approval(template: ListedTemplate) -> SafeString:
    """Whether it may be sent, as a coloured word."""
    return words.tag(template.get_approval_display(), APPROVAL_COLOURS[template.approval], template.reason)


def moment(then: datetime | None) -> str:
    """The time with its age in words; empty where there is none."""
    if then is None:
        return ""
    return f"{words.local_time(then, settings.TIME_ZONE)} ({age(then)})"


def age(then: datetime) -> str:
    """How long ago it was, in one word or two."""
    if (timezone.now() - then).total_seconds() < MOMENT_S:
        return "just now"
    return f"{timesince(then, depth=1)} ago".replace("\u00a0", " ")


def may_look(request: HttpRequest) -> bool:
    """Whether the person may have a provider asked for templates: those who keep channels, and those who use them."""
    return any(request.user.has_perm(f"broadcaster.{name}") for name in ("change_channel", "add_template"))
