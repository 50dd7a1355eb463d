"""Recipients that only one provider knows: its own groups and contacts, which no other account can reach."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from broadcaster.audience import segments
from broadcaster.models import Broadcast, Channel, Contact, ListedGroup

LOOKED_AT = 100  # more of them than anybody chooses
NAMED = 3


class Fault(NamedTuple):
    """What is wrong: the broadcast's field in which it can be mended, and a sentence."""

    field: Literal["channel", "template"]
    sentence: str


def faults(broadcast: Broadcast, placeholders: Sequence[str]) -> Iterator[Fault]:
    """Why the broadcast's channel cannot reach those of its audience that a provider keeps, with a text of these."""
    channel = broadcast.channel
    if channel is None:
        return
    found = list(segments.recipients(broadcast).filter(segments.IS_SCOPED).order_by("pk")[:LOOKED_AT])
    if found and not channel.client_class.capabilities.groups:
        yield Fault("channel", f"{channel} cannot reach {_names(found)}. {_remedy(found)}")
        return
    groups = [contact for contact in found if group_id(contact)]
    if strange := _strange(channel, groups):
        yield Fault("channel", f"{channel} has no {_names(strange)}. {_remedy(strange)}")
    if groups and placeholders:
        sentence = f"Everyone in {groups[0]} gets the same text, so it cannot hold @{placeholders[0]}."
        yield Fault("template", f"{sentence} Choose a template without placeholders, or an audience without groups.")


def group_id(contact: Contact) -> str:
    """The provider's id of the group that the contact stands for; empty where it stands for a person."""
    identifier = contact.identifier or ""
    return identifier.removeprefix(segments.GROUP) if identifier.startswith(segments.GROUP) else ""


def homes(contacts: Sequence[Contact]) -> list[Channel]:
    """The channels whose account has all of these groups."""
    ids = {group_id(contact) for contact in contacts}
    listed = ListedGroup.objects.filter(group_id__in=ids, channel__enabled=True).select_related("channel")
    known: dict[Channel, set[str]] = {}
    for group in listed.order_by("channel__name"):
        known.setdefault(group.channel, set()).add(group.group_id)
    return [channel for channel, theirs in known.items() if theirs == ids]


def _strange(channel: Channel, groups: Sequence[Contact]) -> list[Contact]:
    """Those of the groups that the account does not have, as far as anybody has looked."""
    if channel.groups_at is None:
        return []
    known = set(ListedGroup.objects.filter(channel=channel).values_list("group_id", flat=True))
    return [contact for contact in groups if group_id(contact) not in known]


def _names(contacts: Sequence[Contact]) -> str:
    names = ", ".join(f"“{contact}”" for contact in contacts[:NAMED])
    return f"{names} and {len(contacts) - NAMED} more" if len(contacts) > NAMED else names


def _remedy(contacts: Sequence[Contact]) -> str:
    able = ", ".join(map(str, homes(contacts)))
    return f"Choose {able}, or another audience." if able else "Take them out of the audience."
