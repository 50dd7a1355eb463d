"""Templates are looked at again before the first message leaves: one that was stopped meanwhile reaches nobody."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import responses
from django.db import connection
from django_q.brokers import get_broker

from broadcaster import accounts, tasks
from broadcaster.models import Broadcast, Channel, Template
from broadcaster.sending import approvals, batches, expansion, pump, schedule
from tests.papering import URL, listing, paper, paper_channel, template
from tests.queued import queued
from tests.sending.broadcasts import LONG_AGO, claimed, preparing, reload, rows, states_of

pytestmark = pytest.mark.django_db

PAUSED = (
    "The template welcome (id) is paused on Post, as of {at}: Too many blocks. "
    "Nothing was sent. Let it go on once that is mended, or cancel it and copy it to a new draft."
)


@pytest.fixture(autouse=True)
def provider() -> Iterator[None]:
    get_broker().purge_queue()
    with paper(), responses.mock:
        responses.post(f"{URL}/messages", json={})
        yield
    responses.reset()


@pytest.fixture
def channel() -> Channel:
    return paper_channel()


def approved() -> None:
    listing(template(variables=1))


def stopped() -> None:
    listing(template(variables=1, approval="paused", reason="Too many blocks."))


def waiting(channel: Channel, **fields: Any) -> Broadcast:
    """A broadcast whose time has come and that nobody has prepared."""
    ours, _ = Template.objects.get_or_create(name="Welcome", kind="template", base_language="eng")
    content = {"name": "welcome", "language": "id", "variables": ["@contact.name"]}
    ours.translations.get_or_create(language="eng", content=content)
    return preparing(channel=channel, template=ours, **fields)


def expand(broadcast: Broadcast) -> bool:
    return expansion.expand(broadcast.pk, worker="worker")


def prepared(channel: Channel, **fields: Any) -> Broadcast:
    broadcast = waiting(channel, **fields)
    approved()
    assert expand(broadcast)
    return reload(broadcast)


def let_the_look_grow_old() -> None:
    Channel.objects.update(templates_at=LONG_AGO, templates_tried_at=LONG_AGO)


def looks() -> int:
    return sum(call.request.url == f"{URL}/templates" for call in responses.calls)


def posts() -> int:
    return sum(call.request.url == f"{URL}/messages" for call in responses.calls)


# -- when it is prepared -----------------------------------------------------------------------------------------------


def test_a_broadcast_whose_template_may_be_sent_is_prepared_after_a_look(channel: Channel) -> None:
    assert prepared(channel).state == "preparing"
    assert looks() == 1


def test_a_template_that_was_stopped_pauses_it_with_the_reason_before_anybody_gets_a_row(channel: Channel) -> None:
    broadcast = waiting(channel)
    stopped()
    assert not expand(broadcast)
    broadcast = reload(broadcast)
    assert (broadcast.state, rows(broadcast), broadcast.prepare_until) == ("paused", [], None)
    channel.refresh_from_db()
    assert broadcast.state_reason == PAUSED.format(at=f"{channel.templates_at:%-d %b %Y, %H:%M} UTC")


GONE: dict[str, Callable[[], None]] = {
    "is not in the account": listing,
    "takes 2 variables": lambda: listing(template(variables=2)),
}


@pytest.mark.parametrize(("said", "list_now"), GONE.items(), ids=GONE)
def test_whatever_the_provider_would_refuse_pauses_it(
    channel: Channel, said: str, list_now: Callable[[], None]
) -> None:
    broadcast = waiting(channel)
    list_now()
    assert not expand(broadcast)
    assert said in reload(broadcast).state_reason


def test_a_state_that_nobody_knows_stops_nothing(channel: Channel) -> None:
    broadcast = waiting(channel)
    listing(template(variables=1, approval="unknown"))
    assert expand(broadcast)


@pytest.mark.parametrize("known", [True, False], ids=["listed before", "never listed"])
def test_a_provider_that_cannot_be_asked_stops_nothing(channel: Channel, *, known: bool) -> None:
    if known:
        approved()
        accounts.list_templates(channel)
        let_the_look_grow_old()
    listing(status=500)
    assert expand(waiting(channel))
    channel.refresh_from_db()
    assert channel.templates_problem


def test_a_provider_that_does_not_answer_is_asked_once_and_not_at_each_turn(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expansion, "CHUNK", 1)
    listing(status=500)
    broadcast = waiting(channel)
    while not expansion.expand(broadcast.pk, worker="worker", life_s=0):
        assert len(rows(broadcast)) <= 3
    assert looks() == 1
    assert states_of(broadcast) == {"pending": 3}


def test_a_look_a_moment_ago_is_as_good_as_another(channel: Channel) -> None:
    approved()
    accounts.list_templates(channel)
    stopped()
    assert expand(waiting(channel))
    assert looks() == 1


def test_nobody_is_asked_about_a_text(channel: Channel) -> None:
    text = Template.objects.create(name="Text", kind="text", base_language="eng")
    text.translations.create(language="eng", content={"text": "Hello"})
    assert expand(preparing(channel=channel, template=text))
    assert looks() == 0


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_provider_is_asked(channel: Channel) -> None:
    asked: list[bool] = []

    def answer(request: object) -> tuple[int, dict[str, str], str]:
        asked.append(connection.in_atomic_block)
        return 200, {}, "[]"

    responses.add_callback(responses.GET, f"{URL}/templates", answer)
    expand(waiting(channel))
    assert asked == [False]


# -- when it was prepared ahead ----------------------------------------------------------------------------------------


def test_what_waits_prepared_is_looked_at_again_after_some_minutes(channel: Channel) -> None:
    broadcast = prepared(channel)
    assert approvals.waiting() == []
    let_the_look_grow_old()
    stopped()
    tasks.tick()
    assert ("look_again", (broadcast.pk,)) in queued()
    tasks.look_again(broadcast.pk)
    assert (reload(broadcast).state, states_of(broadcast)) == ("paused", {"pending": 3})
    assert "is paused on Post" in reload(broadcast).state_reason
    assert batches.claim("worker") is None


def test_what_has_begun_is_not_looked_at(channel: Channel) -> None:
    broadcast = prepared(channel)
    claimed()
    let_the_look_grow_old()
    stopped()
    assert approvals.waiting() == []
    tasks.look_again(broadcast.pk)
    assert (reload(broadcast).state, looks()) == ("sending", 1)


def test_what_begins_during_the_look_goes_on(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    broadcast = prepared(channel)
    let_the_look_grow_old()
    stopped()
    list_due = accounts.list_due

    def begins(*arguments: Any, **options: Any) -> None:
        list_due(*arguments, **options)
        claimed()

    monkeypatch.setattr(accounts, "list_due", begins)
    tasks.look_again(broadcast.pk)
    assert reload(broadcast).state == "sending"


def test_what_was_called_back_and_scheduled_anew_during_the_look_is_not_paused(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = waiting(channel)
    stopped()
    list_due = accounts.list_due

    def replaced(*arguments: Any, **options: Any) -> None:
        list_due(*arguments, **options)
        Broadcast.objects.update(prepare_worker="another", expanded_through=0)

    monkeypatch.setattr(accounts, "list_due", replaced)
    assert not expand(broadcast)
    assert (reload(broadcast).state, reload(broadcast).prepare_worker) == ("preparing", "another")


# -- when a person decides ---------------------------------------------------------------------------------------------


def test_a_person_lets_it_go_on_although_its_template_was_stopped(channel: Channel) -> None:
    broadcast = waiting(channel)
    stopped()
    expand(broadcast)
    schedule.resume(reload(broadcast))
    assert (reload(broadcast).state, reload(broadcast).state_reason) == ("preparing", "")
    assert expand(broadcast)
    pump.run()
    assert (reload(broadcast).state, states_of(broadcast), posts()) == ("completed", {"accepted": 3}, 3)
    assert not reload(broadcast).goes_on_refused  # which is another decision


def test_a_person_lets_one_go_on_that_was_prepared_already(channel: Channel) -> None:
    broadcast = prepared(channel)
    let_the_look_grow_old()
    stopped()
    tasks.look_again(broadcast.pk)
    schedule.resume(reload(broadcast))
    pump.run()
    assert (states_of(broadcast), posts()) == ({"accepted": 3}, 3)


def test_what_a_person_paused_before_its_start_is_looked_at_again(channel: Channel) -> None:
    broadcast = prepared(channel)
    schedule.pause(broadcast)
    let_the_look_grow_old()
    stopped()
    schedule.resume(broadcast)
    assert batches.claim("too early") is None
    tasks.wake(reload(broadcast))
    assert queued() == [("prepare_broadcast", (broadcast.pk,))]
    tasks.prepare_broadcast(broadcast.pk)
    assert (reload(broadcast).state, states_of(broadcast)) == ("paused", {"pending": 3})


def test_what_a_person_paused_before_its_start_goes_out_once(channel: Channel) -> None:
    broadcast = prepared(channel)
    schedule.pause(broadcast)
    schedule.resume(broadcast)
    assert expand(broadcast)
    pump.run()
    assert (reload(broadcast).state, states_of(broadcast), posts()) == ("completed", {"accepted": 3}, 3)


def test_a_broadcast_on_the_desk_again_has_nothing_decided(channel: Channel) -> None:
    broadcast = waiting(channel, goes_on_unapproved=True)
    Broadcast.objects.update(state="missed")
    schedule.unschedule(reload(broadcast))
    assert not reload(broadcast).goes_on_unapproved
