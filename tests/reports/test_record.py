"""The record in pages: everybody once, in one order, both ways, whatever becomes of the messages meanwhile."""

import pytest

from broadcaster.models import Broadcast, Contact, Message
from broadcaster.reports import record
from broadcaster.reports.record import Choice, Place
from tests.sending.broadcasts import prepared

pytestmark = pytest.mark.django_db

STATES = ("pending", "failed", "read")


@pytest.fixture
def broadcasts() -> list[Broadcast]:
    """Three broadcasts to the same people, some of whom were erased since, in different states."""
    made = [prepared(7) for _ in range(3)]
    Contact.objects.filter(pk__in=list(Contact.objects.order_by("pk").values_list("pk", flat=True)[2:5])).delete()
    for number, message in enumerate(Message.objects.order_by("pk")):
        Message.objects.filter(pk=message.pk).update(state=STATES[number % 3])
    return made


def everything() -> Choice:
    return Choice(Message.objects.all())


def one_by_one(choice: Choice, *, upwards: bool = False, limit: int = 1) -> list[int]:
    """What somebody sees who asks for so many at a time."""
    found: list[int] = []
    place = None
    while messages := record.page(choice, after=place, upwards=upwards, limit=limit):
        found += [message.pk for message in messages]
        place = Place.of(messages[-1])
    return found


def ranked(choice: Choice) -> list[int]:
    rows = [row for row in choice.rows if not choice.states or row.state in choice.states]
    return [row.pk for row in sorted(rows, key=lambda row: Place.of(row).rank, reverse=True)]


def choices() -> dict[str, Choice]:
    newest = Broadcast.objects.order_by("-pk").values_list("pk", flat=True)
    rows = Message.objects.all()
    return {
        "all": Choice(rows),
        "one broadcast": Choice(rows.filter(broadcast=newest[1])),
        "one state": Choice(rows, ("failed",)),
        "some states": Choice(rows, ("failed", "read", "expired")),
        "of one broadcast": Choice(rows.filter(broadcast=newest[1]), ("failed", "read")),
        "nothing": Choice(rows.none(), ("failed", "read")),
    }


@pytest.mark.parametrize("name", ["all", "one broadcast", "one state", "some states", "of one broadcast", "nothing"])
@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_pages_of_any_size_hold_everything_once_in_one_order(
    broadcasts: list[Broadcast], name: str, limit: int
) -> None:
    choice = choices()[name]
    assert one_by_one(choice, limit=limit) == ranked(choice)
    assert one_by_one(choice, upwards=True, limit=limit) == ranked(choice)[::-1]
    assert [message.pk for chunk in record.walk(choice, chunk=limit) for message in chunk] == ranked(choice)


def test_from_any_place_the_way_back_is_the_way_there(broadcasts: list[Broadcast]) -> None:
    whole = ranked(everything())
    for number, key in enumerate(whole):
        place = Place.of(Message.objects.get(pk=key))
        before = record.page(everything(), after=place, upwards=True, limit=4)
        after = record.page(everything(), after=place, limit=4)
        assert [message.pk for message in before][::-1] == whole[max(0, number - 4) : number]
        assert [message.pk for message in after] == whole[number + 1 : number + 5]


def test_the_newest_broadcast_comes_first_and_in_it_who_was_erased(broadcasts: list[Broadcast]) -> None:
    rows = record.page(everything(), after=None, limit=100)
    assert [row.broadcast_id for row in rows] == [broadcast.pk for broadcast in broadcasts[::-1] for _ in range(7)]
    assert [row.contact is None for row in rows] == [True] * 3 * 1 + [False] * 4 + ([True] * 3 + [False] * 4) * 2


def test_whoever_walks_meets_a_message_that_moves_on_exactly_once(broadcasts: list[Broadcast]) -> None:
    """A retry moves a message to a later batch, and a result changes its state."""
    choice = Choice(Message.objects.filter(broadcast=broadcasts[0].pk))
    seen = []
    for chunk in record.walk(choice, chunk=2):
        seen += [message.pk for message in chunk]
        Message.objects.update(state="sent", seq=99 - len(seen))
    assert sorted(seen) == sorted(choice.rows.values_list("pk", flat=True))
