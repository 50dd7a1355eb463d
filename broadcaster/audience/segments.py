"""Who a broadcast goes to: the file's people, the groups' and the chosen ones, minus the excluded groups'."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from broadcaster.audience import consent
from broadcaster.audience.rules import Unusable
from broadcaster.audience.rules_groups import Reader
from broadcaster.audience.rules_sql import Scope
from broadcaster.models import AudienceRow, Broadcast, Contact

WIDEST = 200_000  # keys that are looked through at a time, whoever fits: a second or two, however odd the rules
SPREAD = 2  # keys that are looked through first, for each recipient that is asked for
GROUP, PERSON = "group:", "contact:"  # how an identifier begins that is a provider's own name for its group or contact
FIRST = 100  # recipients among whom somebody is looked for


def _kept_at_provider(beginning: str) -> Q:
    """Contacts whose identifier begins so. The range of its letters is what an index can find, in any language."""
    first = beginning.rstrip(":")
    beyond = first[:-1] + chr(ord(first[-1]) + 1)
    return Q(phone=None, identifier__startswith=beginning, identifier__gte=first, identifier__lt=beyond)


IS_GROUP = _kept_at_provider(GROUP)
IS_SCOPED = IS_GROUP | _kept_at_provider(PERSON)


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many would be written to now, and how many were left out because they opted out.

    `groups` of the recipients are no people, but groups that a provider keeps. `problem` is a sentence that says why
    nobody can tell; empty where one can.
    """

    recipients: int
    suppressed: int
    groups: int = 0
    problem: str = ""

    @property
    def people(self) -> int:
        """Those of the recipients who are people."""
        return self.recipients - self.groups


@dataclass(frozen=True, slots=True)
class Stretch:
    """The recipients, by key, among the contacts up to the key `through`."""

    contact_ids: list[int]
    through: int


def recipients(broadcast: Broadcast) -> QuerySet[Contact]:
    """Each contact of the audience once, opted-out ones too; an exclusion wins over everything.

    Smart groups are whom their rules fit at this moment. Where nobody can tell whom a group excludes, it is nobody;
    `unusable` says why.
    """
    try:
        return _recipients(broadcast, Scope(timezone.now()))
    except Unusable:
        return Contact.objects.none()


def following(broadcast: Broadcast, after: int, limit: int) -> Stretch:
    """The next recipients behind the key `after`, in order and at most `limit`; `through` is `after` at the end.

    They are looked for among more and more keys at a time, but not among more than WIDEST in all: a stretch may have
    nobody, and the next one goes on behind it. Raises rules.Unusable.
    """
    keys = Contact.objects.order_by("pk").values_list("pk", flat=True)
    first, last = keys.filter(pk__gt=after).first(), keys.last()
    if first is None or last is None:
        return Stretch([], after)
    now, found, width = timezone.now(), list[int](), SPREAD * limit
    through, end = first - 1, min(last, first - 1 + WIDEST)
    while through < end and len(found) < limit:
        begin, through = through, min(through + width, end)
        people = _recipients(broadcast, Scope(now, begin, through)).filter(pk__gt=begin, pk__lte=through)
        found += people.order_by("pk").values_list("pk", flat=True)[: limit - len(found)]
        width *= 2
    return Stretch(found, found[-1] if len(found) == limit else through)


def _recipients(broadcast: Broadcast, scope: Scope) -> QuerySet[Contact]:
    """The audience, as far as it is in the scope. Raises rules.Unusable."""
    reader = Reader(scope)
    excluded = reader.members(broadcast.exclude_groups.all())
    included = reader.members(broadcast.groups.all())
    chosen = Broadcast.contacts.through.objects.filter(broadcast=broadcast)
    if chosen.exists():  # a database joins for one way into the audience, but not for the first of two
        included |= scope.with_one(chosen)
    if broadcast.upload_id:
        included |= scope.with_one(AudienceRow.objects.filter(upload=broadcast.upload_id))
    return Contact.objects.filter(included).exclude(excluded).order_by()


def has_somebody(broadcast: Broadcast) -> bool:
    """Whether one of the first recipients has not opted out, told at once; `estimate` counts a million for seconds."""
    first = recipients(broadcast).order_by("pk").values_list("phone", "identifier")[:FIRST]
    people = [{address for address in addresses if address} for addresses in first]
    if broadcast.channel is None:
        return bool(people)
    opted_out = consent.suppressed(set().union(*people), broadcast.channel)
    return any(opted_out.isdisjoint(addresses) for addresses in people)


def unusable(broadcast: Broadcast) -> str:
    """Why nobody can tell who is in one of the chosen groups; empty where they can."""
    reader = Reader()
    try:
        reader.members(broadcast.exclude_groups.all())
        reader.members(broadcast.groups.all())
    except Unusable as error:
        return because(error)
    return ""


def because(error: Unusable) -> str:
    """Why nobody can tell who gets it, for a person."""
    return f"The rule of a group cannot be used. {error.sentence}"


def estimate(broadcast: Broadcast) -> Estimate:
    """Count the audience as it stands now."""
    try:
        audience = _recipients(broadcast, Scope(timezone.now()))
    except Unusable as error:
        return Estimate(0, 0, problem=because(error))
    total, groups = audience.count(), audience.filter(IS_GROUP).count()
    if broadcast.channel is None:
        return Estimate(total, 0, groups)
    suppressed = consent.count_suppressed(audience, broadcast.channel)
    return Estimate(total - suppressed, suppressed, groups)


def is_scoped(contact: Contact) -> bool:
    """Whether only the provider that keeps this recipient can reach it, by its own name for it."""
    return not contact.phone and (contact.identifier or "").startswith((GROUP, PERSON))
