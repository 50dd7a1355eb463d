"""What a broadcast would cost: asked of the provider, in words that do not promise more than was asked."""

import re
from collections.abc import Iterator, Sequence

import pytest
import requests
from django.core.cache import cache
from django.utils import timezone

import providers
from broadcaster import accounts, forecasts
from broadcaster.forecasts import Forecast, forecast
from broadcaster.models import Broadcast, Channel, Suppression, TemplateTranslation
from providers import Estimate, OutboundMessage, errors
from tests.audiences import phone
from tests.sending.broadcasts import composed
from tests.simulating import Simulator

pytestmark = pytest.mark.django_db
QISCUS = providers.client_class("qiscus")


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


class Till:
    """A provider that says one thing and remembers what it was asked about."""

    def __init__(self, answer: Estimate | Exception | None) -> None:
        self.answer = answer
        self.asked: list[Sequence[OutboundMessage]] = []

    def estimate(self, messages: Sequence[OutboundMessage]) -> Estimate | None:
        self.asked.append(messages)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def till(monkeypatch: pytest.MonkeyPatch) -> Till:
    till = Till(Estimate(True, "Qiscus estimates: quota 3 (857 left)."))
    monkeypatch.setattr(QISCUS, "estimate", staticmethod(till.estimate))
    return till


# -- against the simulator


def uploads(simulator: Simulator) -> int:
    return simulator.totals()["qiscus"]["requests"]


def test_the_provider_is_asked_once_for_one_state_of_the_draft(simulator: Simulator) -> None:
    broadcast = composed(3, kind="qiscus", url=simulator.url)
    told = forecast(broadcast)
    assert (told.is_enough, told.is_partial, told.problem) == (True, False, "")
    assert "left" in told.sentence
    asked = uploads(simulator)
    assert forecast(Broadcast.objects.get()) == told
    assert uploads(simulator) == asked
    TemplateTranslation.objects.update(
        content={**TemplateTranslation.objects.get().content, "variables": ["x", "@contact.name"]}
    )
    forecast(Broadcast.objects.get())
    assert uploads(simulator) > asked


def test_a_balance_that_does_not_cover_it_is_told(simulator: Simulator) -> None:
    broadcast = composed(3, kind="qiscus", url=simulator.url)
    empty = {"credits": 0, "free_session": 0, "quota": 0}
    requests.post(f"{simulator.url}/_simulator/qiscus/balance", json=empty, timeout=30).raise_for_status()
    told = forecast(broadcast)
    assert (told.is_enough, told.problem) == (False, "")


def test_what_is_left_is_kept_on_the_channel_with_its_time(simulator: Simulator) -> None:
    before = timezone.now()
    broadcast = composed(3, kind="qiscus", url=simulator.url)
    forecast(broadcast)
    channel = Channel.objects.get()
    assert re.fullmatch(r"credits \d+, free sessions \d+, quota \d+ left", channel.balance)
    assert channel.balance_at is not None
    assert channel.balance_at >= before
    accounts.test(channel)
    assert Channel.objects.get().balance == channel.balance


def test_nothing_is_sent_by_asking(simulator: Simulator) -> None:
    forecast(composed(3, kind="qiscus", url=simulator.url))
    assert simulator.accepted("qiscus") == []


def test_a_provider_that_is_not_there_is_a_sentence() -> None:
    told = forecast(composed(3, kind="qiscus"))
    assert told.problem
    assert not told.sentence


# -- whom it asks about


def test_each_recipient_is_asked_about_with_what_they_would_get(till: Till) -> None:
    broadcast = composed(3, kind="qiscus")
    Suppression.objects.create(address=phone(101))
    forecast(broadcast)
    (messages,) = till.asked
    assert [message.recipient.phone for message in messages] == [phone(100), phone(102)]
    assert len({message.reference for message in messages}) == 2


def test_of_many_only_the_first_are_asked_about(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasts, "ASKED", 4)
    told = forecast(composed(10, kind="qiscus"))
    assert (told.asked, told.recipients, told.is_partial, told.times) == (4, 10, True, "2.5")


def test_of_few_all_were_asked_about_though_some_cannot_be_reached(till: Till) -> None:
    broadcast = composed(3, kind="qiscus")
    Suppression.objects.create(address=phone(101))
    assert not forecast(broadcast).is_partial


# -- what goes wrong

PROBLEMS = {
    "nobody tells": (None, "Qiscus does not tell what this template costs."),
    "the provider refuses": (errors.ChannelRejected("The key is wrong."), "The key is wrong."),
    "the provider is silent": (errors.AnswerLost("No answer came."), "No answer came."),
    "an adapter breaks": (RuntimeError("boom"), "Qiscus answered with something that cannot be read."),
}


@pytest.mark.parametrize(("answer", "sentence"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_is_not_known_is_said_and_asked_again(answer: Exception | None, sentence: str, till: Till) -> None:
    till.answer = answer
    broadcast = composed(1, kind="qiscus")
    assert [forecast(broadcast).problem for _ in range(2)] == [sentence] * 2
    assert len(till.asked) == 2


def test_a_channel_that_lacks_its_key_is_told(till: Till) -> None:
    broadcast = composed(1, kind="qiscus")
    broadcast.sender.secrets = {}
    assert "key" in forecast(broadcast).problem
    assert till.asked == []


def test_without_anybody_nothing_is_asked(till: Till) -> None:
    broadcast = composed(1, kind="qiscus")
    Suppression.objects.create(address=phone(100))
    assert forecast(broadcast) == Forecast(problem=forecasts.NOBODY)
    assert till.asked == []


@pytest.mark.parametrize(
    ("channel", "is_told"),
    [(None, False), (Channel(kind="qiscus"), True), (Channel(kind="khoros"), False), (Channel(kind="gone"), False)],
)
def test_only_some_providers_can_be_asked(channel: Channel | None, is_told: bool) -> None:  # noqa: FBT001
    assert forecasts.is_told(channel) == is_told
