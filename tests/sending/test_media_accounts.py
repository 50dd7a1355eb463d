"""Files of the account that a channel had before are of no use at the one that it has now, so they are given anew."""

import pytest

from broadcaster import accounts
from broadcaster.models import Broadcast, Channel, MediaFile
from broadcaster.sending import recovery, schedule
from tests.files import stored
from tests.sending.broadcasts import reload, states_of
from tests.sending.libraries import Library, expand, with_attachments

pytestmark = pytest.mark.django_db


def enter_another() -> None:
    """What saving another account on the channel's page does."""
    channel = Channel.objects.get(kind="rapidpro")
    channel.secrets = {"api_token": "another"}
    channel.save()
    accounts.forget(channel)


def test_a_prepared_broadcast_is_prepared_anew_with_files_of_the_new_account(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments(file)
    assert expand(broadcast)
    enter_another()
    assert recovery.stalled_preparations() == [broadcast.pk]
    assert expand(broadcast)
    assert reload(broadcast).media == {str(file.uuid): "id-2"}
    assert states_of(broadcast) == {"pending": 2}
    assert reload(broadcast).prepared_at is not None


def test_a_broadcast_that_was_paused_before_it_began_too(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments(file)
    assert expand(broadcast)
    schedule.pause(reload(broadcast))
    enter_another()
    schedule.resume(reload(broadcast))
    assert expand(broadcast)
    assert reload(broadcast).media == {str(file.uuid): "id-2"}


@pytest.mark.parametrize("which", [1, 2])
def test_an_upload_to_the_former_account_is_not_written_down(which: int, library: Library, file: MediaFile) -> None:
    other = stored("other.png")
    broadcast = with_attachments(file, other)
    library.before = lambda: enter_another() if len(library.given) == which - 1 else None
    assert not expand(broadcast)
    assert (reload(broadcast).media, recovery.stalled_preparations()) == ({}, [broadcast.pk])
    library.before = lambda: None
    assert expand(broadcast)
    assert reload(broadcast).media == {str(file.uuid): f"id-{which + 1}", str(other.uuid): f"id-{which + 2}"}


def test_a_broadcast_that_has_begun_keeps_its_ids(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments(file)
    assert expand(broadcast)
    Broadcast.objects.update(state="sending", started_at=reload(broadcast).prepared_at)
    enter_another()
    assert reload(broadcast).media == {str(file.uuid): "id-1"}
    assert reload(broadcast).prepared_at is not None


def test_a_broadcast_without_files_stays_prepared(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments()
    assert expand(broadcast)
    enter_another()
    assert reload(broadcast).prepared_at is not None


def test_a_broadcast_on_another_channel_stays_prepared(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments(file)
    assert expand(broadcast)
    accounts.forget(Channel.objects.create(name="Other", kind="rapidpro"))
    assert reload(broadcast).media == {str(file.uuid): "id-1"}
