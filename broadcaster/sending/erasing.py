"""Erases a person on request: what is known of them goes; that nobody writes to them stays, and so do all totals.

    hold imports off -> lock contact, messages -> skip what nobody has in hand -> addresses become hashes
        -> blank the record -> delete

All of it is one transaction; the stored files in which the person stood go after it. A message that a worker has in
hand is left to the worker: the last look before a window goes out, at most a second old, knows the address by its hash,
and what was handed over still gets its result. Messages are locked first and batches are never waited for, so nobody
waits here crosswise.

Raw receipts are not searched, which would read all of them: they lapse by themselves after RECEIPT_DAYS.
"""

import re
from collections.abc import Collection, Sequence

from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from broadcaster.audience import erasure, staging
from broadcaster.audience.erasure import ERASED
from broadcaster.errors import Explained
from broadcaster.models import (
    AudienceUpload,
    Batch,
    Contact,
    Erasure,
    Message,
    ProviderCall,
    RejectedRow,
    Revival,
    Suppression,
)
from broadcaster.sending import ledger
from broadcaster.sending.ledger import Change

SKIPPED = "This person was erased on request."
CHUNK = 2_000  # refused rows in memory
TELLING_DIGITS, FEWEST_DIGITS = 8, 7  # the end of a phone by which it is known, however the rest was written
DIGITS = re.compile(r"\D+")


class NotNow(Explained):
    """The person cannot be erased at the moment; `sentence` says why, for a person."""


def erase(contact: Contact, *, author: User | None, reason: str) -> None:
    """Erase the person. Raises NotNow while a file is imported in which they stand, Contact.DoesNotExist."""
    with transaction.atomic():
        staging.one_at_a_time()  # an import that looked for erased people before would store this one again
        contact = Contact.objects.select_for_update().get(pk=contact.pk)
        uploads = list(AudienceUpload.objects.filter(audiencerow__contact=contact))
        if any(upload.state == AudienceUpload.State.IMPORTING for upload in uploads):
            raise NotNow("A file with this person is being imported. Wait until it is done, or cancel it first.")
        messages = list(Message.objects.filter(contact=contact).select_for_update(of=("self",)).order_by("pk"))
        _skip_waiting(messages)
        addresses = _keep_hashes(contact, messages, author=author, reason=reason)
        _blank_messages(messages, addresses)
        _blank_refused_rows(uploads, addresses)
        _blank_history(contact, addresses, author=author)
        contact.delete()  # with memberships, choices and what files said; a message keeps its row
        for upload in uploads:
            _delete_file_later(upload)


def _skip_waiting(messages: Sequence[Message]) -> None:
    """Skip what waits in batches that nobody has; a leased batch is its worker's, and skips it before the post."""
    pending = [message for message in messages if message.state == Message.State.PENDING]
    ready = Batch.objects.filter(pk__in={message.batch_id for message in pending}, state=Batch.State.READY)
    free = set(ready.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True))
    changes = [
        Change(
            message.pk, message.batch_id, message.state, Message.State.SKIPPED, error_code=ERASED, error_text=SKIPPED
        )
        for message in pending
        if message.batch_id in free
    ]
    ledger.write(changes, now=timezone.now())


def _keep_hashes(contact: Contact, messages: Collection[Message], *, author: User | None, reason: str) -> set[str]:
    """Put hashes in the place of the person's addresses and of their opt-outs; every address of theirs.

    One that they had before is barred where it had opted out, and is nobody else's by now.
    """
    own = {address for address in (contact.phone, contact.identifier) if address}
    earlier = {message.address for message in messages} - own - {ERASED}
    others = Contact.objects.filter(Q(phone__in=earlier) | Q(identifier__in=earlier))
    earlier -= {address for pair in others.values_list("phone", "identifier") for address in pair if address}
    out = set(Suppression.objects.filter(address__in=earlier).values_list("address", flat=True))
    kept = [
        Erasure(digest=erasure.digest_of(address), reason=reason[:200], author=author) for address in sorted(own | out)
    ]
    Erasure.objects.bulk_create(kept, ignore_conflicts=True)
    Suppression.objects.filter(address__in=own | out).delete()
    Revival.objects.filter(address__in=own | earlier).update(address=ERASED)
    return own | earlier


def _blank_messages(messages: Collection[Message], addresses: Collection[str]) -> None:
    """Take the person out of the log, and the calls of their batches with all that was posted in them."""
    theirs = Message.objects.filter(pk__in=[message.pk for message in messages])
    theirs.update(address=ERASED, variables={})
    for address in addresses:
        theirs.filter(error_text__contains=address.removeprefix("+")).update(error_text="")
    ProviderCall.objects.filter(batch__in={message.batch_id for message in messages}).delete()


def _blank_refused_rows(uploads: Collection[AudienceUpload], addresses: Collection[str]) -> None:
    """Empty the rows that name the person in files where they stood, as repetitions do; the files' totals stay."""
    rows = RejectedRow.objects.filter(upload__in=uploads).exclude(values=[])
    found = [
        pk
        for pk, values in rows.order_by().values_list("pk", "values").iterator(chunk_size=CHUNK)
        if any(_means(str(cell), addresses) for cell in values)
    ]
    for start in range(0, len(found), CHUNK):
        these = RejectedRow.objects.filter(pk__in=found[start : start + CHUNK])
        these.update(values=[], reason=SKIPPED)  # under its code, since the totals count by that


def _means(cell: str, addresses: Collection[str]) -> bool:
    """Whether a cell holds one of the addresses: an identifier, or a phone in whatever way it was written."""
    if cell.strip() in addresses:
        return True
    digits = DIGITS.sub("", cell).lstrip("0")  # a phone ends with nothing at all, too
    if len(digits) < FEWEST_DIGITS:
        return False
    phones = [address for address in addresses if address.startswith("+")]
    return any(phone.endswith((digits, digits[-TELLING_DIGITS:])) for phone in phones)


def _blank_history(contact: Contact, addresses: Collection[str], *, author: User | None) -> None:
    """Take the names out of the history of what people did, and add that the contact was erased, and by whom."""
    kind = ContentType.objects.get_for_model(Contact)
    named = Q(content_type=kind, object_id=str(contact.pk))
    opt_outs = ContentType.objects.get_for_models(Suppression, Revival).values()
    for address in addresses:
        named |= Q(content_type__in=opt_outs, object_repr__startswith=f"{address} ")
    LogEntry.objects.filter(named).update(object_repr=ERASED)
    if author:
        LogEntry.objects.create(
            user_id=author.pk,
            content_type=kind,
            object_id=str(contact.pk),
            object_repr=ERASED,
            action_flag=DELETION,
            change_message="Erased on request.",
        )


def _delete_file_later(upload: AudienceUpload) -> None:
    """Delete the stored file once the erasure is certain; what its columns meant stays in the record."""
    storage, name = upload.file.storage, upload.file.name
    if name:
        transaction.on_commit(lambda: storage.delete(name), robust=True)
