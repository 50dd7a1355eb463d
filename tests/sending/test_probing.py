"""A held channel whose hold ran out: one message tells whether it works again, and nobody else is risked."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from broadcaster.models import Batch, Channel
from broadcaster.sending import batches, clock, outcomes, pump
from broadcaster.sending.outcomes import PROBE_AFTER
from tests.audiences import phone
from tests.sending.broadcasts import LONG_AGO, channel_and_template, claimed, prepared, send_batch, send_next, states_of
from tests.simulating import Simulator

pytestmark = pytest.mark.django_db

REFUSED, CUT_OFF, LOW_BALANCE = 1, 6, 8
OTHERS = range(100, 112)
BOTH = pytest.mark.parametrize("is_tried", [False, True], ids=["first messages", "tried before"])


@pytest.fixture(autouse=True)
def channel(simulator: Simulator) -> Channel:
    """A channel without credit, that may be tried again from now on."""
    channel, _ = channel_and_template("kaleyra", simulator.url)
    Channel.objects.update(hold_reason="No credit.", hold_until=LONG_AGO)
    return channel


def requests(simulator: Simulator) -> int:
    return simulator.totals().get("kaleyra", {}).get("requests", 0)


@pytest.fixture
def marks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages each answered window found handed over."""
    marks: list[int] = []
    decide = outcomes.decide

    def watched(batch: Batch, *arguments: object) -> object:
        marks.append(Batch.objects.get(pk=batch.pk).handed_through)
        return decide(batch, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(outcomes, "decide", watched)
    return marks


@BOTH
def test_an_accepted_message_releases_the_channel_and_the_rest_goes_out(
    simulator: Simulator, marks: list[int], *, is_tried: bool
) -> None:
    broadcast = prepared(list(OTHERS), goes_on_refused=is_tried)
    pump.run()
    assert marks[0] == 1
    assert (Channel.objects.get().hold_reason, Channel.objects.get().hold_until) == ("", None)
    assert Counter(message["address"] for message in simulator.accepted()) == Counter(map(phone, OTHERS))
    assert states_of(broadcast) == {"accepted": len(OTHERS)}


@BOTH
def test_a_message_that_is_refused_again_holds_it_again_and_nobody_else_was_posted(
    simulator: Simulator, *, is_tried: bool
) -> None:
    broadcast = prepared([LOW_BALANCE, *OTHERS], goes_on_refused=is_tried)
    send_next()
    assert requests(simulator) == 1
    channel = Channel.objects.get()
    assert "low balance" in channel.hold_reason
    assert channel.hold_until
    assert timezone.now() < channel.hold_until <= timezone.now() + PROBE_AFTER
    assert states_of(broadcast) == {"pending": 1 + len(OTHERS)}
    assert batches.claim("worker") is None


def test_a_key_that_turns_out_wrong_waits_for_a_person(channel: Channel, simulator: Simulator) -> None:
    Channel.objects.update(config=channel.config | {"sid": "inactive"})
    prepared(list(OTHERS), goes_on_refused=True)
    send_next()
    assert requests(simulator) == 1
    assert Channel.objects.get().hold_until is None


@BOTH
@pytest.mark.parametrize(
    ("ending", "state"), [(REFUSED, "failed"), (CUT_OFF, "unknown")], ids=["refused alone", "without an answer"]
)
def test_an_answer_that_tells_nothing_of_the_channel_is_followed_by_one_more_probe(
    marks: list[int], ending: int, state: str, *, is_tried: bool
) -> None:
    broadcast = prepared([ending, *OTHERS], goes_on_refused=is_tried)
    send_next()
    assert marks[:2] == [1, 2]
    assert states_of(broadcast) == {state: 1, "accepted": len(OTHERS)}
    assert Channel.objects.get().hold_reason == ""


def test_two_broadcasts_of_one_worker_probe_it_once(simulator: Simulator) -> None:
    for number in (LOW_BALANCE, 100):
        prepared([number], goes_on_refused=True)
    pump.run()
    assert requests(simulator) == 1


def test_a_hold_that_still_stands_is_not_probed(simulator: Simulator) -> None:
    Channel.objects.update(hold_until=timezone.now() + timedelta(minutes=5))
    prepared(3)
    pump.run()
    assert requests(simulator) == 0


def test_a_hold_by_a_person_while_the_probe_is_on_its_way_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    broadcast = prepared(list(OTHERS), goes_on_refused=True)
    batch = claimed()
    apply_to_channel = outcomes.apply_to_channel

    def held_meanwhile(*arguments: object) -> None:
        outcomes.hold(broadcast.sender, reason="Stopped by Ann.", until=None)
        apply_to_channel(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(outcomes, "apply_to_channel", held_meanwhile)
    send_batch(batch)
    assert (Channel.objects.get().hold_reason, Channel.objects.get().hold_until) == ("Stopped by Ann.", None)
    assert states_of(broadcast) == {"accepted": 1, "pending": len(OTHERS) - 1}


@pytest.mark.postgres
def test_a_host_whose_clock_is_behind_ends_a_hold_too(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(list(OTHERS))
    Channel.objects.update(hold_until=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr(clock, "_last", clock._Comparison())
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) - timedelta(seconds=30))
    pump.run()
    assert Channel.objects.get().hold_reason == ""
