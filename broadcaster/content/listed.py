"""A message's provider templates held against the account's list: what will be refused, found before it is sent.

The list is as old as the last look at it (`Channel.templates_at`), so every sentence says from when it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import formats, timezone

import providers
from broadcaster.content import kinds
from broadcaster.models import Channel, ListedTemplate

A = ListedTemplate.Approval
Known = Mapping[tuple[str, str], ListedTemplate]  # by name and language

STATES: dict[str, str] = {
    A.PENDING: "is not approved yet",
    A.REJECTED: "was rejected",
    A.PAUSED: "is paused",
    A.DISABLED: "is disabled",
}
AGAIN = "After a change at the provider, look again under Account templates"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a template may not be sent (`blocking`), or why nobody can tell, and what to do while it is a draft."""

    what: str
    remedy: str
    blocking: bool = True

    @property
    def sentence(self) -> str:
        """Both, for a person."""
        return f"{self.what} {self.remedy}".strip()


def is_listed(channel: Channel, content: Mapping[str, Any]) -> bool:
    """Whether there is a list that these contents can be held against."""
    if content.get("kind") != providers.TemplateMessage.kind or channel.kind not in providers.kinds():
        return False
    return channel.client_class.capabilities.templates


def faults(channel: Channel, content: Mapping[str, Any]) -> Iterator[Fault]:
    """What the account's list says against the content, one for each translation. Raises values.Unreadable."""
    if not is_listed(channel, content):
        return
    if channel.templates_at is None:
        why = channel.templates_problem or "its templates were never looked at."
        yield Fault(f"Nobody can tell whether {channel} may send this template: {why}", f"{AGAIN}.", blocking=False)
        return
    known = _known(channel, content)
    for fields in content["translations"].values():
        read = kinds.read(content["kind"], fields)
        yield from _of_one(channel, read, known)


def _of_one(channel: Channel, read: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    template = f"The template {read['name']} ({read['language']})"
    listed = known.get((read["name"], read["language"]))
    if listed is None:
        languages = sorted(language for name, language in known if name == read["name"])
        elsewhere = f"; there it is in: {', '.join(languages)}" if languages else ""
        what = f"{template} is not in the account of {channel}, as of {_seen(channel)}{elsewhere}."
        yield Fault(what, f"Check its name and language. {AGAIN}.")
        return
    if listed.approval in STATES:
        reason = f": {listed.reason.rstrip('.')}" if listed.reason else ""
        what = f"{template} {STATES[listed.approval]} on {channel}, as of {_seen(channel)}{reason}."
        yield Fault(what, f"Choose another. {AGAIN}.")
    elif listed.approval == A.UNKNOWN:
        yield Fault(f"{template} may not be approved on {channel}: the provider does not say.", "", blocking=False)
    yield from _variables(template, channel, listed, given=len(read["variables"]))


def _variables(template: str, channel: Channel, listed: ListedTemplate, *, given: int) -> Iterator[Fault]:
    """Too many or too few; where the provider tells neither the text nor a number, nobody knows."""
    if (listed.body or listed.variables) and listed.variables != given:
        wanted = "1 variable" if listed.variables == 1 else f"{listed.variables or 'no'} variables"
        yield Fault(f"{template} takes {wanted} on {channel}, and is given {given or 'none'}.", "Change yours.")


def _known(channel: Channel, content: Mapping[str, Any]) -> Known:
    names = {str(fields.get("name", "")).strip() for fields in content["translations"].values()}
    listed = ListedTemplate.objects.filter(channel=channel, name__in=names)
    return {(row.name, row.language): row for row in listed}


def _seen(channel: Channel) -> str:
    local = timezone.localtime(channel.templates_at)
    return f"{formats.date_format(local, 'DATETIME_FORMAT')} {settings.TIME_ZONE}"
