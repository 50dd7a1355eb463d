"""A database with as many messages as one asks for, written by the database itself in seconds.

Five broadcasts go to the same people, the newest is half way through. The oldest has a channel of its own, so that a
filter by channel has to find what lies farthest down. What is rare fills one page, whatever the number of messages:
a state, a language, a group. No message has expired.
"""

from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from broadcaster.models import AudienceUpload, Broadcast, Channel, Contact, Group, Suppression
from tests.benchmarks import scenes

Value = int | datetime

BROADCASTS = 5
BATCH_SIZE = 500
LISTED = 60  # more than a page of what there is little of
TABLES = ("message", "batch", "broadcast", "membership", "suppression", "group", "contact", "channel", "audienceupload")

SERIES = {
    "postgresql": "generate_series(1, {count}) AS s (n)",
    "sqlite": "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s)",
}
UUID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}

CONTACTS = """
INSERT INTO broadcaster_contact (uuid, name, phone, identifier, language, time_zone, fields, created_at, modified_at)
SELECT {uuid}, CASE n %% 5 WHEN 0 THEN 'Ann Lee ' WHEN 1 THEN 'Budi ' WHEN 2 THEN 'Citra ' WHEN 3 THEN 'Dewi '
                          ELSE 'Eko ' END || n, '+62812' || (10000000 + n), 'customer-' || n,
       CASE WHEN n %% {rare} = 0 THEN 'jav' ELSE 'ind' END, '', '{{"city": "Bandung"}}', %s, %s
FROM {series}
"""
MEMBERSHIPS = """
INSERT INTO broadcaster_membership (group_id, contact_id) SELECT %s, id FROM broadcaster_contact WHERE id %% %s = 0
"""
SUPPRESSIONS = """
INSERT INTO broadcaster_suppression (address, channel_id, reason, source, created_at)
SELECT phone, CASE WHEN id %% 40 = 0 THEN %s ELSE NULL END, 'STOP', 'receipt', %s FROM broadcaster_contact
WHERE id %% 20 = 0
"""
BATCHES = """
INSERT INTO broadcaster_batch (broadcast_id, number, size, not_before, state, lease_worker, handed_through, windows,
                               pending, accepted, sent, delivered, read, failed, expired, skipped, unknown)
SELECT %s, n, %s, %s, 'done', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM {series}
"""
MESSAGES = """
INSERT INTO broadcaster_message (broadcast_id, contact_id, address, language, variables, batch_id, seq, state,
                                 error_code, error_text, attempts, provider_id, accepted_at, changed_at)
SELECT %(broadcast)s, c.id, c.phone, 'ind', '{{"name": "Ann Lee"}}', b.id, 1 + (c.n %% %(size)s), c.state,
       CASE c.state WHEN 'failed' THEN '131026' ELSE '' END,
       CASE c.state WHEN 'failed' THEN 'The number is not on WhatsApp.' ELSE '' END, 1,
       CASE WHEN c.state IN ('pending', 'skipped', 'unknown') THEN ''
            ELSE 'wamid.' || %(broadcast)s || '.' || c.phone END,
       %(then)s, %(then)s
FROM (SELECT id, phone, id - %(first)s AS n,
             CASE WHEN id %% %(rare)s = 0 THEN 'unknown' WHEN id %% 100 = 1 THEN 'skipped'
                  WHEN id %% 25 = 2 THEN 'failed'
                  WHEN %(half)s = 1 AND id %% 2 = 0 THEN 'pending' WHEN id %% 5 = 3 THEN 'read'
                  WHEN id %% 10 = 4 THEN 'accepted' ELSE 'delivered' END AS state
      FROM broadcaster_contact ORDER BY id) c
JOIN broadcaster_batch b ON b.broadcast_id = %(broadcast)s AND b.number = 1 + (c.n / %(size)s)
ORDER BY c.id
"""
COUNTS = """
UPDATE broadcaster_batch SET pending = c.pending, accepted = c.accepted, delivered = c.delivered, read = c.read,
       failed = c.failed, skipped = c.skipped, unknown = c.unknown
FROM (SELECT batch_id, {sums} FROM broadcaster_message GROUP BY batch_id) c WHERE c.batch_id = broadcaster_batch.id
"""
COUNTED = ("pending", "accepted", "delivered", "read", "failed", "skipped", "unknown")


def fill(messages: int) -> None:
    """Empty the tables, then write so many messages to a fifth as many people."""
    empty()
    people = messages // BROADCASTS
    with transaction.atomic():
        _people(people)
        channels = [Channel.objects.create(name=name, kind="kaleyra", default_region="ID") for name in ("New", "Old")]
        _opt_outs(channels[0])
        for number in range(BROADCASTS):
            _broadcast(channels[1 if number == 0 else 0], people, is_newest=number == BROADCASTS - 1)
        sums = ", ".join(f"SUM(CASE state WHEN '{state}' THEN 1 ELSE 0 END) AS {state}" for state in COUNTED)
        _run(COUNTS.format(sums=sums))
        _little_things()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def empty() -> None:
    """Leave no row in the tables that are filled here; the people of other stages are gone too."""
    scenes.people.cache_clear()
    if connection.vendor == "postgresql":
        _run(f"TRUNCATE {', '.join(f'broadcaster_{table}' for table in TABLES)} CASCADE")
        return
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"DELETE FROM broadcaster_{table}")  # noqa: S608  names from above


def _people(count: int) -> None:
    now = timezone.now()
    _run(_here(CONTACTS, count), now, now)
    for name, each in (("Everyone", 1), ("A few", count // LISTED)):
        _run(MEMBERSHIPS, Group.objects.create(name=name).pk, each)
    assert Contact.objects.count() == count


def _opt_outs(channel: Channel) -> None:
    _run(SUPPRESSIONS, channel.pk, timezone.now())
    assert Suppression.objects.exists()


def _broadcast(channel: Channel, people: int, *, is_newest: bool) -> None:
    now = timezone.now()
    state = Broadcast.State.SENDING if is_newest else Broadcast.State.COMPLETED
    broadcast = Broadcast.objects.create(
        name="June", channel=channel, send_at=now, started_at=now, state=state, total=people
    )
    _run(_here(BATCHES, -(-people // BATCH_SIZE)), broadcast.pk, BATCH_SIZE, now)
    first = Contact.objects.order_by("pk").values_list("pk", flat=True)[0]
    values: dict[str, Value] = {
        "broadcast": broadcast.pk,
        "first": first,
        "size": BATCH_SIZE,
        "half": int(is_newest),
        "rare": people // LISTED,
        "then": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(MESSAGES.format(), values)


def _little_things() -> None:
    Broadcast.objects.bulk_create(Broadcast(name=f"Draft {number}") for number in range(LISTED))
    AudienceUpload.objects.bulk_create(AudienceUpload(filename=f"{number}.csv") for number in range(LISTED))
    Group.objects.bulk_create(Group(name=f"Group {number}") for number in range(LISTED))


def _here(statement: str, count: int) -> str:
    vendor = connection.vendor
    return statement.format(series=SERIES[vendor].format(count=count), uuid=UUID[vendor], rare=count // LISTED)


def _run(statement: str, *values: Value) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
