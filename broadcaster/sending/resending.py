"""Sends again what the provider refused, at the word of a person who has mended the reason.

    failed, refused at every try -> pending, in new batches     a completed broadcast goes back to sending

Only what the provider itself said that it did not take. Not what it took and could not deliver, not what may have been
posted at an earlier time without an answer, and nobody who was erased. Chunks as in `unknowns`: each is a transaction
that locks rows which are still refused, so that who dies in between leaves the rest as it was, and two callers at once
send nobody anything twice.
"""

from collections.abc import Sequence

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from broadcaster.models import Broadcast, Message
from broadcaster.sending import states, unknowns

CHUNK = 10_000
AGAIN = "The provider refused it; a person decided to send it again."


def refused(broadcast: Broadcast) -> QuerySet[Message]:
    """The messages that were posted, and of which every post was refused."""
    failed = Message.objects.filter(broadcast=broadcast, state=Message.State.FAILED, contact__isnull=False)
    return failed.filter(attempts__gt=0, accepted_at=None).exclude(variables__has_key=unknowns.MARK)


def send_again(broadcast: Broadcast, *, person: User) -> int:
    """Queue what was refused, each message once; how many. Raises states.MoveRefused, see `unknowns.why_not`."""
    sentence = unknowns.why_not(broadcast)
    if sentence:
        raise states.MoveRefused(sentence)
    rows = refused(broadcast)
    done = through = 0
    while chunk := _after(rows, through):
        through = chunk[-1][1]  # always on: what is refused anew at once waits for another call
        done += _queue(broadcast, rows.filter(pk__in=[key for key, _ in chunk]), person)
    return done


def _after(rows: QuerySet[Message], contact_id: int) -> Sequence[tuple[int, int]]:
    """The next of them as (message, contact), in the order of the index that finds them."""
    following = rows.filter(contact__gt=contact_id).order_by("contact_id").values_list("pk", "contact_id")[:CHUNK]
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
