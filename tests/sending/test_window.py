"""One window: whether it may still go, who is dropped from it, and what the others get."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from broadcaster.audience import consent
from broadcaster.models import Batch, Broadcast, Channel, Message
from broadcaster.sending import batches, schedule, window
from tests.audiences import phone
from tests.sending.broadcasts import claimed, prepared, reload, rows, send_all, states_of

pytestmark = pytest.mark.django_db

STOPS: dict[str, Callable[[Broadcast], object]] = {
    "paused": schedule.pause,
    "cancelled": schedule.cancel,
    "disabled": lambda _: Channel.objects.update(enabled=False),
    "held": lambda _: Channel.objects.update(hold_reason="No credit."),
}


def builder(broadcast: Broadcast) -> window.Builder:
    broadcast = reload(broadcast)
    return window.Builder(broadcast, broadcast.sender)


def test_a_window_of_a_broadcast_that_sends_is_wanted() -> None:
    prepared()
    assert window.still_wanted(claimed())


def test_a_hold_that_ran_out_keeps_nothing_back() -> None:
    prepared()
    Channel.objects.update(hold_reason="No credit.", hold_until=timezone.now() - timedelta(seconds=1))
    assert window.still_wanted(claimed())


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_a_window_is_not_wanted_any_more(stop: Callable[[Broadcast], object]) -> None:
    broadcast = prepared()
    batch = claimed()
    stop(broadcast)
    assert not window.still_wanted(batch)


def test_everyone_is_admitted() -> None:
    broadcast = prepared()
    assert builder(broadcast).admit(rows(broadcast), claimed()) == rows(broadcast)


def test_somebody_who_opted_out_after_expansion_is_skipped() -> None:
    broadcast = prepared(3)
    consent.suppress([phone(101)], channel=broadcast.sender, reason="STOP", source="inbound")
    admitted = builder(broadcast).admit(rows(broadcast), claimed())
    assert [message.address for message in admitted] == [phone(100), phone(102)]
    assert states_of(broadcast) == {"skipped": 1, "pending": 2}
    assert Message.objects.get(state="skipped").error_code == "opted_out"


def test_nobody_is_admitted_after_the_expiry() -> None:
    broadcast = prepared(3)
    Broadcast.objects.update(send_at=timezone.now() - timedelta(hours=2), expires_at=timezone.now())
    assert builder(broadcast).admit(rows(broadcast), claimed()) == []
    assert states_of(broadcast) == {"expired": 3}


def test_a_worker_that_lost_its_lease_drops_nobody() -> None:
    broadcast = prepared(3)
    batch = claimed()
    Batch.objects.update(lease_worker="thief")
    consent.suppress([phone(101)], channel=None, reason="STOP", source="inbound")
    with pytest.raises(batches.LeaseLost):
        builder(broadcast).admit(rows(broadcast), batch)
    assert states_of(broadcast) == {"pending": 3}


def test_a_message_says_who_what_and_whose() -> None:
    broadcast = prepared([100], priority=3)
    row = rows(broadcast)[0]
    outbound = builder(broadcast).outbound(row)
    assert (outbound.recipient.phone, outbound.recipient.name) == (phone(100), "Person 100")
    assert outbound.content.kind == "template"
    assert outbound.reference == f"{broadcast.uuid.hex[:16]}-{row.pk}"
    assert outbound.priority == 3
    assert broadcast.sender.receipts_token in outbound.notify_url


def test_an_identifier_is_no_phone() -> None:
    broadcast = prepared([100])
    Message.objects.update(address="fb-1", contact=None)
    recipient = builder(broadcast).outbound(rows(broadcast)[0]).recipient
    assert (recipient.phone, recipient.identifier, recipient.name) == ("", "fb-1", "")


def test_a_message_goes_out_as_it_was_frozen() -> None:
    broadcast = prepared([100])
    before = builder(broadcast).outbound(rows(broadcast)[0]).content
    assert broadcast.template
    broadcast.template.translations.update(content={"name": "changed"})
    assert builder(broadcast).outbound(rows(broadcast)[0]).content == before


def test_content_that_cannot_be_written_fails_its_messages_and_lets_the_broadcast_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broadcast = prepared()
    Broadcast.objects.update(content={"kind": "text", "base_language": "eng", "translations": {}})
    send_all(broadcast)
    assert states_of(broadcast) == {"failed": 3}
    assert (reload(broadcast).state, Message.objects.first().error_code) == ("completed", "not_writable")  # type: ignore[union-attr]
    assert "cannot be written" in caplog.text
