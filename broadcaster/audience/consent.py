"""Who must not be written to. Consent is sticky: a suppression outlives the contact, and no import revives it."""

import json
from collections.abc import Collection

from django.db import connection
from django.db.models import Q, QuerySet

from broadcaster.models import Channel, Suppression

SUPPRESSED = """
    SELECT address FROM broadcaster_suppression WHERE (channel_id IS NULL OR channel_id = %s) AND address
"""
ADDRESS_LIMIT, REASON_LIMIT = 128, 200


def suppressions(channel: Channel) -> QuerySet[Suppression]:
    """The suppressions that concern this channel: its own and those of every channel."""
    return Suppression.objects.filter(Q(channel=None) | Q(channel=channel))


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
