"""The list of broadcasts: what it says of each, what it costs, what it refuses."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from broadcaster.admin import words
from broadcaster.admin.base import COUNTED_ROWS, CappedPaginator
from broadcaster.models import Batch, Broadcast, Channel, Message
from tests.admin.people import logged_in, text_of
from tests.admin.reading import visible

LIST = reverse("admin:broadcaster_broadcast_changelist")
SEND_AT = datetime(2030, 1, 1, 2, tzinfo=UTC)
State = Broadcast.State


@pytest.fixture
def operator(db: None) -> Client:
    return logged_in("view_broadcast", "add_broadcast", "change_broadcast", "delete_broadcast")


@pytest.fixture
def channel(db: None) -> Channel:
    return Channel.objects.create(name="WhatsApp", kind="kaleyra")


def make_broadcast(channel: Channel, name: str = "June", **fields: Any) -> Broadcast:
    fields = {"send_at": SEND_AT, "time_zone": "Asia/Jakarta", "state": State.SENDING} | fields
    return Broadcast.objects.create(name=name, channel=channel, **fields)


def make_batch(broadcast: Broadcast, number: int = 1, **counts: int) -> Batch:
    size = sum(counts.values())
    return Batch.objects.create(broadcast=broadcast, number=number, size=size, not_before=SEND_AT, **counts)


def test_a_line_says_everything_about_a_broadcast(operator: Client, channel: Channel) -> None:
    broadcast = make_broadcast(channel, total=1200)
    make_batch(broadcast, pending=300, delivered=900)
    shown = visible(text_of(operator.get(LIST)))
    for expected in ("June", "WhatsApp", "Sending", "75 %", "1,200", "1 Jan 2030, 09:00 WIB"):
        assert expected in shown


def test_progress_is_the_sum_of_all_batches(operator: Client, channel: Channel) -> None:
    broadcast = make_broadcast(channel, total=200)
    make_batch(broadcast, number=1, pending=50, failed=50)
    make_batch(broadcast, number=2, pending=50, skipped=50)
    assert '<progress class="bar" value="100" max="200"' in text_of(operator.get(LIST))


def test_a_draft_has_neither_time_nor_progress(operator: Client, db: None) -> None:
    Broadcast.objects.create(name="Idea")
    html = text_of(operator.get(LIST))
    assert "<progress" not in html
    assert "Draft" in visible(html)


def test_the_page_costs_the_same_for_one_broadcast_and_for_many(operator: Client, channel: Channel) -> None:
    costs = []
    for number in range(1, 21):
        make_batch(make_broadcast(channel, name=f"Broadcast {number}", total=5), pending=5)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            operator.get(LIST)
        costs.append(len(queries))
    assert costs[0] == costs[-1]


def test_the_list_is_searched_by_name_and_filtered_by_state_and_channel(operator: Client, channel: Channel) -> None:
    make_broadcast(channel, name="Summer sale", state=State.PAUSED)
    make_broadcast(Channel.objects.create(name="SMS", kind="rapidpro"), name="Winter sale")
    for query in ("q=summer", "state__exact=paused", f"channel__id__exact={channel.pk}"):
        names = [broadcast.name for broadcast in operator.get(f"{LIST}?{query}").context["cl"].result_list]
        assert names == ["Summer sale"], query


def test_an_empty_list_invites_and_a_narrow_search_shows_the_way_back(operator: Client) -> None:
    empty, narrowed = visible(text_of(operator.get(LIST))), text_of(operator.get(f"{LIST}?q=nothing"))
    assert "No broadcasts yet" in empty
    assert empty.count("New broadcast") == 2
    assert "Nothing matches" in narrowed
    assert 'href="?"' in narrowed


def test_who_may_only_look_is_not_invited_to_write(db: None) -> None:
    assert "New broadcast" not in text_of(logged_in("view_broadcast").get(LIST))


def test_new_begins_the_journey(operator: Client) -> None:
    response = operator.get(reverse("admin:broadcaster_broadcast_add"))
    assert response.headers["Location"] == reverse("admin:broadcast_new")


@pytest.mark.parametrize("state", State.values)
def test_a_draft_is_written_on_and_all_others_are_watched(operator: Client, channel: Channel, state: str) -> None:
    broadcast = make_broadcast(channel, state=state)
    response = operator.get(reverse("admin:broadcaster_broadcast_change", args=[broadcast.pk]))
    page = "compose" if state == State.DRAFT else "watch"
    assert response.headers["Location"] == reverse(f"admin:broadcast_{page}", args=[broadcast.pk])


@pytest.mark.parametrize("object_id", ["999999", "abc"])
def test_a_broadcast_that_is_not_there_is_not_found(operator: Client, object_id: str) -> None:
    assert operator.get(reverse("admin:broadcaster_broadcast_change", args=[object_id])).status_code == 404


@pytest.mark.parametrize("state", ["scheduled", "preparing", "sending", "paused"])
def test_a_running_broadcast_cannot_be_deleted(operator: Client, channel: Channel, state: str) -> None:
    broadcast = make_broadcast(channel, state=state)
    response = operator.post(reverse("admin:broadcaster_broadcast_delete", args=[broadcast.pk]), {"post": "yes"})
    assert response.status_code == 403
    assert Broadcast.objects.exists()


def test_deleting_says_how_much_of_the_log_goes_with_it(operator: Client, channel: Channel) -> None:
    broadcast = make_broadcast(channel, state=State.CANCELLED)
    batch = make_batch(broadcast, failed=2)
    for seq in (1, 2):
        Message.objects.create(broadcast=broadcast, batch=batch, seq=seq, address=f"+62811111{seq}")
    page = reverse("admin:broadcaster_broadcast_delete", args=[broadcast.pk])
    assert "2 messages of its log" in text_of(operator.get(page))
    operator.post(page, {"post": "yes"})
    assert not Broadcast.objects.exists()


def test_every_state_has_its_colour_and_its_meaning() -> None:
    assert set(words.BROADCAST_COLOURS) == set(State.values)
    assert set(words.MESSAGE_COLOURS) == set(words.MESSAGE_MEANINGS) == set(Message.State.values)


def test_a_state_shows_why_it_came_about() -> None:
    tag = words.broadcast_state(Broadcast(state=State.FAILED, state_reason='No balance "left"'))
    assert tag == '<span class="tag is-danger" title="No balance &quot;left&quot;">Failed</span>'


@pytest.mark.parametrize(
    ("rows", "told"),
    [(0, (0, False)), (COUNTED_ROWS, (COUNTED_ROWS, False)), (COUNTED_ROWS + 1, (COUNTED_ROWS, True))],
)
def test_rows_are_counted_up_to_a_limit(rows: int, told: tuple[int, bool]) -> None:
    paginator = CappedPaginator(range(rows), 50)
    assert (paginator.count, paginator.is_capped) == told


def test_the_count_asks_the_database_for_no_more_than_the_limit(db: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert CappedPaginator(Message.objects.all(), 50).count == 0
    assert f"LIMIT {COUNTED_ROWS + 1}" in queries[0]["sql"]
    assert "ORDER BY" not in queries[0]["sql"]
