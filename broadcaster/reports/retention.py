"""Forgets what is kept only for a while, a little at a time: a delete of millions would hold up whoever writes."""

import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from broadcaster.models import ProviderCall, Receipt

CHUNK = 5_000  # rows of one delete, a transaction of its own
CALLS_TURN_S, RECEIPTS_TURN_S = 10.0, 5.0  # the tick comes again in a minute and goes on


def discard_old_calls() -> int:
    """Delete provider calls past their time, as many as a turn allows; how many."""
    before = timezone.now() - timedelta(days=settings.PROVIDER_CALL_DAYS)
    return discard(ProviderCall.objects.filter(created_at__lt=before).order_by("created_at"), turn_s=CALLS_TURN_S)


def discard_old_receipts() -> int:
    """Delete raw receipts past their time, as many as a turn allows; how many."""
    before = timezone.now() - timedelta(days=settings.RECEIPT_DAYS)
    return discard(Receipt.objects.filter(received_at__lt=before).order_by("received_at"), turn_s=RECEIPTS_TURN_S)


def discard(rows: QuerySet[Any], *, turn_s: float) -> int:
    """Delete these rows in their order, until none is left or the turn is over; how many. Nothing may hang on them."""
    end = time.monotonic() + turn_s
    gone = 0
    while keys := list(rows.values_list("pk", flat=True)[:CHUNK]):
        gone += rows.model.objects.filter(pk__in=keys).delete()[0]
        if len(keys) < CHUNK or time.monotonic() >= end:
            break
    return gone
