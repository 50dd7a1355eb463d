"""Files are given to the provider once for each broadcast, before anything goes, and nothing is lost where it fails."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

import providers
from broadcaster.models import Broadcast, Channel, MediaFile, Message
from broadcaster.sending import expansion, recovery, schedule
from broadcaster.sending.window import Builder, rows_of
from providers import errors
from tests.files import PDF, PNG, stored
from tests.sending.broadcasts import reload, states_of
from tests.sending.libraries import TEXT, Library, expand, lines, with_attachments

pytestmark = pytest.mark.django_db


def attachments_of(broadcast: Broadcast) -> set[tuple[str, ...]]:
    """The attachments of what would go out."""
    broadcast = reload(broadcast)
    batch = broadcast.batches.get()
    window = Builder(broadcast, broadcast.sender, batch.pk).build(rows_of(batch))
    return {message.content.base.attachments for message in window.out if isinstance(message.content, providers.Text)}


def wait_over(broadcast: Broadcast) -> None:
    """What a minute would do: the lease of the last try is over, and the tick finds the broadcast."""
    assert recovery.stalled_preparations() == []
    Broadcast.objects.update(prepare_until=timezone.now() - timedelta(seconds=1))
    assert recovery.stalled_preparations() == [broadcast.pk]


# -- once -----------------------------------------------------------------------------------------------------------


def test_each_file_is_given_once_and_its_id_is_what_goes_out(library: Library, file: MediaFile) -> None:
    other = stored("report.pdf", PDF)
    broadcast = with_attachments(file, other)
    assert expand(broadcast)
    assert library.given == [("june.png", "image/png", PNG), ("report.pdf", "application/pdf", PDF)]
    assert reload(broadcast).media == {str(file.uuid): "id-1", str(other.uuid): "id-2"}
    assert attachments_of(broadcast) == {("id-1", "id-2")}


def test_a_file_of_two_languages_is_given_once(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments(file)
    content = {**broadcast.content, "translations": dict.fromkeys(("eng", "ind"), TEXT | {"attachments": lines(file)})}
    Broadcast.objects.update(content=content)
    assert expand(broadcast)
    assert len(library.given) == 1


def test_no_transaction_is_open_during_an_upload(library: Library, file: MediaFile) -> None:
    depth = len(connection.savepoint_ids)
    library.before = lambda: seen.append(len(connection.savepoint_ids))
    seen: list[int] = []
    assert expand(with_attachments(file))
    assert seen == [depth]


def test_nothing_is_given_where_nothing_refers_to_a_file(library: Library, file: MediaFile) -> None:
    assert expand(with_attachments())
    assert library.given == []


def test_a_turn_ends_between_two_files(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments(file, stored("other.png"))
    assert not expansion.expand(broadcast.pk, worker="first", life_s=0)
    assert len(library.given) == 1
    assert recovery.stalled_preparations() == [broadcast.pk]
    assert expansion.expand(broadcast.pk, worker="second")
    assert len(library.given) == 2


def test_another_time_gives_the_files_anew(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments(file, stored("other.png"))
    library.before = lambda: library.errors.append(errors.MessageRejected("No.")) if library.given else None
    expand(broadcast)
    assert reload(broadcast).media == {str(file.uuid): "id-1"}
    schedule.unschedule(broadcast)
    assert reload(broadcast).media == {}


def test_a_copy_knows_none_of_the_ids(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments(file)
    expand(broadcast)
    assert schedule.copy(reload(broadcast)).media == {}


# -- what goes wrong ------------------------------------------------------------------------------------------------

LATER = {
    "no connection": errors.NotPosted("There is no way there."),
    "throttled": errors.Throttled("Slow down."),
    "the provider's own trouble": errors.TryLater("Come back later."),
    "no answer": errors.AnswerLost("It went silent."),
    "an unreadable answer": errors.AnswerUnreadable("It said nothing."),
}
NEVER = {
    "the file is refused": errors.MessageRejected("Unsupported file type."),
    "the key is refused": errors.ChannelRejected("The token is wrong."),
}


@pytest.mark.parametrize("error", LATER.values(), ids=LATER)
def test_what_time_may_mend_is_tried_again_by_a_later_tick(
    error: errors.ProviderError, library: Library, file: MediaFile
) -> None:
    broadcast = with_attachments(file)
    library.errors = [error]
    assert not expand(broadcast)
    waiting = reload(broadcast)
    assert (waiting.state, waiting.media, Message.objects.count()) == ("preparing", {}, 0)
    assert waiting.state_reason.endswith(f"june.png: {error.sentence} It is tried again every minute.")
    wait_over(broadcast)
    assert expand(broadcast)
    assert (reload(broadcast).state_reason, states_of(broadcast)) == ("", {"pending": 2})


def test_a_file_that_was_given_is_not_given_again_after_a_failure(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments(file, stored("other.png"))
    library.before = lambda: library.errors.append(errors.TryLater("Later.")) if len(library.given) == 1 else None
    assert not expand(broadcast)
    library.before = lambda: None
    wait_over(broadcast)
    assert expand(broadcast)
    assert [name for name, _, _ in library.given] == ["june.png", "other.png"]


@pytest.mark.parametrize("error", NEVER.values(), ids=NEVER)
def test_what_no_time_mends_fails_the_broadcast_with_a_reason(
    error: errors.ProviderError, library: Library, file: MediaFile
) -> None:
    broadcast = with_attachments(file)
    library.errors = [error]
    assert not expand(broadcast)
    failed = reload(broadcast)
    assert (failed.state, Message.objects.count()) == ("failed", 0)
    assert f"cannot be given the file june.png: {error.sentence} Take the broadcast back" in failed.state_reason
    assert recovery.stalled_preparations() == []
    schedule.unschedule(failed)


@pytest.mark.parametrize("is_deleted", [True, False])
def test_a_file_that_is_gone_fails_the_broadcast(is_deleted: bool, library: Library, file: MediaFile) -> None:  # noqa: FBT001
    broadcast = with_attachments(file)
    file.file.delete(save=False)
    if is_deleted:
        file.delete()
    assert not expand(broadcast)
    assert "gone from the server's disk" in reload(broadcast).state_reason
    assert library.given == []


def test_a_channel_that_cannot_be_used_fails_the_broadcast(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments(file)
    Channel.objects.update(secrets={})
    assert not expand(broadcast)
    assert "API token" in reload(broadcast).state_reason


def test_a_broadcast_that_was_cancelled_meanwhile_is_left_alone(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments(file)
    library.before = lambda: schedule.cancel(reload(broadcast))
    assert not expand(broadcast)
    assert (reload(broadcast).state, reload(broadcast).media) == ("cancelled", {})


def test_a_late_failure_does_not_fail_what_a_person_paused(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments(file)
    library.before = lambda: schedule.pause(reload(broadcast))
    library.errors = [errors.MessageRejected("No.")]
    assert not expand(broadcast)
    assert reload(broadcast).state == "paused"


def test_two_workers_lose_none_of_their_ids(library: Library, file: MediaFile) -> None:
    other = stored("other.png")
    broadcast = with_attachments(file, other)
    library.before = lambda: Broadcast.objects.update(media={str(other.uuid): "theirs"})
    assert expand(broadcast)
    assert reload(broadcast).media == {str(file.uuid): "id-1", str(other.uuid): "theirs"}


def test_an_upload_that_outlasts_its_lease_is_not_made_again(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments(file)
    library.before = lambda: Broadcast.objects.update(prepare_worker="other", prepare_until=None)
    assert not expand(broadcast)
    assert reload(broadcast).media == {str(file.uuid): "id-1"}
    assert recovery.stalled_preparations() == [broadcast.pk]
    assert expand(broadcast)
    assert len(library.given) == 1


def test_a_pause_takes_the_reason_for_waiting_away(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments(file)
    library.errors = [errors.TryLater("Later.")]
    expand(broadcast)
    schedule.pause(reload(broadcast))
    schedule.resume(reload(broadcast))
    assert (reload(broadcast).state, reload(broadcast).goes_on_refused) == ("preparing", False)


def test_a_message_whose_file_has_no_id_is_not_sent(library: Library, file: MediaFile) -> None:
    broadcast = with_attachments(file)
    assert expand(broadcast)
    Broadcast.objects.update(media={})
    assert attachments_of(broadcast) == set()
