"""Gives the provider the files that messages refer to, once for each broadcast, before its first message goes.

Each id is written down right after its upload. Who dies in between uploads that file again, which sends nothing. What
another time may mend is tried again by a later tick; anything else fails the broadcast, with a reason for a person.
"""

import contextlib
import logging
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format

import providers
from broadcaster import gateway
from broadcaster.content import media
from broadcaster.models import Broadcast, MediaFile
from broadcaster.sending import batches, clock, states

log = logging.getLogger(__name__)

AGAIN_S = 50  # less than the time between two ticks
REASON_CHARACTERS = 500


class NotYet(Exception):  # noqa: N818
    """The provider could not take a file now; the lease is kept until it is time for another try."""


def give_next(broadcast: Broadcast) -> bool:
    """Upload the next file that the provider lacks; whether there was one. Raises NotYet and batches.LeaseLost."""
    key = next((key for key in media.referenced(broadcast.content) if key not in broadcast.media), None)
    if key is None or not broadcast.sender.client_class.capabilities.media:
        return False
    _keep(broadcast, seconds=settings.LEASE_S)
    file = MediaFile.objects.filter(uuid=key).first()
    try:
        provider_id = _upload(broadcast, file)
    except providers.ProviderError as error:
        if not (error.retryable or error.may_be_accepted):
            raise _failed(broadcast, file, error.sentence) from error
        log.warning("broadcast %s waits, for a file could not be uploaded: %s", broadcast.pk, error.sentence)
        _wait(
            broadcast, f"{broadcast.sender} could not take the file {file}: {error.sentence}", error.retry_after_s or 0
        )
        raise NotYet from error
    except providers.ConfigurationError as error:
        raise _failed(broadcast, file, str(error)) from error
    except OSError as error:
        raise _failed(broadcast, file, "It is gone from the server's disk.") from error
    _record(broadcast, key, provider_id)
    return True


def _upload(broadcast: Broadcast, file: MediaFile | None) -> str:
    """The provider's id of the file. Raises ProviderError, ConfigurationError and OSError."""
    if file is None:
        raise FileNotFoundError
    client = gateway.connect(broadcast.sender)
    with file.file.open("rb") as opened:
        return client.upload(file.name, file.content_type, opened.read())


def _record(broadcast: Broadcast, key: str, provider_id: str) -> None:
    """Write the id down beside those that are there, whoever wrote them. Raises batches.LeaseLost.

    An upload that took longer than the lease counts too, or a slow line would never get a file through; one to an
    account that the channel no longer has does not.
    """
    with transaction.atomic():
        if not gateway.is_same_account(broadcast.sender):  # before the broadcast is locked, as a change of account does
            raise batches.LeaseLost
        row = _waiting(broadcast)
        known = row.select_for_update().values_list("media", flat=True).first()
        if known is None:
            raise batches.LeaseLost
        row.update(media=known | {key: provider_id}, state_reason="")
    broadcast.media = known | {key: provider_id}


def _wait(broadcast: Broadcast, why: str, asked_s: float) -> None:
    """Keep the lease until the next try, which is no sooner than the provider asked. Raises batches.LeaseLost."""
    again = "It is tried again every minute."
    if asked_s > AGAIN_S:
        at = (clock.now() + timedelta(seconds=asked_s)).astimezone(ZoneInfo(broadcast.time_zone))
        again = f"It is tried again after {date_format(at, 'DATETIME_FORMAT')} {at.tzname()}, as the provider asks."
    _keep(broadcast, seconds=max(AGAIN_S, asked_s), state_reason=f"{why[: REASON_CHARACTERS - len(again) - 1]} {again}")


def _keep(broadcast: Broadcast, *, seconds: float, **fields: str) -> None:
    """Keep the lease for so long from now. Raises batches.LeaseLost."""
    until = clock.now() + timedelta(seconds=seconds)
    if _ours(broadcast).update(prepare_until=until, **fields) != 1:
        raise batches.LeaseLost


def _failed(broadcast: Broadcast, file: MediaFile | None, sentence: str) -> batches.LeaseLost:
    """Fail the broadcast, since no later try can be better; what ends this worker's part of it."""
    what = f"the file {file}" if file else "a file"
    remedy = "Take the broadcast back to draft, choose another file or mend the channel, and schedule it again."
    reason = f"{broadcast.sender} cannot be given {what}: {sentence} {remedy}"
    with contextlib.suppress(states.MoveRefused), transaction.atomic():
        if _ours(broadcast).update(prepare_until=None) == 1:
            ended = {"state_reason": reason[:REASON_CHARACTERS], "finished_at": timezone.now()}
            states.move(broadcast, Broadcast.State.FAILED, only_from={Broadcast.State.PREPARING}, **ended)
    return batches.LeaseLost()


def _ours(broadcast: Broadcast) -> QuerySet[Broadcast]:
    """The broadcast, as long as this worker prepares it."""
    return _waiting(broadcast).filter(prepare_worker=broadcast.prepare_worker)


def _waiting(broadcast: Broadcast) -> QuerySet[Broadcast]:
    """The broadcast, as long as anybody prepares it for this channel: it may have been called back meanwhile."""
    preparing = Broadcast.objects.filter(pk=broadcast.pk, state=Broadcast.State.PREPARING, prepared_at=None)
    return preparing.filter(channel=broadcast.channel)
