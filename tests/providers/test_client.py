"""The base class: whatever an adapter does wrong, each message gets one result, and none is posted twice."""

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
import requests
import responses

from providers import Capabilities, Client, ConfigField, OutboundMessage, Outcome, SendResult, Text, webhooks
from providers.errors import MessageRejected, TooLarge
from providers.http import Answer, Request
from tests.providers.samples import ANYWHERE, SECRET, message, poll


class Odd(Client):
    """A provider whose adapter does what the test tells it to."""

    label = "Odd"
    capabilities = Capabilities(frozenset({"text"}), ("SMS",), max_batch=10, default_batch=10)
    config_fields: ClassVar[tuple[ConfigField, ...]] = (
        ConfigField("base_url", "Base URL", "url", default="http://odd.test"),
        ConfigField("api_key", "API key", secret=True),
    )
    built: ClassVar[list[int]] = []
    building: Any = None
    reading: Any = None

    def build(self, messages: Sequence[OutboundMessage]) -> Request:
        if self.building:
            raise self.building
        return Request("POST", "http://odd.test/", body=b"x" * len(messages))

    def read(self, answer: Answer, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        if isinstance(self.reading, Exception):
            raise self.reading
        if isinstance(self.reading, list):
            return self.reading
        return [SendResult.accepted("id")] * (len(messages) if self.reading is None else self.reading)


@pytest.fixture
def odd() -> Odd:
    return Odd(config={}, secrets={"api_key": SECRET})


@pytest.fixture
def server() -> Any:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add("POST", ANYWHERE, body=b"{}")
        yield mock


MESSAGES = [message(Text.of("Hello"), number=number) for number in range(3)]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (MessageRejected("no"), Outcome.REJECTED),
        (KeyError("x"), Outcome.REJECTED),
        (RecursionError(), Outcome.REJECTED),
        (UnicodeEncodeError("utf-8", "x", 0, 1, "lone surrogate"), Outcome.REJECTED),  # each alone
    ],
)
def test_what_cannot_be_built_is_refused_unsent(odd: Odd, server: Any, error: Exception, outcome: Outcome) -> None:
    odd.building = error
    assert [result.outcome for result in odd.send(MESSAGES)] == [outcome] * 3
    assert len(server.calls) == 0


@pytest.mark.parametrize("reading", [0, 2, 4, KeyError("x"), RecursionError(), MemoryError()])
def test_what_cannot_be_read_is_unknown(odd: Odd, server: Any, reading: Any) -> None:
    odd.reading = reading
    results = odd.send(MESSAGES)
    assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 3
    assert all(result.exchange and result.exchange.status == 200 for result in results)


def test_validation_that_breaks_refuses_the_message(odd: Odd, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: OutboundMessage) -> list[Any]:
        raise ZeroDivisionError

    monkeypatch.setattr(odd, "content_problems", broken)
    [result] = odd.send(MESSAGES[:1])
    assert result.error
    assert result.error.sentence == "The message could not be read: ZeroDivisionError."


def test_results_keep_the_order_of_the_messages(odd: Odd, server: Any) -> None:
    mixed = [message(Text.of(f"text {number % 2}"), number=number) for number in range(6)]
    mixed[3] = message(Text.of("x"), number=3, priority=9)
    outcomes = [result.outcome for result in odd.send(mixed)]
    assert outcomes == [Outcome.ACCEPTED] * 3 + [Outcome.REJECTED] + [Outcome.ACCEPTED] * 2


def test_halving_ends_at_single_messages(odd: Odd, server: Any) -> None:
    odd.reading = TooLarge("too large")
    assert [result.outcome for result in odd.send(MESSAGES)] == [Outcome.REJECTED] * 3
    assert [len(call.request.body) for call in server.calls] == [3, 1, 2, 1, 1]


def test_one_that_is_too_large_does_not_repeat_those_accepted_with_it(odd: Odd, server: Any) -> None:
    odd.reading = [SendResult.accepted("1"), SendResult.failed(TooLarge("too large")), SendResult.accepted("3")]
    assert [result.outcome for result in odd.send(MESSAGES)] == [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.ACCEPTED]
    assert len(server.calls) == 1


def test_accepted_results_carry_their_call(odd: Odd, server: Any) -> None:
    assert {result.exchange and result.exchange.request for result in odd.send(MESSAGES)} == {"xxx"}


def test_provider_without_batch_setting_uses_its_usual_one(odd: Odd) -> None:
    assert odd.batch_limit() == 10


def test_nothing_more_is_offered_than_an_adapter_writes(odd: Odd) -> None:
    assert odd.parse_receipts("POST", {}, {}, b"{}") == []
    assert poll(odd, ["1"], "cursor") == ([], "cursor")
    assert (odd.balance(), odd.estimate(MESSAGES), odd.templates(), odd.groups()) == (None, None, [], [])


@pytest.mark.parametrize(
    ("answer", "ok", "words"),
    [
        ({"status": 404}, None, "Odd answers at odd.test, but cannot be asked about the key"),
        ({"body": requests.ConnectTimeout()}, False, "Odd cannot be reached at odd.test."),
        ({"body": requests.ReadTimeout()}, False, "Odd takes connections at odd.test, but does not answer."),
    ],
)
def test_health_says_at_least_whether_somebody_answers(odd: Odd, answer: Any, *, ok: bool | None, words: str) -> None:
    with responses.RequestsMock() as server:
        server.add(**{"method": "GET", "url": "http://odd.test/", **answer})
        health = odd.check()
    assert health.ok is ok
    assert health.sentence.startswith(words)


def test_password_of_receipts_does_not_garble_answers(server: Any) -> None:
    class Hearing(Odd):
        config_fields = (*Odd.config_fields, *webhooks.HEADER_FIELDS)

    secrets = {"api_key": SECRET, "receipts_header_value": "status"}
    hearing = Hearing(config={"receipts_header": "X-Key"}, secrets=secrets)
    server.replace("POST", ANYWHERE, body=f'{{"status": "{SECRET}"}}')
    [result] = hearing.send(MESSAGES[:1])
    assert result.exchange
    assert result.exchange.response == '{"status": "[redacted]"}'


def test_name_of_a_client_shows_no_secret(odd: Odd) -> None:
    assert repr(odd) == "<Odd Odd>"


def test_adapter_must_build_and_read() -> None:
    class Empty(Odd):
        build = Client.build
        read = Client.read

    empty = Empty(config={}, secrets={"api_key": SECRET})
    with pytest.raises(NotImplementedError):
        empty.build([])
    with pytest.raises(NotImplementedError):
        empty.read(None, [])  # type: ignore[arg-type]
