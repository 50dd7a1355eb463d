"""Groups of people that a provider keeps: which there are, and the contact that stands for one in an audience.

    a worker --look--> the provider --> ListedGroup rows --> the audience page --> a contact `group:<id>` --> a message

The provider alone knows who is in a group, so it counts as one recipient and gets one message.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

import providers
from broadcaster import gateway
from broadcaster.audience import segments
from broadcaster.content import scoped
from broadcaster.models import Broadcast, Channel, Contact, ListedGroup

log = logging.getLogger(__name__)

WITHIN_S = 20.0
EVERY = timedelta(hours=1)


def channels() -> QuerySet[Channel]:
    """The channels whose provider has groups."""
    kinds = [kind for kind in providers.kinds() if providers.client_class(kind).capabilities.groups]
    return Channel.objects.filter(enabled=True, kind__in=kinds)


def offered() -> QuerySet[ListedGroup]:
    """The groups that a broadcast can go to."""
    return ListedGroup.objects.filter(channel__in=channels()).select_related("channel")


def is_due(channel: Channel, now: datetime) -> bool:
    """Whether it is time to look again."""
    return channel.groups_at is None or channel.groups_at < now - EVERY


def look(channel_id: int) -> bool:
    """Ask the provider which groups it keeps; whether it told. What was known before stays where it did not."""
    channel = channels().filter(pk=channel_id).first()
    if channel is None:
        return False
    try:
        listed = gateway.connect_for(channel, within_s=WITHIN_S).groups()
    except (providers.ProviderError, providers.ConfigurationError) as error:
        log.warning("the groups of channel %s could not be listed: %s", channel, error)
        return False
    _keep(channel, listed)
    return True


def choose(broadcast: Broadcast, groups: Iterable[ListedGroup], *, without: Iterable[Contact] = ()) -> None:
    """Let the broadcast go to these of the groups that are offered, and no longer to those contacts.

    Whom else it goes to stays: a group that nobody lists at the moment could not be chosen anew.
    """
    chosen = [contact_for(group) for group in groups]
    broadcast.contacts.remove(
        *broadcast.contacts.filter(segments.IS_GROUP)
        .exclude(pk__in=[each.pk for each in chosen])
        .exclude(pk__in=unlisted(broadcast)),
        *without,
    )
    broadcast.contacts.add(*chosen)


def chosen(broadcast: Broadcast) -> list[ListedGroup]:
    """The groups that were chosen, as its channel's account, or else any, has them."""
    contacts = broadcast.contacts.filter(segments.IS_GROUP) if broadcast.pk else Contact.objects.none()
    ids = [(contact.identifier or "").removeprefix(segments.GROUP) for contact in contacts]
    if not ids:
        return []
    groups: dict[str, ListedGroup] = {}
    for group in offered().filter(group_id__in=ids).order_by("channel__name"):
        if group.group_id not in groups or group.channel_id == broadcast.channel_id:
            groups[group.group_id] = group
    return list(groups.values())


def unlisted(broadcast: Broadcast) -> QuerySet[Contact]:
    """The contacts that stand for chosen groups which no channel in use lists, as far as anybody has looked."""
    contacts = broadcast.contacts.filter(segments.IS_GROUP) if broadcast.pk else Contact.objects.none()
    listed = [f"{segments.GROUP}{group.group_id}" for group in chosen(broadcast)]
    return contacts.exclude(identifier__in=listed).order_by("name")


def able(broadcast: Broadcast, among: QuerySet[Channel]) -> QuerySet[Channel]:
    """Those of the channels whose account keeps all the groups that were chosen; all of them where none was."""
    contacts = list(broadcast.contacts.filter(segments.IS_GROUP)) if broadcast.pk else []
    homes = scoped.homes(contacts) if contacts else []
    return among.filter(pk__in=[channel.pk for channel in homes]) if homes else among


def contact_for(group: ListedGroup) -> Contact:
    """The contact that stands for the group, made once; its name says what it is wherever it is shown."""
    name = f"{group.name[:60]} (group at {group.channel})"[:128]
    contact, _ = Contact.objects.get_or_create(identifier=f"{segments.GROUP}{group.group_id}", defaults={"name": name})
    return contact


def _keep(channel: Channel, listed: Iterable[providers.ListedGroup]) -> None:
    """Write the list, unless it is another account's by now; the rows of groups that are still there stay the same."""
    rows = {
        group.group_id: ListedGroup(
            channel=channel, group_id=group.group_id, name=group.name[:128] or group.group_id, count=group.count
        )
        for group in listed
        if 0 < len(group.group_id) <= 64  # noqa: PLR2004  what the column holds
    }
    with transaction.atomic():
        if not gateway.is_same_account(channel):
            return
        ListedGroup.objects.filter(channel=channel).exclude(group_id__in=rows).delete()
        ListedGroup.objects.bulk_create(
            rows.values(), update_conflicts=True, unique_fields=["channel", "group_id"], update_fields=["name", "count"]
        )
        Channel.objects.filter(pk=channel.pk).update(groups_at=timezone.now())
