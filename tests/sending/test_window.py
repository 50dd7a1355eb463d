"""One window: whether it may still go, who is dropped from it, and what the others get."""

from datetime import timedelta

import pytest
from django.utils import timezone

from broadcaster.audience import consent
from broadcaster.models import Broadcast, Contact, Message
from broadcaster.sending import batches
from broadcaster.sending.window import Builder, Window, rows_of
from providers import OutboundMessage, SendResult
from tests.audiences import phone
from tests.sending.broadcasts import claimed, prepared, reload, rows, send_all, states_of

pytestmark = pytest.mark.django_db


def builder(broadcast: Broadcast) -> Builder:
    broadcast = reload(broadcast)
    return Builder(broadcast, broadcast.sender, broadcast.batches.get().pk)


def built(broadcast: Broadcast) -> Window:
    return builder(broadcast).build(rows_of(broadcast.batches.get()))


def outbound(broadcast: Broadcast) -> OutboundMessage:
    return built(broadcast).out[0]


def test_everyone_is_admitted() -> None:
    window = built(prepared())
    assert ([row.seq for row in window.rows], len(window.out), window.dropped, window.through) == ([1, 2, 3], 3, [], 3)


def test_somebody_who_opted_out_after_expansion_is_dropped() -> None:
    broadcast = prepared(3)
    consent.suppress([phone(101)], channel=broadcast.sender, reason="STOP", source="inbound")
    window = built(broadcast)
    assert [row.address for row in window.rows] == [phone(100), phone(102)]
    assert [(change.new, change.error_code) for change in window.dropped] == [("skipped", "opted_out")]


@pytest.mark.parametrize("given", [{"identifier": "C-1"}, {"phone": "+628999999999"}])
def test_somebody_who_opted_out_at_another_address_is_dropped(given: dict[str, str]) -> None:
    broadcast = prepared(2)
    Contact.objects.filter(phone=phone(101)).update(**given)
    consent.suppress(given.values(), channel=None, reason="STOP", source="inbound")
    window = built(broadcast)
    assert [row.address for row in window.rows] == [phone(100)]
    assert [(change.new, change.error_code) for change in window.dropped] == [("skipped", "opted_out")]


def test_an_opt_out_is_kept_where_the_contact_is_gone() -> None:
    broadcast = prepared(2)
    Contact.objects.filter(phone=phone(101)).delete()
    consent.suppress([phone(101)], channel=None, reason="STOP", source="inbound")
    assert [row.address for row in built(broadcast).rows] == [phone(100)]


def test_nobody_is_admitted_after_the_expiry() -> None:
    broadcast = prepared(3)
    Broadcast.objects.update(send_at=timezone.now() - timedelta(hours=1), expires_at=timezone.now())
    window = built(broadcast)
    assert (window.out, [change.new for change in window.dropped]) == ([], ["expired"] * 3)


def test_what_is_below_the_mark_is_not_looked_at_again() -> None:
    prepared(3)
    batch = claimed()
    batches.hand_over(batch, through=2)
    assert [row.seq for row in rows_of(batch)] == [3]


def test_a_window_is_finished_by_its_last_post() -> None:
    window = built(prepared(3))
    finished: list[bool] = []
    window.finished = lambda: finished.append(True)
    results = [SendResult.accepted(str(number)) for number in range(3)]
    window.take(window.out[1:], results[1:])
    assert not finished
    window.take(window.out[:1], results[:1])
    assert (finished, window.results) == ([True], results)


def test_a_message_says_who_what_and_whose() -> None:
    broadcast = prepared([100], priority=3)
    out = outbound(broadcast)
    assert (out.recipient.phone, out.recipient.name) == (phone(100), "Person 100")
    assert out.content.kind == "template"
    assert out.reference == f"{broadcast.uuid.hex[:16]}-{rows(broadcast)[0].pk}"
    assert out.priority == 3
    assert broadcast.sender.receipts_token in out.notify_url


def test_an_identifier_is_no_phone() -> None:
    broadcast = prepared([100])
    Message.objects.update(address="fb-1", contact=None)
    recipient = outbound(broadcast).recipient
    assert (recipient.phone, recipient.identifier, recipient.name) == ("", "fb-1", "")


def test_a_message_goes_out_as_it_was_frozen() -> None:
    broadcast = prepared([100])
    before = outbound(broadcast).content
    assert broadcast.template
    broadcast.template.translations.update(content={"name": "changed"})
    assert outbound(broadcast).content == before


def test_content_that_cannot_be_written_fails_its_messages_and_lets_the_broadcast_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broadcast = prepared()
    Broadcast.objects.update(content={"kind": "text", "base_language": "eng", "translations": {}})
    send_all(broadcast)
    assert states_of(broadcast) == {"failed": 3}
    assert (reload(broadcast).state, Message.objects.first().error_code) == ("completed", "not_writable")  # type: ignore[union-attr]
    assert "cannot be written" in caplog.text
