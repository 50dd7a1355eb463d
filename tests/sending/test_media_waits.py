"""A provider that cannot take a file now is asked again, at the time that it names and that the page says."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from broadcaster.models import Broadcast, Channel, MediaFile
from broadcaster.sending import recovery, schedule
from providers import errors
from tests.files import stored
from tests.sending.broadcasts import reload
from tests.sending.libraries import Library, expand, with_attachments

pytestmark = pytest.mark.django_db
BUSY = errors.Throttled("Slow down.", retry_after_s=3_600)
NOON = datetime(2030, 6, 1, 12, tzinfo=UTC)


def throttled(library: Library, file: MediaFile) -> Broadcast:
    """A broadcast whose provider asked at noon to be left alone for an hour."""
    broadcast = with_attachments(file)
    Broadcast.objects.update(time_zone="Asia/Jakarta", send_at=NOON + timedelta(minutes=30))
    library.errors = [BUSY]
    assert not expand(broadcast)
    return reload(broadcast)


def test_a_provider_that_asks_for_time_is_given_it_and_the_time_is_said(library: Library, file: MediaFile) -> None:
    with time_machine.travel(NOON, tick=False) as host:
        broadcast = throttled(library, file)
        said = "Slow down. It is tried again after 1 Jun 2030, 20:00 WIB, as the provider asks."
        assert broadcast.state_reason.endswith(said)
        host.shift(timedelta(minutes=59))
        assert recovery.stalled_preparations() == []
        assert not expand(broadcast)
        host.shift(timedelta(minutes=2))
        assert recovery.stalled_preparations() == [broadcast.pk]
        assert expand(broadcast)


def test_a_person_who_resumes_need_not_wait_for_that_time(library: Library, file: MediaFile) -> None:
    with time_machine.travel(NOON, tick=False):
        broadcast = throttled(library, file)
        schedule.pause(broadcast)
        assert recovery.stalled_preparations() == []
        schedule.resume(broadcast)
        assert recovery.stalled_preparations() == [broadcast.pk]
        assert expand(broadcast)


def test_whoever_prepared_it_before_a_pause_writes_nothing_after_it(library: Library, file: MediaFile) -> None:
    def pause_and_resume() -> None:
        schedule.pause(reload(broadcast))
        schedule.resume(reload(broadcast))

    broadcast = with_attachments(file, stored("other.png"))
    library.before = pause_and_resume
    assert not expand(broadcast)
    assert (len(library.given), recovery.stalled_preparations()) == (1, [broadcast.pk])


@pytest.mark.parametrize("retry_after_s", [None, 3_600])
def test_a_long_sentence_does_not_cut_off_when_it_is_tried_again(
    retry_after_s: int | None, library: Library, file: MediaFile
) -> None:
    broadcast = with_attachments(file)
    Channel.objects.update(name="c" * 100)
    MediaFile.objects.update(name="f" * 128)
    library.errors = [errors.TryLater("Later. " * 200, retry_after_s=retry_after_s)]
    expand(broadcast)
    reason = reload(broadcast).state_reason
    assert "It is tried again" in reason
    assert reason.endswith(".")
    assert len(reason) == 500
