"""Sends again what the provider refused, at the word of a person who has mended the reason.

    failed, refused at every try -> pending, in new batches     a completed broadcast goes back to sending

A request sends the first of them and writes down how far it came (`Resending`); a worker goes on from there, a turn at
a time, and the tick finds what was left lying.

Only what the provider itself said that it did not take. Not what it took and could not deliver, not what may have been
posted at an earlier time without an answer, and nobody who was erased. Chunks as in `unknowns`: each is a transaction
that locks rows which are still refused, so that who dies in between leaves the rest as it was, and two callers at once
send nobody anything twice.
"""

import time
from collections.abc import Sequence

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from broadcaster.models import Broadcast, Message, Resending
from broadcaster.sending import states, unknowns

CHUNK = 10_000
FIRST = 500  # that a request sends itself, since somebody waits for it
AGAIN = "The provider refused it; a person decided to send it again."


def refused(broadcast: Broadcast) -> QuerySet[Message]:
    """The messages that were posted, and of which every post was refused."""
    failed = Message.objects.filter(broadcast=broadcast, state=Message.State.FAILED, contact__isnull=False)
    return failed.filter(attempts__gt=0, accepted_at=None).exclude(variables__has_key=unknowns.MARK)


def send_again(broadcast: Broadcast, *, person: User) -> int:
    """Queue all that was refused, each message once; how many. Raises states.MoveRefused, see `unknowns.why_not`."""
    _must_send(broadcast)
    rows = refused(broadcast)
    done = through = 0
    while chunk := _after(rows, through, CHUNK):
        through = chunk[-1][1]  # always on: what is refused anew at once waits for another call
        done += _queue(broadcast, rows.filter(pk__in=[key for key, _ in chunk]), person)
    return done


def begin(broadcast: Broadcast, *, person: User) -> int | None:
    """Queue the first of them; the key of the rest, for `go_on`, if there may be any. Raises states.MoveRefused."""
    _must_send(broadcast)
    with transaction.atomic():
        rest = Resending.objects.create(broadcast=broadcast, person=person)
        return rest.pk if _step(rest, FIRST) else None


def go_on(resending_id: int, *, life_s: float) -> bool:
    """Queue the rest, if it still may be sent, until it is done or `life_s` is over; whether there is more."""
    end = time.monotonic() + life_s
    rest = Resending.objects.select_related("broadcast", "person").filter(pk=resending_id).first()
    if rest is None:
        return False
    try:
        while _step(rest, CHUNK):
            if time.monotonic() > end:
                return True
    except states.MoveRefused:
        rest.delete()
    return False


def unfinished() -> list[int]:
    """What was begun and has not come to its end, the oldest first."""
    return list(Resending.objects.order_by("pk").values_list("pk", flat=True))


def _must_send(broadcast: Broadcast) -> None:
    if sentence := unknowns.why_not(broadcast):
        raise states.MoveRefused(sentence)


@transaction.atomic
def _step(rest: Resending, limit: int) -> bool:
    """Queue the next of them; whether there may be more, and nobody else is at it."""
    rows = refused(rest.broadcast)
    chunk = _after(rows, rest.through, limit)
    if chunk:
        _queue(rest.broadcast, rows.filter(pk__in=[key for key, _ in chunk]), rest.person)
    mine = Resending.objects.filter(pk=rest.pk, through=rest.through)
    if len(chunk) < limit:
        mine.delete()
        return False
    rest.through = chunk[-1][1]  # always on, as above
    return mine.update(through=rest.through) == 1


def _after(rows: QuerySet[Message], contact_id: int, limit: int) -> Sequence[tuple[int, int]]:
    """The next of them as (message, contact), in the order of the index that finds them."""
    following = rows.filter(contact__gt=contact_id).order_by("contact_id").values_list("pk", "contact_id")[:limit]
    return [(key, contact) for key, contact in following if contact is not None]


def _queue(broadcast: Broadcast, chosen: QuerySet[Message], person: User) -> int:
    with transaction.atomic():
        # Locked in the one order that receipts lock rows in.
        rows = list(chosen.select_for_update(of=("self",)).order_by("pk").only("pk", "batch"))
        if rows:
            unknowns.place_anew(rows, broadcast, state=Message.State.FAILED, reason=AGAIN, now=timezone.now())
            what = f"{len(rows):,} refused message{'' if len(rows) == 1 else 's'}"
            LogEntry.objects.log_actions(person.pk, [broadcast], CHANGE, f"Sent {what} again.", single_object=True)
    return len(rows)
