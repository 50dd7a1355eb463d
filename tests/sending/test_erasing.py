"""Somebody is erased: what is known of them goes, that nobody writes to them stays, and so does every total."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from broadcaster.audience import consent, erasure
from broadcaster.models import (
    AudienceRow,
    AudienceUpload,
    Broadcast,
    Contact,
    Erasure,
    Group,
    Membership,
    Message,
    ProviderCall,
    RejectedRow,
    Revival,
    Suppression,
)
from broadcaster.sending import erasing
from broadcaster.sending.erasing import NotNow
from tests.audiences import phone
from tests.content.conftest import make_channel, make_upload
from tests.sending.broadcasts import accept, claimed, prepared, rows, send_all, states_of

pytestmark = pytest.mark.django_db
ANN, OLD = "+628121111111", "+628129999999"


@pytest.fixture
def author() -> User:
    return User.objects.create_user("Rini")


@pytest.fixture
def ann() -> Contact:
    return Contact.objects.create(name="Ann Lee", phone=ANN, identifier="C-1", fields={"city": "Bogor"})


def erase(contact: Contact, author: User | None = None) -> None:
    erasing.erase(contact, author=author, reason="Asked by letter")


def everything() -> str:
    """All that the tables hold which speak of people."""
    kinds: list[Any] = [Contact, Message, Suppression, Revival, RejectedRow, AudienceRow, ProviderCall, Erasure]
    return repr([list(kind.objects.values()) for kind in [*kinds, LogEntry]])


def test_nothing_tells_of_the_person_any_more(ann: Contact, author: User) -> None:
    prepared(1).groups.first()
    upload = make_upload(ann)
    RejectedRow.objects.create(
        upload=upload, number=9, code="duplicate", reason="Twice", values=["0812-1111111", "Ann Lee"]
    )
    consent.suppress([ANN], channel=None, reason="STOP", source="reply")
    LogEntry.objects.log_actions(author.pk, [ann], CHANGE, "Changed Name.", single_object=True)
    erase(ann, author)
    left = everything()
    assert not [word for word in ("Ann", "Bogor", "C-1", "1111111") if word in left]


def test_the_hash_keeps_the_consent(ann: Contact) -> None:
    erase(ann)
    assert erasure.erased([ANN, "C-1", OLD]) == {ANN, "C-1"}
    assert consent.suppressed([ANN, "C-1", OLD], make_channel()) == {ANN, "C-1"}


def test_who_erased_and_why_is_on_record(ann: Contact, author: User) -> None:
    erase(ann, author)
    assert set(Erasure.objects.values_list("author", "reason")) == {(author.pk, "Asked by letter")}
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.change_message) == ("erased", "Erased on request.")


def test_memberships_choices_and_what_files_said_go(ann: Contact) -> None:
    group = Group.objects.create(name="G")
    Membership.objects.create(group=group, contact=ann)
    draft = Broadcast.objects.create(name="June")
    draft.contacts.add(ann)
    upload = make_upload(ann)
    erase(ann)
    assert not Membership.objects.exists()
    assert not draft.contacts.exists()
    assert not AudienceRow.objects.exists()
    assert AudienceUpload.objects.get(pk=upload.pk).new == 1


def test_a_stop_after_the_erasure_stores_nothing(ann: Contact) -> None:
    erase(ann)
    consent.suppress([ANN, OLD], channel=None, reason="STOP", source="reply")
    assert [row.address for row in Suppression.objects.all()] == [OLD]


def test_an_opt_out_of_an_earlier_address_is_kept_as_a_hash() -> None:
    broadcast = prepared(1)
    [message] = rows(broadcast)
    assert message.contact
    consent.suppress([message.address], channel=None, reason="STOP", source="reply")
    Contact.objects.update(phone=ANN)
    erase(message.contact)
    assert erasure.erased([ANN, message.address]) == {ANN, message.address}
    assert not Suppression.objects.exists()


def test_an_earlier_address_that_is_anothers_by_now_is_left_alone() -> None:
    [message] = rows(prepared(1))
    assert message.contact
    Contact.objects.update(phone=ANN)
    Contact.objects.create(phone=message.address)
    erase(message.contact)
    assert erasure.erased([message.address]) == set()


def test_nobody_is_erased_while_a_file_with_them_is_imported(ann: Contact) -> None:
    make_upload(ann, state="importing")
    with pytest.raises(NotNow, match="being imported"):
        erase(ann)
    assert Contact.objects.get().name == "Ann Lee"


def test_erasing_twice_is_refused(ann: Contact) -> None:
    again = Contact.objects.get()
    erase(ann)
    with pytest.raises(Contact.DoesNotExist):
        erase(again)


class TestFiles:
    """What the stored files and their refused rows hold."""

    def test_the_stored_file_is_deleted_once_it_is_certain(
        self, ann: Contact, django_capture_on_commit_callbacks: Callable[..., Any]
    ) -> None:
        upload = make_upload(ann)
        upload.file.save("june.csv", ContentFile(b"Phone\n0812"))
        with django_capture_on_commit_callbacks(execute=True):
            erase(ann)
            assert Path(upload.file.path).exists()
        assert not Path(upload.file.path).exists()

    @pytest.mark.parametrize(
        "cell", [ANN, "08121111111", "0812-111.1111", "0062 812 1111111", " (0812) 1111111", "C-1", "628121111111"]
    )
    def test_a_refused_row_that_names_the_person_is_emptied(self, ann: Contact, cell: str) -> None:
        upload = make_upload(ann)
        RejectedRow.objects.create(upload=upload, number=9, code="duplicate", reason="Twice", values=["x", cell])
        erase(ann)
        row = RejectedRow.objects.get()
        assert (row.number, row.values, row.code, row.reason) == (9, [], "duplicate", erasing.SKIPPED)

    @pytest.mark.parametrize("cell", ["08121111112", "1111", "C-11", "", "0812 2222222", "0000000"])
    def test_a_refused_row_of_somebody_else_stays(self, ann: Contact, cell: str) -> None:
        upload = make_upload(ann)
        RejectedRow.objects.create(upload=upload, number=9, code="invalid", reason="No", values=[cell])
        erase(ann)
        assert RejectedRow.objects.get().values == [cell]


class TestMessages:
    """What becomes of the log, and of what is on its way."""

    def test_a_sent_message_keeps_its_state_and_loses_the_person(self) -> None:
        broadcast = prepared(3)
        batch = claimed()
        accept(batch, rows(broadcast))
        first = rows(broadcast)[0]
        Message.objects.filter(pk=first.pk).update(error_text=f"Nobody at {first.address[1:]}", variables={"a": "b"})
        ProviderCall.objects.create(batch=batch, method="POST", url="/", request=first.address, duration_ms=1)
        assert first.contact
        erase(first.contact)
        first.refresh_from_db()
        assert (first.state, first.address, first.contact_id, first.variables) == ("accepted", "erased", None, {})
        assert (first.error_text, first.provider_id) == ("", "p")
        assert not ProviderCall.objects.exists()
        assert states_of(broadcast) == {"accepted": 3}

    def test_a_waiting_message_is_skipped(self) -> None:
        broadcast = prepared(3)
        message = rows(broadcast)[1]
        assert message.contact
        erase(message.contact)
        message.refresh_from_db()
        assert (message.state, message.error_code) == ("skipped", "erased")
        assert states_of(broadcast) == {"pending": 2, "skipped": 1}

    def test_one_that_a_worker_has_in_hand_is_left_to_the_worker(self) -> None:
        broadcast = prepared(3)
        batch = claimed()
        message = rows(broadcast)[1]
        assert message.contact
        erase(message.contact)
        assert states_of(broadcast) == {"pending": 3}
        accept(batch, [message])
        assert states_of(broadcast) == {"pending": 2, "accepted": 1}

    def test_one_that_is_tried_again_is_skipped_then(self, simulator: Any) -> None:
        broadcast = prepared(3, url=simulator.url)
        message = rows(broadcast)[1]
        assert message.contact
        batch = claimed()
        erase(message.contact)  # while the batch is leased, so the message still waits
        batch.broadcast.batches.update(state="ready", lease_until=None, lease_worker="")
        send_all(broadcast)
        assert states_of(broadcast) == {"accepted": 2, "skipped": 1}
        assert phone(101) not in simulator.addresses("kaleyra")
