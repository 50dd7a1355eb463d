"""What the database itself refuses, whoever writes to it; and that it holds no credentials in the clear."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from broadcaster.models import (
    AudienceRow,
    AudienceUpload,
    Batch,
    Broadcast,
    Channel,
    Contact,
    Group,
    Membership,
    Message,
    RejectedRow,
    Suppression,
    Template,
    TemplateTranslation,
)
from tests.content.conftest import make_channel

pytestmark = pytest.mark.django_db
PHONE = "+628121111111"
Make = Callable[..., object]


@pytest.fixture
def channel() -> Channel:
    return make_channel()


@pytest.fixture
def contact() -> Contact:
    return Contact.objects.create(phone=PHONE, identifier="C-1")


@pytest.fixture
def broadcast(channel: Channel) -> Broadcast:
    return Broadcast.objects.create(name="June", channel=channel)


def refused(make: Make, *args: Any, **fields: Any) -> None:
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        make(*args, **fields)


class TestContact:
    @pytest.mark.parametrize(
        "phone",
        ["", "628121111111", "+0628121111", "+1234", "+" + "1" * 16, "+62812 111", "+62812a1111", "+62812111\n"],
    )
    def test_a_phone_is_e164(self, phone: str) -> None:
        refused(Contact.objects.create, phone=phone)

    @pytest.mark.parametrize("phone", ["+12345", "+123456789012345", PHONE])
    def test_every_length_of_e164_is_taken(self, phone: str) -> None:
        assert Contact.objects.create(phone=phone).address == phone

    @pytest.mark.parametrize("fields", [{}, {"identifier": ""}, {"phone": PHONE, "identifier": ""}])
    def test_somebody_can_be_reached(self, fields: dict[str, str]) -> None:
        refused(Contact.objects.create, **fields)

    @pytest.mark.parametrize("fields", [{"phone": PHONE}, {"identifier": "C-1"}])
    def test_phone_and_identifier_belong_to_one_person(self, contact: Contact, fields: dict[str, str]) -> None:
        refused(Contact.objects.create, **fields)

    def test_two_people_may_lack_the_same_thing(self) -> None:
        people = [Contact(phone="", identifier="C-1"), Contact(phone="", identifier="C-2")]
        for person in people:
            person.clean()
            person.save()
        assert [person.phone for person in people] == [None, None]

    def test_a_form_without_either_is_told(self) -> None:
        with pytest.raises(ValidationError, match="Give a phone or an identifier"):
            Contact(phone="", identifier="").clean()

    def test_it_is_called_by_its_name_else_its_address(self, contact: Contact) -> None:
        assert [str(contact), str(Contact(name="Ann", phone=PHONE)), str(Contact(identifier="C-2"))] == [
            PHONE, "Ann", "C-2",
        ]  # fmt: skip


class TestOnlyOnce:
    @pytest.mark.parametrize("name", ["Customers", "customers", "CUSTOMERS"])
    def test_a_group_of_a_name_in_any_case(self, name: str) -> None:
        Group.objects.create(name="Customers")
        refused(Group.objects.create, name=name)

    def test_a_member_of_a_group(self, contact: Contact) -> None:
        group = Group.objects.create(name="Customers")
        Membership.objects.create(group=group, contact=contact)
        refused(Membership.objects.create, group=group, contact=contact)

    def test_an_opt_out_on_a_channel_and_one_everywhere(self, channel: Channel) -> None:
        for where in (None, channel):
            Suppression.objects.create(address=PHONE, channel=where)
            refused(Suppression.objects.create, address=PHONE, channel=where)
        assert Suppression.objects.count() == 2

    def test_a_translation_in_a_language(self) -> None:
        template = Template.objects.create(name="Hello")
        TemplateTranslation.objects.create(template=template, language="eng")
        TemplateTranslation.objects.create(template=template, language="ind")
        refused(TemplateTranslation.objects.create, template=template, language="eng")

    @pytest.mark.parametrize("make", [Template.objects.create, make_channel])
    def test_a_name_of_a_template_or_channel(self, make: Make) -> None:
        make(name="Hello")
        refused(make, name="Hello")

    def test_a_receipts_token(self, channel: Channel) -> None:
        refused(make_channel, name="Other", receipts_token=channel.receipts_token)

    def test_a_message_to_a_contact(self, broadcast: Broadcast, contact: Contact) -> None:
        batch = Batch.objects.create(broadcast=broadcast, number=1, size=2, not_before=timezone.now())
        row = {"broadcast": broadcast, "contact": contact, "batch": batch, "address": PHONE}
        Message.objects.create(**row, seq=1)
        refused(Message.objects.create, **row, seq=2)

    def test_a_batch_of_a_number(self, broadcast: Broadcast) -> None:
        row = {"broadcast": broadcast, "number": 1, "size": 1, "not_before": timezone.now()}
        Batch.objects.create(**row)
        refused(Batch.objects.create, **row)

    def test_a_row_of_a_file(self, contact: Contact) -> None:
        upload = AudienceUpload.objects.create(filename="june.csv")
        AudienceRow.objects.create(upload=upload, contact=contact, number=1)
        refused(AudienceRow.objects.create, upload=upload, contact=contact, number=2)
        RejectedRow.objects.create(upload=upload, number=3)
        refused(RejectedRow.objects.create, upload=upload, number=3)


class TestBroadcast:
    @pytest.mark.parametrize("priority", [0, 4])
    def test_its_priority_is_one_of_three(self, broadcast: Broadcast, priority: int) -> None:
        refused(Broadcast.objects.update, priority=priority)

    @pytest.mark.parametrize("missing", ["channel", "send_at"])
    @pytest.mark.parametrize("state", [state for state in Broadcast.State if state not in ("draft", "cancelled")])
    def test_it_is_more_than_a_draft_with_channel_and_time_only(
        self, broadcast: Broadcast, state: str, missing: str
    ) -> None:
        Broadcast.objects.update(send_at=timezone.now())
        refused(Broadcast.objects.update, **{"state": state, missing: None})
        assert Broadcast.objects.update(state=state) == 1

    def test_it_expires_after_its_start(self, broadcast: Broadcast) -> None:
        now = timezone.now()
        refused(Broadcast.objects.update, send_at=now, expires_at=now)

    def test_a_draft_has_neither_sender_nor_start(self) -> None:
        draft = Broadcast(name="June")
        with pytest.raises(ValueError, match="no channel yet"):
            _ = draft.sender
        with pytest.raises(ValueError, match="no time yet"):
            _ = draft.start

    def test_a_batch_marks_no_more_than_it_has(self, broadcast: Broadcast) -> None:
        row = {"broadcast": broadcast, "size": 5, "not_before": timezone.now()}
        refused(Batch.objects.create, **row, number=1, handed_through=6)
        assert Batch.objects.create(**row, number=1, handed_through=5).pk

    def test_a_lease_has_an_end(self, broadcast: Broadcast) -> None:
        row = {"broadcast": broadcast, "number": 1, "size": 5, "not_before": timezone.now(), "state": "leased"}
        refused(Batch.objects.create, **row)

    def test_no_count_falls_below_nothing(self, broadcast: Broadcast) -> None:
        refused(Batch.objects.create, broadcast=broadcast, number=1, size=5, not_before=timezone.now(), pending=-1)


@pytest.mark.parametrize("name", AudienceUpload.COUNTS)
def test_the_counts_of_a_file_add_up_to_its_rows(name: str) -> None:
    assert AudienceUpload.objects.create(filename="june.csv", rows=2, **{name: 2}).pk
    refused(AudienceUpload.objects.create, filename="june.csv", rows=2, **{name: 1})


class TestChannel:
    @pytest.mark.parametrize("field", ["rate_per_second", "concurrency"])
    def test_it_sends_at_all(self, channel: Channel, field: str) -> None:
        refused(Channel.objects.update, **{field: 0})

    def test_it_outlives_no_broadcast(self, channel: Channel, broadcast: Broadcast) -> None:
        with pytest.raises(IntegrityError):
            channel.delete()

    def test_a_hold_ends_by_itself_or_by_a_person(self, channel: Channel) -> None:
        now = timezone.now()
        assert not channel.is_held()
        channel.hold_reason = "No balance"
        assert channel.is_held(now)
        channel.hold_until = now
        assert not channel.is_held(now)


class TestSecrets:
    SECRET = {"api_key": "s3cret-of-the-channel"}

    def stored(self) -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT secrets FROM broadcaster_channel")
            value: str = cursor.fetchone()[0]
        return value

    def test_they_are_encrypted_in_the_database(self) -> None:
        make_channel(secrets=self.SECRET)
        assert "s3cret" not in self.stored()
        assert Channel.objects.get().secrets == self.SECRET

    def test_the_same_secrets_are_stored_differently_each_time(self) -> None:
        channel = make_channel(secrets=self.SECRET)
        before = self.stored()
        channel.save()
        assert self.stored() != before

    def test_keys_are_rotated_by_putting_a_new_one_in_front(self, settings: LazySettings) -> None:
        make_channel(secrets=self.SECRET)
        old, new = settings.CHANNEL_KEYS, Fernet.generate_key().decode()
        settings.CHANNEL_KEYS = [new, *old]
        channel = Channel.objects.get()
        assert channel.secrets == self.SECRET
        channel.save()
        settings.CHANNEL_KEYS = [new]
        assert Channel.objects.get().secrets == self.SECRET

    def test_a_lost_key_keeps_nobody_from_the_row_and_may_come_back(self, settings: LazySettings) -> None:
        make_channel(secrets=self.SECRET)
        kept = settings.CHANNEL_KEYS
        settings.CHANNEL_KEYS = [Fernet.generate_key().decode()]
        channel = Channel.objects.get()
        assert channel.secrets == {}
        channel.name = "Renamed"
        channel.save()
        settings.CHANNEL_KEYS = kept
        assert Channel.objects.get().secrets == self.SECRET
