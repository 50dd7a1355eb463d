"""Forgets what is kept only for a while, a little at a time: a delete of millions would hold up whoever writes."""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from broadcaster.audience import stored, telling
from broadcaster.models import AudienceUpload, IdempotentCall, ProviderCall, Receipt, WebhookDelivery

log = logging.getLogger(__name__)

CHUNK = 5_000  # rows of one delete, a transaction of its own
CALLS_TURN_S, RECEIPTS_TURN_S, ANSWERS_TURN_S = 10.0, 5.0, 5.0  # the tick comes again in a minute and goes on
ANSWERS_KEPT = timedelta(hours=48)  # as the README promises to programs that repeat a call
DELIVERIES_KEPT, DELIVERIES_TURN_S = timedelta(days=30), 5.0
FILES = 200  # of a turn
TOO_LATE = "Nobody chose its columns for {} days, so the file was deleted. Upload it again."


def discard_old_calls() -> int:
    """Delete provider calls past their time, as many as a turn allows; how many."""
    before = timezone.now() - timedelta(days=settings.PROVIDER_CALL_DAYS)
    return discard(ProviderCall.objects.filter(created_at__lt=before).order_by("created_at"), turn_s=CALLS_TURN_S)


def discard_old_receipts() -> int:
    """Delete raw receipts past their time, as many as a turn allows; how many."""
    before = timezone.now() - timedelta(days=settings.RECEIPT_DAYS)
    return discard(Receipt.objects.filter(received_at__lt=before).order_by("received_at"), turn_s=RECEIPTS_TURN_S)


def discard_old_answers() -> int:
    """Delete what programs were answered under a key, as many as a turn allows; how many."""
    before = timezone.now() - ANSWERS_KEPT
    return discard(IdempotentCall.objects.filter(created_at__lt=before).order_by("created_at"), turn_s=ANSWERS_TURN_S)


def discard_old_deliveries() -> int:
    """Delete what webhooks were told, or could not be told, so long ago, as many as a turn allows; how many."""
    old = WebhookDelivery.objects.filter(created_at__lt=timezone.now() - DELIVERIES_KEPT).order_by("created_at")
    return discard(old, turn_s=DELIVERIES_TURN_S)


def discard_old_files() -> int:
    """Delete uploaded files past their time from the disk, and at once those that were taken back; how many.

    They hold people's data, and nothing needs them once they are imported. One that still waits for its columns by
    then has failed. Small files that nobody confirmed go as well.
    """
    before = timezone.now() - timedelta(days=settings.UPLOAD_DAYS)
    state = AudienceUpload.State
    _fail_late(before)
    ended = Q(state__in=(state.IMPORTED, state.FAILED, state.CANCELLED), ended_at__lt=before)
    uploads = AudienceUpload.objects.annotate(ended_at=Coalesce("finished_at", "created_at")).exclude(file="")
    gone = sum(map(_is_discarded, uploads.filter(ended | Q(state=state.UNDONE)).order_by("id")[:FILES]))
    return gone + stored.discard_unconfirmed()


def _fail_late(before: datetime) -> None:
    """Let the files fail for which nobody has chosen columns, and tell of it."""
    state = AudienceUpload.State
    late = AudienceUpload.objects.filter(state=state.UPLOADED, created_at__lt=before)
    failed = {"state": state.FAILED, "error": TOO_LATE.format(settings.UPLOAD_DAYS), "finished_at": F("created_at")}
    for pk in list(late.values_list("pk", flat=True)[:FILES]):
        with transaction.atomic():
            if late.filter(pk=pk).update(**failed) == 1:
                telling.closed(pk, state.FAILED)


def _is_discarded(upload: AudienceUpload) -> bool:
    try:
        stored.discard(upload)
    except OSError as error:
        log.warning("the file of upload %d cannot be deleted: %s", upload.pk, error)
        return False
    return True


def discard(rows: QuerySet[Any], *, turn_s: float) -> int:
    """Delete these rows in their order, until none is left or the turn is over; how many. Nothing may hang on them."""
    end = time.monotonic() + turn_s
    gone = 0
    while keys := list(rows.values_list("pk", flat=True)[:CHUNK]):
        gone += rows.model.objects.filter(pk__in=keys).delete()[0]
        if len(keys) < CHUNK or time.monotonic() >= end:
            break
    return gone
