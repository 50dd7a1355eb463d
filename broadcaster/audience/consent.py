"""Who must not be written to. Consent is sticky: a suppression outlives the contact, and no import revives it.

It is a person who opts out: one whose phone or whose identifier is suppressed is written to at neither. So whoever is
given another phone is out by the identifier; where an address goes that was suppressed, `carry_over` keeps its word.
"""

import json
from collections.abc import Collection

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from broadcaster.models import Channel, Contact, Suppression

SUPPRESSED = """
    SELECT address FROM broadcaster_suppression WHERE (channel_id IS NULL OR channel_id = %s) AND address
"""
ADDRESS_LIMIT, REASON_LIMIT = 128, 200


def suppressions(channel: Channel) -> QuerySet[Suppression]:
    """The suppressions that concern this channel: its own and those of every channel."""
    return Suppression.objects.filter(Q(channel=None) | Q(channel=channel))


def count_suppressed(contacts: QuerySet[Contact], channel: Channel) -> int:
    """How many of the contacts must not be written to on this channel.

    Counted by phone, then by identifier without those: a database joins for each, but would not for both at once.
    """
    by_phone, by_identifier = (
        Exists(suppressions(channel).filter(address=OuterRef(key))) for key in ("phone", "identifier")
    )
    return contacts.filter(by_phone).count() + contacts.filter(~by_phone, by_identifier).count()


def suppressed(addresses: Collection[str], channel: Channel) -> set[str]:
    """Those of the addresses that must not be written to on this channel."""
    if not addresses:
        return set()
    any_of = "= ANY(%s)" if connection.vendor == "postgresql" else "IN (SELECT value FROM json_each(%s))"
    listed = list(addresses) if connection.vendor == "postgresql" else json.dumps(list(addresses))
    with connection.cursor() as cursor:  # for every window, so its statement is not put together anew each time
        cursor.execute(f"{SUPPRESSED} {any_of}", [channel.pk, listed])
        return {address for (address,) in cursor.fetchall()}


def suppress(addresses: Collection[str], *, channel: Channel | None, reason: str, source: str) -> None:
    """Add the addresses to the suppressions, keeping what is there already; what no contact can have is left out."""
    rows = [
        Suppression(address=address, channel=channel, reason=reason[:REASON_LIMIT], source=source)
        for address in addresses
        if 0 < len(address) <= ADDRESS_LIMIT
    ]
    Suppression.objects.bulk_create(rows, ignore_conflicts=True)


def carry_over(contact: Contact) -> None:
    """Let what suppresses an address that the contact gives up suppress the one it has; call it before it is saved."""
    known = Contact.objects.filter(pk=contact.pk).values_list("phone", "identifier").first() or ()
    given_up = {address for address in known if address} - {contact.phone, contact.identifier}
    rows = [
        Suppression(address=contact.address, channel_id=old.channel_id, reason=old.reason, source=old.source)
        for old in (Suppression.objects.filter(address__in=given_up) if given_up else ())
    ]
    Suppression.objects.bulk_create(rows, ignore_conflicts=True)
