"""A provider says of many at once that they opted out: nobody is written to, the channel waits, a person decides."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from broadcaster import gateway
from broadcaster.audience import consent
from broadcaster.models import Broadcast, Channel, Message, OptOutSpike, Revival, Suppression
from broadcaster.receipts import apply, spikes
from broadcaster.sending import outcomes
from providers import DeliveryStatus, ReceiptEvent
from tests.bootstrap.waiting import eventually
from tests.content.conftest import make_channel
from tests.receipts.conftest import on_their_way
from tests.sending.broadcasts import in_threads, with_own_connection

pytestmark = pytest.mark.django_db

KEPT, TAKEN_BACK = OptOutSpike.Decision.KEPT, OptOutSpike.Decision.TAKEN_BACK
MANY, FEW = 10, 4


@pytest.fixture(autouse=True)
def small_numbers(settings: Settings) -> None:
    settings.OPT_OUT_SPIKE, settings.OPT_OUT_SPIKE_PERCENT = MANY, 20


@pytest.fixture
def person() -> User:
    return User.objects.create_user("Rini")


def sent(channel: Channel, number: int, first: int = 0) -> list[Message]:
    """So many messages that are on their way."""
    messages = on_their_way(channel, *(f"+62812{place:07}" for place in range(first, first + number)))
    Broadcast.objects.update(served_at=timezone.now())
    return messages


def tell(channel: Channel, messages: Sequence[Message], status: DeliveryStatus = DeliveryStatus.OPTED_OUT) -> None:
    events = [ReceiptEvent(status, reference=gateway.reference(each.broadcast, each.pk)) for each in messages]
    with transaction.atomic():
        apply.apply_events(channel, events)


def held(channel: Channel) -> bool:
    channel.refresh_from_db()
    return channel.is_held()


def spike_of(channel: Channel, number: int = MANY) -> OptOutSpike:
    tell(channel, sent(channel, number))
    return spikes.waiting().get(channel=channel)


class TestOpening:
    def test_many_at_once_hold_the_channel_and_wait_for_a_person(self, channel: Channel) -> None:
        spike = spike_of(channel)
        assert spike.opt_outs.count() == MANY
        assert held(channel)
        assert channel.hold_until is None
        assert "Decide" in channel.hold_reason

    def test_fewer_are_believed(self, channel: Channel) -> None:
        tell(channel, sent(channel, MANY - 1))
        assert not OptOutSpike.objects.exists()
        assert Suppression.objects.count() == MANY - 1
        assert not held(channel)

    @pytest.mark.parametrize(("others", "opens"), [(4 * MANY, True), (4 * MANY + 1, False)])
    def test_they_must_be_a_large_share_of_what_was_told(self, channel: Channel, others: int, *, opens: bool) -> None:
        messages = sent(channel, MANY + others)
        tell(channel, messages[MANY:], DeliveryStatus.DELIVERED)
        tell(channel, messages[:MANY])
        assert OptOutSpike.objects.exists() == opens

    def test_messages_are_not_counted_at_each_turn(self, channel: Channel) -> None:
        messages = sent(channel, 20 * MANY)
        tell(channel, messages[2 * MANY :], DeliveryStatus.DELIVERED)
        tell(channel, messages[:MANY])
        with CaptureQueriesContext(connection) as queries:
            tell(channel, [])
            spikes.suppress([], channel=channel)
        assert not [query for query in queries if "broadcaster_message" in query["sql"]]
        tell(channel, messages[MANY : 2 * MANY])
        assert not OptOutSpike.objects.exists()

    def test_an_outage_is_seen_soon_after_a_look_that_found_none(self, channel: Channel) -> None:
        messages = sent(channel, 8 * MANY)
        tell(channel, messages[3 * MANY :], DeliveryStatus.DELIVERED)
        tell(channel, messages[:MANY])
        assert not OptOutSpike.objects.exists()
        tell(channel, messages[MANY : 3 * MANY])
        assert OptOutSpike.objects.exists()

    def test_what_was_told_before_the_hour_does_not_count(self, channel: Channel) -> None:
        messages = sent(channel, 10 * MANY)
        Message.objects.update(changed_at=timezone.now() - timedelta(hours=2))
        tell(channel, messages[:MANY])
        assert OptOutSpike.objects.exists()

    def test_those_a_little_before_belong_to_it_and_older_ones_do_not(self, channel: Channel) -> None:
        messages = sent(channel, MANY + FEW)
        tell(channel, messages[:FEW])
        old, *_ = Suppression.objects.all()
        Suppression.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=2))
        tell(channel, messages[FEW:])
        assert spikes.waiting().get().opt_outs.count() == MANY + FEW - 1

    def test_replies_and_other_channels_open_nothing(self, channel: Channel) -> None:
        other = make_channel("kaleyra", "Other")
        with transaction.atomic():
            replies = [ReceiptEvent(None, address=f"+62812{place:07}", inbound="STOP") for place in range(2 * MANY)]
            apply.apply_events(channel, replies)
        tell(channel, sent(channel, MANY - 1, first=100))
        tell(other, sent(other, MANY - 1, first=200))
        assert not OptOutSpike.objects.exists()

    def test_more_of_them_join(self, channel: Channel) -> None:
        spike = spike_of(channel)
        tell(channel, sent(channel, FEW, first=100))
        assert (OptOutSpike.objects.count(), spike.opt_outs.count()) == (1, MANY + FEW)

    def test_nobody_of_them_is_written_to_meanwhile(self, channel: Channel) -> None:
        spike = spike_of(channel)
        addresses = set(spike.opt_outs.values_list("address", flat=True))
        assert consent.suppressed(addresses, channel) == addresses


class TestDeciding:
    def test_those_that_are_real_stay(self, channel: Channel, person: User) -> None:
        assert spikes.decide(spike_of(channel), KEPT, author=person, reason="") == MANY
        assert Suppression.objects.count() == MANY
        assert not Revival.objects.exists()
        assert not held(channel)

    def test_a_mistake_is_taken_back_whole_and_on_record(self, channel: Channel, person: User) -> None:
        spike = spike_of(channel)
        addresses = set(spike.opt_outs.values_list("address", flat=True))
        assert spikes.decide(spike, TAKEN_BACK, author=person, reason="Their outage") == MANY
        assert not Suppression.objects.exists()
        assert set(Revival.objects.values_list("address", flat=True)) == addresses
        told = set(Revival.objects.values_list("channel", "reason", "author", "opted_out_source", "opted_out_reason"))
        assert told == {(channel.pk, "Their outage", person.pk, "receipt", spikes.REASON)}
        assert not held(channel)

    def test_it_is_decided_once(self, channel: Channel, person: User) -> None:
        spike = spike_of(channel)
        assert spikes.decide(spike, KEPT, author=person, reason="") == MANY
        assert spikes.decide(spike, TAKEN_BACK, author=person, reason="Too late") is None
        assert Suppression.objects.count() == MANY

    def test_what_was_decided_is_not_asked_again(self, channel: Channel, person: User) -> None:
        spikes.decide(spike_of(channel), KEPT, author=person, reason="")
        tell(channel, sent(channel, FEW, first=100))
        assert not spikes.waiting().exists()

    def test_a_second_outage_is_asked_about(self, channel: Channel, person: User) -> None:
        spikes.decide(spike_of(channel), KEPT, author=person, reason="")
        tell(channel, sent(channel, MANY, first=100))
        assert spikes.waiting().get().opt_outs.count() == MANY

    def test_opt_outs_from_elsewhere_stay(self, channel: Channel, person: User) -> None:
        consent.suppress(["+628990001"], channel=channel, reason="By letter", source="person")
        spike = spike_of(channel)
        consent.suppress(["+62812" + "0" * 7], channel=None, reason="By letter", source="person")
        spikes.decide(spike, TAKEN_BACK, author=person, reason="Outage")
        assert set(Suppression.objects.values_list("reason", flat=True)) == {"By letter"}
        assert Suppression.objects.count() == 2

    def test_who_said_stop_themselves_meanwhile_stays_out(self, channel: Channel, person: User) -> None:
        spike = spike_of(channel)
        address = Suppression.objects.all()[0].address
        with transaction.atomic():
            apply.apply_events(channel, [ReceiptEvent(None, address=address, inbound="STOP")])
        assert spikes.decide(spike, TAKEN_BACK, author=person, reason="Outage") == MANY - 1
        assert [(row.address, row.source) for row in Suppression.objects.all()] == [(address, "reply")]

    @pytest.mark.parametrize("source", ["reply", "file", "person"])
    def test_who_said_stop_before_it_opened_stays_out(self, channel: Channel, person: User, source: str) -> None:
        messages = sent(channel, MANY)
        tell(channel, messages[:1])
        address = Suppression.objects.get().address
        consent.suppress([address], channel=channel, reason="Their word", source=source)
        tell(channel, messages[1:])
        tell(channel, sent(channel, 1, first=100))
        assert spikes.decide(spikes.waiting().get(), TAKEN_BACK, author=person, reason="Outage") == MANY
        row = Suppression.objects.get()
        assert (row.address, row.source, row.reason) == (address, source, "Their word")

    def test_a_second_report_takes_no_word_away(self, channel: Channel) -> None:
        tell(channel, sent(channel, 1))
        Suppression.objects.update(reason="They replied START.")
        tell(channel, sent(channel, 1))
        assert Suppression.objects.get().reason == "They replied START."

    def test_what_another_worker_wrote_just_before_it_opened_goes_with_it(self, channel: Channel, person: User) -> None:
        spike = spike_of(channel)
        consent.suppress(["+628990001"], channel=channel, reason=spikes.REASON, source=spikes.SOURCE)
        assert spikes.decide(spike, TAKEN_BACK, author=person, reason="Outage") == MANY + 1

    def test_a_hold_for_another_reason_stays(self, channel: Channel, person: User) -> None:
        spike = spike_of(channel)
        outcomes.hold(channel, reason="The balance is used up.", until=None)
        spikes.decide(spike, KEPT, author=person, reason="")
        assert held(channel)


def waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))")
        return cursor.fetchone() is not None


class TestTogether:
    """Several workers and several people at the same time."""

    def test_two_appliers_open_one_spike_with_all_of_them(self, transactional_db: None, channel: Channel) -> None:
        halves = [sent(channel, MANY), sent(channel, MANY, first=100)]
        in_threads(2, lambda: tell(channel, halves.pop()))
        spike = spikes.waiting().get()
        assert spike.opt_outs.count() == Suppression.objects.count() == 2 * MANY

    @pytest.mark.postgres
    def test_who_says_stop_while_it_is_reported_is_confirmed(self, transactional_db: None, channel: Channel) -> None:
        stop = partial(consent.suppress, ["+628990001"], channel=channel, reason="STOP", source="reply")
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                consent.suppress(["+628990001"], channel=channel, reason=spikes.REASON, source=spikes.SOURCE)
                said = pool.submit(with_own_connection, stop)
                assert eventually(lambda: said.done() or waits_for_us())
            said.result(timeout=30)
        assert Suppression.objects.get().source == "reply"

    def test_two_people_take_it_back_once(self, transactional_db: None, channel: Channel, person: User) -> None:
        spike = spike_of(channel)
        decided = in_threads(2, lambda: spikes.decide(spike, TAKEN_BACK, author=person, reason="Outage"))
        assert sorted(decided, key=str) == [MANY, None]
        assert Revival.objects.count() == MANY

    def test_what_comes_while_somebody_decides_is_taken_back_or_waits_anew(
        self, transactional_db: None, channel: Channel, person: User
    ) -> None:
        spike = spike_of(channel)
        late = sent(channel, FEW, first=100)
        turns = iter(("told", "decided"))

        def act() -> None:
            if next(turns) == "told":
                tell(channel, late)
            else:
                spikes.decide(spike, TAKEN_BACK, author=person, reason="Outage")

        in_threads(2, act)
        assert not Suppression.objects.filter(spike=spike).exists()
        assert Revival.objects.count() + Suppression.objects.count() == MANY + FEW
