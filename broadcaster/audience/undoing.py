"""An import is taken back: its refused rows go, then its new contacts, as far as nothing needs them, then the rest.

    look -> start -> remove_rows, again and again -> undone

Some rows at a time, each time one transaction, in which a row's contact, its place in the group and the row itself go
together: a worker that dies loses a transaction's work, and doing it again does the same. What the file wrote over
(a name, a field) is not kept anywhere, and so does not come back. The refused rows go before the others, because an
erasure on request finds the files in which it has to look by the people who stand in them.
"""

import time
from collections import Counter
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from broadcaster.audience import staging, stored, turns, uses
from broadcaster.errors import Explained
from broadcaster.models import AudienceRow, AudienceUpload, RejectedRow

ROWS = 10_000  # of one transaction, and of one look
LOOK_S = 2.0  # a page may take so long to say what would happen
NAMED = 5  # broadcasts that the refusal names

State = AudienceUpload.State

GONE = "gone"
KEPT = {
    "known": "They were contacts before this file.",
    "written_to": "A message was sent to them, or is on its way.",
    "in_file": "They are also in another file.",
    "in_group": "They are in another group.",
    "chosen": "A broadcast names them one by one.",
    "changed": "Somebody has changed them since.",
}
# One row's fate, the first that fits. A contact that nobody has touched was changed when it was made.
FATE = """
CASE
WHEN NOT r.is_new THEN 'known'
WHEN EXISTS (SELECT 1 FROM broadcaster_message m WHERE m.contact_id = r.contact_id) THEN 'written_to'
WHEN EXISTS (SELECT 1 FROM broadcaster_audiencerow o WHERE o.contact_id = r.contact_id AND o.upload_id <> r.upload_id)
    THEN 'in_file'
WHEN EXISTS (SELECT 1 FROM broadcaster_membership g WHERE g.contact_id = r.contact_id
    AND NOT (r.joined AND g.group_id = %(group)s)) THEN 'in_group'
WHEN EXISTS (SELECT 1 FROM broadcaster_broadcast_contacts b WHERE b.contact_id = r.contact_id) THEN 'chosen'
WHEN c.modified_at > c.created_at THEN 'changed'
ELSE 'gone' END
"""
# Each statement keeps to a range of people, which indexes find: over all of them, each table is read once.
FATES = """
SELECT {fate} AS fate, count(*) FROM broadcaster_audiencerow r JOIN broadcaster_contact c ON c.id = r.contact_id
WHERE r.upload_id = %(upload)s AND r.contact_id {between} AND c.id {between}
GROUP BY 1
"""
BETWEEN = "BETWEEN %(first)s AND %(last)s"
THESE = "SELECT contact_id FROM broadcaster_audiencerow WHERE upload_id = %(upload)s AND contact_id {between}"
SAME_GROUP = "SELECT id FROM broadcaster_audienceupload WHERE group_id = %(group)s AND id <> %(upload)s"
# A file that has the person too takes over what was this file's doing, and takes it back when its own time comes.
HAND_OVER_CONTACTS = """
UPDATE broadcaster_audiencerow SET is_new = true
WHERE upload_id <> %(upload)s AND contact_id {between} AND contact_id IN ({these} AND is_new)
"""
HAND_OVER_MEMBERS = """
UPDATE broadcaster_audiencerow SET joined = true
WHERE upload_id IN ({same_group}) AND contact_id {between} AND contact_id IN ({these} AND joined)
"""
REMOVE_MEMBERS = """
DELETE FROM broadcaster_membership
WHERE group_id = %(group)s AND contact_id {between} AND contact_id IN ({these} AND joined)
AND NOT EXISTS (SELECT 1 FROM broadcaster_audiencerow o
    WHERE o.contact_id = broadcaster_membership.contact_id AND o.upload_id IN ({same_group}))
"""
REMOVE_CONTACTS = """
DELETE FROM broadcaster_contact WHERE id {between} AND id IN (
    SELECT r.contact_id FROM broadcaster_audiencerow r JOIN broadcaster_contact c ON c.id = r.contact_id
    WHERE r.upload_id = %(upload)s AND r.contact_id {between} AND c.id {between} AND {fate} = 'gone')
"""
REMOVE_ROWS = "DELETE FROM broadcaster_audiencerow WHERE upload_id = %(upload)s AND contact_id {between}"
PARTS = {"fate": FATE, "these": THESE.format(between=BETWEEN), "same_group": SAME_GROUP, "between": BETWEEN}


class StillUsed(Explained):
    """The file cannot be taken back now; `sentence` says why and what helps."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What taking a file back would do now: contacts that go, and that stay by reason.

    `people` of the file were looked at; `is_whole` tells whether those are all.
    """

    gone: int
    kept: dict[str, int] = field(default_factory=dict)
    people: int = 0
    is_whole: bool = True


def look(upload: AudienceUpload) -> Outlook:
    """Count what would go and what would stay, for as many people as a page has time for.

    The reasons are sentences, in the order in which they are looked for.
    """
    end = time.monotonic() + LOOK_S
    fates: Counter[str] = Counter()
    given = _range(upload)
    while given and time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute(FATES.format(**PARTS), given)
            fates.update(dict(cursor.fetchall()))
        given = _range(upload, after=given["last"])
    kept = {why: fates[fate] for fate, why in KEPT.items() if fate in fates}
    return Outlook(fates[GONE], kept, fates.total(), is_whole=given is None)


def _range(upload: AudienceUpload, *, after: int = 0) -> dict[str, int] | None:
    """The next people of the file, as the statements take them; None where there are none."""
    rows = AudienceRow.objects.filter(upload=upload, contact_id__gt=after).order_by("contact_id")
    people = list(rows.values_list("contact_id", flat=True)[:ROWS])
    if not people:
        return None
    return {"upload": upload.pk, "group": upload.group_id or 0, "first": people[0], "last": people[-1]}


def why_not(upload: AudienceUpload) -> str:
    """Why the file cannot be taken back now, in a sentence; empty where it can be."""
    if upload.state not in AudienceUpload.ENDED:
        return NOT_NOW.get(upload.state, "")
    if not upload.headers:
        return NOT_NOTED
    names = [f"“{name}”" for name in uses.confirmed(upload).values_list("name", flat=True)[: NAMED + 1]]
    if not names:
        return ""
    told = ", ".join(names[:NAMED]) + (" and others" if len(names) > NAMED else "")
    return f"A broadcast goes or went to the people of this file: {told}. Delete it first, then take the file back."


NOT_NOTED = (
    "The file was imported before this program noted what a file made, so it cannot be taken back as a whole. "
    "Delete its contacts where they stand in the audience, as far as they are not wanted."
)
NOT_NOW: dict[str, str] = {
    State.UPLOADED: "Nothing of this file is imported yet.",
    State.IMPORTING: "The file is still being imported. Cancel the import first.",
    State.UNDOING: "The file is being taken back already.",
    State.UNDONE: "The file was taken back already.",
}


@transaction.atomic
def start(upload: AudienceUpload) -> None:
    """Take the file out of its drafts, and let workers remove what it made. Raises StillUsed: nothing happened then."""
    uses.drafts(upload).update(upload=None)
    ended = AudienceUpload.objects.filter(pk=upload.pk, state__in=AudienceUpload.ENDED)
    if sentence := why_not(upload):
        raise StillUsed(sentence)
    moved = ended.update(state=State.UNDOING, touched_at=None) == 1
    upload.refresh_from_db()
    if not moved:
        raise StillUsed(why_not(upload))


def stalled() -> list[int]:
    """Files that are to be taken back, and nobody works on it."""
    return turns.stalled(State.UNDOING)


def remove_rows(upload_id: int, *, life_s: float, resumed: bool = False) -> bool:
    """Take back until nothing is left or until `life_s` is over; whether there is more to do. As `import_rows`."""
    upload = turns.take(upload_id, State.UNDOING, resumed=resumed)
    if upload is None:
        return False
    end = time.monotonic() + life_s
    while turns.retried(lambda: _remove_some(upload)):
        if time.monotonic() > end:
            return True
    AudienceUpload.objects.filter(pk=upload.pk, state=State.UNDOING).update(
        state=State.UNDONE, touched_at=timezone.now()
    )
    stored.discard(upload)
    return False


@transaction.atomic
def _remove_some(upload: AudienceUpload) -> bool:
    """Remove some rows with what they made; whether there were any. Workers wait for each other at the file's row."""
    mine = AudienceUpload.objects.filter(pk=upload.pk, state=State.UNDOING)
    if mine.update(touched_at=timezone.now()) != 1:
        return False
    if _remove_refused(upload):
        return True
    given = _range(upload)
    if given is None:
        return False
    staging.one_at_a_time()  # an import must not find a contact that is about to go
    with connection.cursor() as cursor:
        for statement in (HAND_OVER_CONTACTS, HAND_OVER_MEMBERS, REMOVE_MEMBERS, REMOVE_CONTACTS):
            cursor.execute(statement.format(**PARTS), given)
        removed = cursor.rowcount
        cursor.execute(REMOVE_ROWS.format(**PARTS), given)
    mine.update(removed=F("removed") + removed)
    return True


def _remove_refused(upload: AudienceUpload) -> bool:
    """Remove some refused rows, which hold people's data as they were written; whether there were any."""
    numbers = RejectedRow.objects.filter(upload=upload).order_by("number").values_list("number", flat=True)[:ROWS]
    last = max(numbers, default=None)
    if last is None:
        return False
    RejectedRow.objects.filter(upload=upload, number__lte=last).delete()
    return True
