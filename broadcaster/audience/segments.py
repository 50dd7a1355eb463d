"""Who a broadcast goes to: the file's people, the groups' and the chosen ones, minus the excluded groups'."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from broadcaster.audience import consent
from broadcaster.models import AudienceRow, Broadcast, Contact, Membership

GROUP, PERSON = "group:", "contact:"  # how an identifier begins that is a provider's own name for its group or contact
IS_GROUP = Q(phone=None, identifier__startswith=GROUP)
IS_SCOPED = IS_GROUP | Q(phone=None, identifier__startswith=PERSON)


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many would be written to now, and how many were left out because they opted out.

    `groups` of the recipients are no people, but groups that a provider keeps.
    """

    recipients: int
    suppressed: int
    groups: int = 0

    @property
    def people(self) -> int:
        """Those of the recipients who are people."""
        return self.recipients - self.groups


def recipients(broadcast: Broadcast) -> QuerySet[Contact]:
    """Each contact of the audience once, opted-out ones too; an exclusion wins over everything."""
    included = _in_groups(broadcast, Broadcast.groups.through) | _chosen(broadcast)
    if broadcast.upload_id:
        included |= Q(Exists(AudienceRow.objects.filter(contact=OuterRef("pk"), upload=broadcast.upload_id)))
    excluded = _in_groups(broadcast, Broadcast.exclude_groups.through)
    return Contact.objects.filter(included).exclude(excluded).order_by()


def estimate(broadcast: Broadcast) -> Estimate:
    """Count the audience as it stands now."""
    audience = recipients(broadcast)
    total, groups = audience.count(), audience.filter(IS_GROUP).count()
    if broadcast.channel is None:
        return Estimate(total, 0, groups)
    suppressed = consent.count_suppressed(audience, broadcast.channel)
    return Estimate(total - suppressed, suppressed, groups)


def is_scoped(contact: Contact) -> bool:
    """Whether only the provider that keeps this recipient can reach it, by its own name for it."""
    return not contact.phone and (contact.identifier or "").startswith((GROUP, PERSON))


def _in_groups(broadcast: Broadcast, through: type) -> Q:
    groups = through.objects.filter(broadcast=broadcast).values("group")  # type: ignore[attr-defined]
    return Q(Exists(Membership.objects.filter(contact=OuterRef("pk"), group__in=groups)))


def _chosen(broadcast: Broadcast) -> Q:
    return Q(Exists(Broadcast.contacts.through.objects.filter(broadcast=broadcast, contact=OuterRef("pk"))))
