"""Providers that post no receipts are asked: end to end against the simulator, and what happens when they fail."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import responses
from django.core.cache import cache
from django.utils import timezone

from broadcaster import tasks
from broadcaster.models import Broadcast, Channel, Message
from broadcaster.receipts import polling
from broadcaster.sending import progress
from providers.http import CONNECT_TIMEOUT_S, READ_TIMEOUT_S
from tests.audiences import demo_channel, draft, imported, messy_csv, send_now
from tests.receipts.conftest import PHONES, on_their_way, states
from tests.running import wait_for
from tests.simulating import Simulator

MESSAGES = "http://127.0.0.1:1/api/v2/messages.json"


def answer(address: str, status: str) -> dict[str, object]:
    return {"next": None, "results": [{"id": 1, "urn": f"tel:{address}", "direction": "out", "status": status}]}


@pytest.fixture
def polled(polled: Channel) -> Channel:
    polled.config["base_url"] = "http://127.0.0.1:1"
    polled.save()
    return polled


@pytest.mark.django_db(transaction=True)
def test_what_was_sent_is_delivered_by_asking(simulator: Simulator) -> None:
    broadcast = send_in_this_process(simulator, "rapidpro", people=30)
    wait_for(lambda: polling.poll(broadcast.sender.pk) >= 0 and delivered(broadcast) == 30, seconds=30)
    assert progress.progress(broadcast).counts == progress.recount(broadcast)


def send_in_this_process(simulator: Simulator, kind: str, *, people: int) -> Broadcast:
    channel, template = demo_channel(kind, simulator.url)
    broadcast = draft(imported(messy_csv(people)), channel, template)
    send_now(broadcast)
    tasks.prepare_broadcast(broadcast.pk)
    tasks.run_pump()
    assert Message.objects.filter(broadcast=broadcast, state="accepted").count() == people
    return broadcast


def delivered(broadcast: Broadcast) -> int:
    return Message.objects.filter(broadcast=broadcast, state__in=["delivered", "read"]).count()


def test_channels_that_wait_for_receipts_are_found(channel: Channel, polled: Channel) -> None:
    assert polling.channels() == []
    on_their_way(polled, PHONES[0], provider_id="1")
    on_their_way(channel, PHONES[0], provider_id="1")
    assert polling.channels() == [polled]
    Channel.objects.update(enabled=False)
    assert polling.channels() == []


def test_a_channel_whose_provider_is_gone_is_left_alone(polled: Channel) -> None:
    on_their_way(polled, PHONES[0], provider_id="1")
    Channel.objects.update(kind="gone")
    assert polling.channels() == []


@pytest.mark.parametrize("state", ["pending", "delivered", "read", "failed", "skipped", "unknown"])
def test_only_what_is_on_its_way_is_asked_for(polled: Channel, state: str) -> None:
    on_their_way(polled, PHONES[0], provider_id="1", state=state)
    assert polling.references(polled) == []


def test_an_id_is_asked_for_once_however_many_share_it(polled: Channel) -> None:
    on_their_way(polled, *PHONES, provider_id="1")
    on_their_way(polled, PHONES[0], provider_id="")
    assert polling.references(polled) == ["1"]


def test_what_was_accepted_long_ago_is_not_asked_for(polled: Channel) -> None:
    on_their_way(polled, PHONES[0], provider_id="1")
    Message.objects.update(accepted_at=timezone.now() - timedelta(days=4))
    assert polling.references(polled) == []


def test_where_there_are_too_many_every_id_gets_its_turn(polled: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "IDS_A_POLL", 2)
    for number in range(4):
        on_their_way(polled, PHONES[0], provider_id=str(number))
    rounds = [polling.references(polled) for _ in range(200)]
    assert {len(asked) for asked in rounds} == {2}
    assert {one for asked in rounds for one in asked} == {"0", "1", "2", "3"}


@responses.activate
def test_nobody_is_asked_for_nothing(polled: Channel) -> None:
    assert polling.poll(polled.pk) == 0


@responses.activate
def test_what_was_heard_before_an_error_is_applied(polled: Channel) -> None:
    messages = [*on_their_way(polled, PHONES[0], provider_id="1"), *on_their_way(polled, PHONES[0], provider_id="2")]
    responses.get(MESSAGES, json=answer(PHONES[0], "delivered"))
    responses.get(MESSAGES, status=500)
    assert polling.poll(polled.pk) == 1
    assert sorted(states(*messages)) == ["accepted", "delivered"]


@responses.activate
def test_a_turn_ends_and_keeps_what_it_heard(polled: Channel) -> None:
    messages = [*on_their_way(polled, PHONES[0], provider_id="1"), *on_their_way(polled, PHONES[0], provider_id="2")]
    responses.get(MESSAGES, json=answer(PHONES[0], "delivered"))
    assert polling.poll(polled.pk, life_s=0) == 1
    assert sorted(states(*messages)) == ["accepted", "delivered"]


@responses.activate
def test_a_provider_that_is_down_changes_nothing(polled: Channel) -> None:
    message, *_ = on_their_way(polled, PHONES[0], provider_id="1")
    responses.get(MESSAGES, status=503)
    assert polling.poll(polled.pk) == 0
    assert states(message) == ["accepted"]


def test_a_channel_that_is_set_up_wrongly_changes_nothing(polled: Channel) -> None:
    message, *_ = on_their_way(polled, PHONES[0], provider_id="1")
    polled.secrets = {}
    polled.save()
    assert polling.poll(polled.pk) == 0
    assert states(message) == ["accepted"]


class TestOnePollerAtATime:
    """What happens while the provider is slow to answer: `while_asked` runs then, and gives the answer."""

    @pytest.fixture
    def while_asked(self, polled: Channel) -> Iterator[list[Callable[[], object]]]:
        on_their_way(polled, PHONES[0], provider_id="1")
        steps: list[Callable[[], object]] = []

        def answered(_: object) -> tuple[int, dict[str, str], str]:
            steps.pop()()
            return 200, {}, json.dumps({"next": None, "results": []})

        with responses.RequestsMock() as provider:
            provider.add_callback(responses.GET, MESSAGES, answered)
            yield steps

    def test_a_slow_answer_keeps_a_second_poller_out(
        self, polled: Channel, while_asked: list[Callable[[], object]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def later() -> None:
            now = time.time() + 15 + polling.LIFE_S + READ_TIMEOUT_S + CONNECT_TIMEOUT_S
            monkeypatch.setattr(time, "time", lambda: now)
            tasks.poll_channel(polled.pk)  # which would ask again, and find no step

        while_asked.append(later)
        tasks.poll_channel(polled.pk)
        assert while_asked == []

    def test_a_poller_frees_its_own_lock(self, polled: Channel, while_asked: list[Callable[[], object]]) -> None:
        for _ in range(2):
            while_asked.append(lambda: None)
            tasks.poll_channel(polled.pk)
            assert while_asked == []

    def test_a_poller_frees_no_other_ones_lock(self, polled: Channel, while_asked: list[Callable[[], object]]) -> None:
        while_asked.append(lambda: cache.set(f"polling-{polled.pk}", "another's"))
        tasks.poll_channel(polled.pk)
        assert cache.get(f"polling-{polled.pk}") == "another's"
