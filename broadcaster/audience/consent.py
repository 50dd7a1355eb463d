"""Who must not be written to. Consent is sticky: a suppression outlives the contact, and no import revives it.

It is a person who opts out: one whose phone or whose identifier is suppressed is written to at neither. So whoever is
given another phone is out by the identifier; where an address goes that was suppressed, `carry_over` keeps its word.
Whoever was erased has no suppression, but a hash that is known again: they are written to nowhere either.

Only a person takes an opt-out back, with a reason (`take_back`, `revive_erased`), and a `Revival` tells of it.
"""

import json
from collections.abc import Collection, Mapping

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from broadcaster.audience import erasure
from broadcaster.models import Channel, Contact, Erasure, OptOutSpike, Revival, Suppression

# A row without an address tells that somebody was erased, so that nothing more is asked where nobody was.
SUPPRESSED = """
    SELECT address FROM broadcaster_suppression WHERE (channel_id IS NULL OR channel_id = %s) AND address {any_of}
    UNION ALL SELECT NULL WHERE EXISTS (SELECT 1 FROM broadcaster_erasure)
"""
ANY_OF = {"postgresql": "= ANY(%s)", "sqlite": "IN (SELECT value FROM json_each(%s))"}
INSERT = """
    INSERT INTO broadcaster_suppression (channel_id, source, spike_id, created_at, address, reason)
    SELECT CAST(%s AS bigint), %s, CAST(%s AS bigint), %s, address, reason FROM {rows} WHERE true
    ON CONFLICT DO NOTHING RETURNING address
"""
ROWS = {
    "postgresql": "unnest(%s::text[], %s::text[]) AS listed (address, reason)",
    "sqlite": "(SELECT json_extract(value, '$[0]') AS address, json_extract(value, '$[1]') AS reason "
    "FROM json_each(%s)) AS listed",
}
KEEP = """
    INSERT INTO broadcaster_suppression (address, channel_id, reason, source, spike_id, created_at)
    SELECT address, CAST(NULL AS bigint), reason, source, CAST(NULL AS bigint), created_at
    FROM broadcaster_suppression WHERE channel_id = %s ORDER BY address ON CONFLICT DO NOTHING
"""
CARRY = """
    INSERT INTO broadcaster_suppression (address, channel_id, reason, source, spike_id, created_at)
    SELECT %s, channel_id, reason, source, spike_id, created_at FROM broadcaster_suppression WHERE address = %s
    ORDER BY id ON CONFLICT DO NOTHING
"""
REPORTED = "receipt"  # the source of an opt-out for which only the provider's word stands
CHUNK = 5_000  # opt-outs that are taken back with one statement
CONFIRMED = 500  # opt-outs that get their new words with one statement
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


def suppressed(addresses: Collection[str], channel: Channel | None) -> set[str]:
    """Those of the addresses that must not be written to on this channel, or, without one, on any at all."""
    if not addresses:
        return set()
    listed = list(addresses) if connection.vendor == "postgresql" else json.dumps(list(addresses))
    key = channel.pk if channel else None
    with connection.cursor() as cursor:  # for every window, so its statement is not put together anew each time
        cursor.execute(SUPPRESSED.format(any_of=ANY_OF[connection.vendor]), [key, listed])
        found = {address for (address,) in cursor.fetchall()}
    if None in found:
        found = (found - {None}) | erasure.erased(addresses)
    return found | (erasure.NO_ADDRESS & set(addresses))


def suppress(
    addresses: Collection[str],
    *,
    channel: Channel | None,
    reason: str,
    source: str,
    spike: OptOutSpike | None = None,
) -> None:
    """Add the addresses to the suppressions, keeping what is there already; see `suppress_each`."""
    suppress_each(dict.fromkeys(addresses, reason), channel=channel, source=source, spike=spike)


def suppress_each(
    reasons: Mapping[str, str], *, channel: Channel | None, source: str, spike: OptOutSpike | None = None
) -> set[str]:
    """Add each address with its reason, in one statement, keeping what is there already; those that are new.

    What no contact can have is left out, and so is who was erased: their hash says all, and their address must not be
    stored again.
    """
    fitting = _fitting(reasons)
    if not fitting:
        return set()
    if channel is None or source == REPORTED:
        return _insert(fitting, channel=channel, source=source, spike=spike)
    _confirm(fitting, channel=channel, source=source)
    new = _insert(fitting, channel=channel, source=source, spike=spike)
    if there := {address: reason for address, reason in fitting.items() if address not in new}:
        _confirm(there, channel=channel, source=source)  # a receipt's word may have come between
    return new


def _fitting(reasons: Mapping[str, str]) -> dict[str, str]:
    """What can be stored of it, in one order, so that no two writers wait for each other crosswise."""
    gone = erasure.erased(reasons.keys())
    return {
        address: reason[:REASON_LIMIT]
        for address, reason in sorted(reasons.items())
        if 0 < len(address) <= ADDRESS_LIMIT and address not in gone
    }


def _insert(reasons: Mapping[str, str], *, channel: Channel | None, source: str, spike: OptOutSpike | None) -> set[str]:
    """Store those that are not there yet; which they were."""
    at = connection.ops.adapt_datetimefield_value(timezone.now())
    where = [channel.pk if channel else None, source, spike.pk if spike else None, at]
    is_postgresql = connection.vendor == "postgresql"
    listed = [list(reasons), list(reasons.values())] if is_postgresql else [json.dumps(list(reasons.items()))]
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(rows=ROWS[connection.vendor]), [*where, *listed])
        return {address for (address,) in cursor.fetchall()}


def may_be_taken_back(channel: Channel | None) -> QuerySet[Suppression]:
    """The channel's opt-outs that a spike, undecided or yet to come, may take back with all others of an outage."""
    undecided = Q(spike=None) | Q(spike__decision="")
    return Suppression.objects.filter(undecided, channel=channel, channel__isnull=False, source=REPORTED)


def _confirm(reasons: Mapping[str, str], *, channel: Channel, source: str) -> None:
    """Let the word of those who have now said it themselves stand: they stay out whatever is decided of a spike."""
    reported = may_be_taken_back(channel).filter(address__in=list(reasons)).order_by("address")
    with transaction.atomic():
        opt_outs = list(reported.only("pk", "address").select_for_update(of=("self",)))
        for opt_out in opt_outs:
            opt_out.reason, opt_out.source, opt_out.spike = reasons[opt_out.address], source, None
        Suppression.objects.bulk_update(opt_outs, ["reason", "source", "spike"], batch_size=CONFIRMED)


def keep_everywhere(channels: Collection[Channel]) -> None:
    """Let who opted out of these channels be out of all of them; call it before they are deleted."""
    with connection.cursor() as cursor:
        for channel in channels:
            cursor.execute(KEEP, [channel.pk])


def take_back(opt_outs: QuerySet[Suppression], *, author: User | None, reason: str) -> int:
    """Let these people be written to again, on record; how many. Each is taken back once, whoever else does it too."""
    with transaction.atomic():
        rows = list(opt_outs.order_by("pk").select_for_update(of=("self",)))
        Revival.objects.bulk_create([_revival(row, author, reason) for row in rows], batch_size=CHUNK)
        for start in range(0, len(rows), CHUNK):
            Suppression.objects.filter(pk__in=[row.pk for row in rows[start : start + CHUNK]]).delete()
    return len(rows)


def revive_erased(address: str, *, author: User | None, reason: str) -> bool:
    """Let the address of somebody who was erased be stored and written to again, on record; False where nobody was."""
    with transaction.atomic():
        erasures = Erasure.objects.filter(digest__in=list(erasure.digests(address))).select_for_update(of=("self",))
        first = erasures.first()
        if first is None:
            return False
        erasures.delete()
        Revival.objects.create(
            address=address,
            opted_out_at=first.created_at,
            opted_out_reason=first.reason,
            opted_out_source="erasure",
            reason=reason[:REASON_LIMIT],
            author=author,
        )
    return True


def _revival(opt_out: Suppression, author: User | None, reason: str) -> Revival:
    return Revival(
        address=opt_out.address,
        channel_id=opt_out.channel_id,
        opted_out_at=opt_out.created_at,
        opted_out_reason=opt_out.reason,
        opted_out_source=opt_out.source,
        reason=reason[:REASON_LIMIT],
        author=author,
    )


def carry_over(contact: Contact) -> None:
    """Let what suppresses an address that the contact gives up suppress the one it has; call it before it is saved.

    Since when they are out stays, and so does the spike that they are part of: a later one does not take them.
    """
    known = Contact.objects.filter(pk=contact.pk).values_list("phone", "identifier").first() or ()
    given_up = {address for address in known if address} - {contact.phone, contact.identifier}
    with connection.cursor() as cursor:
        for address in sorted(given_up) if contact.address else ():
            cursor.execute(CARRY, [contact.address, address])
