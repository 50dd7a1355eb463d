"""The message log: what it shows of each recipient, how a phone is found, what is exported, what nobody may do."""

import csv
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from broadcaster.models import Batch, Broadcast, Channel, Contact, Message, ProviderCall
from tests.admin.people import logged_in, text_of
from tests.admin.reading import visible

LOG = reverse("admin:broadcaster_message_changelist")
EXPORT = reverse("admin:broadcaster_message_export")
AT = datetime(2030, 1, 1, 2, tzinfo=UTC)
State = Message.State


@pytest.fixture
def viewer(db: None) -> Client:
    return logged_in("view_message", "view_broadcast")


@pytest.fixture
def batch(db: None) -> Batch:
    return make_batch("June")


def make_batch(name: str, kind: str = "kaleyra") -> Batch:
    channel = Channel.objects.create(name=f"{name}'s channel", kind=kind)
    broadcast = Broadcast.objects.create(
        name=name, channel=channel, send_at=AT, time_zone="Asia/Jakarta", state=Broadcast.State.SENDING
    )
    return Batch.objects.create(broadcast=broadcast, number=1, size=1000, not_before=AT)


def make_message(batch: Batch, address: str = "+628111111111", **fields: Any) -> Message:
    seq = batch.messages.count() + 1
    return Message.objects.create(broadcast=batch.broadcast, batch=batch, seq=seq, address=address, **fields)


def found(client: Client, query: str) -> set[str]:
    return {message.address for message in client.get(f"{LOG}?{query}").context["cl"].result_list}


def test_a_line_says_everything_about_a_message(viewer: Client, batch: Batch) -> None:
    contact = Contact.objects.create(name="Ann Lee", phone="+628111111111")
    arrived = AT.replace(hour=3)
    make_message(
        batch, contact=contact, state=State.DELIVERED, provider_id="wamid.7", accepted_at=AT, delivered_at=arrived
    )
    shown = visible(text_of(viewer.get(LOG)))
    for expected in ("+628111111111", "Ann Lee", "June", "Delivered", "wamid.7", "1 Jan 2030, 09:00 WIB", "10:00 WIB"):
        assert expected in shown


def test_a_failure_shows_its_reason_in_words_and_else_its_code(viewer: Client, batch: Batch) -> None:
    make_message(batch, state=State.FAILED, error_code="131026", error_text="The number is not on WhatsApp.")
    make_message(batch, "+628222222222", state=State.FAILED, error_code="470")
    shown = visible(text_of(viewer.get(LOG)))
    assert "The number is not on WhatsApp." in shown
    assert "131026" not in shown
    assert "470" in shown


def test_the_page_costs_the_same_for_one_message_and_for_many(viewer: Client, batch: Batch) -> None:
    costs = []
    for number in range(1, 12):
        make_message(batch, f"+62811111{number}", contact=Contact.objects.create(identifier=str(number)))
        with CaptureQueriesContext(connection) as queries:
            viewer.get(LOG)
        costs.append(len(queries))
    assert costs[0] == costs[-1]


@pytest.mark.parametrize(
    "typed",
    [
        "+628123456789", "628123456789", "00628123456789", "%2B62 812-3456-789", "(62) 812 3456 789", "+62812345",
        "62812345", " 628123456789 ",
    ],
)  # fmt: skip
def test_a_phone_is_found_however_it_is_typed(viewer: Client, batch: Batch, typed: str) -> None:
    make_message(batch, "+628123456789")
    make_message(batch, "+628123466789")
    make_message(batch, "+6281234")
    assert found(viewer, f"q={typed.replace('+', '%2B')}") == {"+628123456789"}


@pytest.mark.parametrize(
    ("typed", "addresses"),
    [
        ("customer-7", {"customer-7"}),
        ("customer", set()),
        ("12345", {"12345"}),
        ("%2B12345", {"+12345"}),
        ("1 234", set()),
        ("%25", set()),
        ("0812", set()),
        ("", {"customer-7", "12345", "+12345", "+123456789"}),
    ],
)
def test_an_identifier_and_a_short_number_are_found_as_a_whole(
    viewer: Client, batch: Batch, typed: str, addresses: set[str]
) -> None:
    for address in ("customer-7", "12345", "+12345", "+123456789"):
        make_message(batch, address)
    assert found(viewer, f"q={typed}") == addresses


def test_the_search_for_a_phone_reads_a_part_of_the_index_in_its_order(viewer: Client, batch: Batch) -> None:
    with CaptureQueriesContext(connection) as queries:
        viewer.get(f"{LOG}?q=6281234567")
    count, page = (query["sql"] for query in queries if "LIKE" in query["sql"])
    for part in ("\"address\" >= '+6281234567'", "\"address\" <= '+628123456799999'"):
        assert part in count
        assert part in page
    assert 'ORDER BY "broadcaster_message"."address" ASC' in page


def test_the_log_is_filtered_by_broadcast_state_and_channel(viewer: Client, batch: Batch) -> None:
    make_message(batch, "+6281", state=State.FAILED)
    make_message(batch, "+6282", state=State.READ)
    other = make_batch("July", kind="rapidpro")
    make_message(other, "+6283", state=State.FAILED)
    june = f"broadcast__id__exact={batch.broadcast_id}"
    assert found(viewer, june) == {"+6281", "+6282"}
    assert found(viewer, f"{june}&state__exact=failed") == {"+6281"}
    assert found(viewer, f"broadcast__channel__id__exact={other.broadcast.channel_id}") == {"+6283"}


def test_the_beginning_of_a_phone_finds_the_last_number_too(viewer: Client, batch: Batch) -> None:
    for address in ("+628123459999999", "+628123460000000", "+62812345", "+628123450000"):
        make_message(batch, address)
    assert found(viewer, "q=%2B6281234599") == {"+628123459999999"}


@pytest.mark.parametrize("query", ["", "state__exact=failed", "broadcast__channel__id__exact={channel}"])
def test_the_log_begins_with_the_newest_broadcast_in_the_order_of_an_index(
    viewer: Client, batch: Batch, query: str
) -> None:
    people = [Contact.objects.create(phone=f"+628111111{number}") for number in range(3)]
    newer = make_batch("July")
    newer.broadcast.channel = batch.broadcast.channel
    newer.broadcast.save()
    for contact in people:  # the older broadcast gets its rows later, as one that was prepared again
        make_message(newer, f"July {contact.pk}", contact=contact, state=State.FAILED)
    for contact in people:
        make_message(batch, f"June {contact.pk}", contact=contact, state=State.FAILED)
    page = viewer.get(f"{LOG}?{query.format(channel=batch.broadcast.channel_id)}").context["cl"].result_list
    expected = [f"{month} {contact.pk}" for month in ("July", "June") for contact in reversed(people)]
    assert [message.address for message in page] == expected
    assert 'ORDER BY "broadcaster_message"."broadcast_id" DESC, "broadcaster_message"."contact_id" DESC' in str(
        page.query
    )


def test_a_channel_whose_broadcasts_have_no_messages_yet_has_an_empty_log(viewer: Client, batch: Batch) -> None:
    make_message(batch)
    idle = Channel.objects.create(name="Idle", kind="kaleyra")
    Broadcast.objects.create(name="Draft", channel=idle)
    assert found(viewer, f"broadcast__channel__id__exact={idle.pk}") == set()
    Broadcast.objects.create(name="Draft", channel=batch.broadcast.channel)
    assert found(viewer, f"broadcast__channel__id__exact={batch.broadcast.channel_id}") == {"+628111111111"}


def test_nobody_writes_in_the_log(admin_client: Client, batch: Batch) -> None:
    message = make_message(batch)
    page = reverse("admin:broadcaster_message_change", args=[message.pk])
    assert admin_client.get(reverse("admin:broadcaster_message_add")).status_code == 403
    assert admin_client.post(page, {"state": "read"}).status_code == 403
    assert admin_client.post(reverse("admin:broadcaster_message_delete", args=[message.pk])).status_code == 403
    assert "_save" not in text_of(admin_client.get(page))


def test_the_log_is_closed_to_those_who_may_not_view_it(db: None) -> None:
    client = logged_in("view_broadcast")
    assert client.get(LOG).status_code == client.get(EXPORT).status_code == 403


def calls_shown(client: Client, message: Message) -> str:
    return visible(text_of(client.get(reverse("admin:broadcaster_message_change", args=[message.pk]))))


def test_the_calls_to_the_provider_are_shown_to_those_who_may_see_them(batch: Batch) -> None:
    message = make_message(batch, state=State.UNKNOWN)
    ProviderCall.objects.create(
        batch=batch, method="POST", url="https://api.example/v1", http_status=503, duration_ms=9
    )
    assert "https://api.example/v1" in calls_shown(logged_in("view_message", "view_providercall"), message)
    hidden = calls_shown(logged_in("view_message"), message)
    assert "api.example" not in hidden
    assert "It is not sent again by itself." in hidden


def test_the_calls_of_other_batches_are_not_shown(admin_client: Client, batch: Batch) -> None:
    message = make_message(batch)
    ProviderCall.objects.create(batch=make_batch("July"), method="POST", url="https://other.example", duration_ms=9)
    assert "other.example" not in calls_shown(admin_client, message)


def exported(client: Client, query: str = "") -> list[list[str]]:
    response = client.get(f"{EXPORT}?{query}")
    assert response["Content-Type"].startswith("text/csv")
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.reader(text.splitlines()))


def test_the_export_has_the_rows_that_the_filters_leave(viewer: Client, batch: Batch) -> None:
    contact = Contact.objects.create(name="Ann Lee", phone="+628111111111")
    make_message(batch, "+6281", contact=contact, state=State.FAILED, error_text="Not on WhatsApp", provider_id="p1")
    make_message(batch, "+6282", state=State.READ)
    header, *rows = exported(viewer, "state__exact=failed")
    assert header[:5] == ["Broadcast", "Address", "Name", "State", "Reason"]
    assert [row[:5] for row in rows] == [["June", "+6281", "Ann Lee", "Failed", "Not on WhatsApp"]]


def test_the_export_of_an_empty_log_is_a_header(viewer: Client) -> None:
    assert len(exported(viewer)) == 1


def test_the_export_costs_the_same_for_one_message_and_for_many(viewer: Client, batch: Batch) -> None:
    costs = []
    for number in range(1, 12):
        make_message(batch, f"+62811111{number}", contact=Contact.objects.create(identifier=str(number)))
        with CaptureQueriesContext(connection) as queries:
            exported(viewer)
        costs.append(len(queries))
    assert costs[0] == costs[-1]


def test_the_export_runs_nothing_in_a_spreadsheet(viewer: Client, batch: Batch) -> None:
    contact = Contact.objects.create(name="=HYPERLINK(1)", phone="+628111111111")
    make_message(batch, "+6281", contact=contact)
    assert exported(viewer)[1][1:3] == ["+6281", "'=HYPERLINK(1)"]
