"""Khoros Flow: the requests of its page, its one documented answer, and what has to be made of all others."""

import json
from typing import Any

import pytest

from providers import Client, Event, OutboundMessage, Outcome, Recipient, SendResult, Text, Translation
from tests.providers.samples import SECRET, client, message, post

URL = "https://api.flow.ai/rest/v1/broadcast/instant"
JOHN = Recipient("+12345678901", name="John Doe")
OK = {"status": 200, "json": {"status": "ok"}}
QUESTION = "I'm searching for the address of your store in New York"


def khoros(**config: Any) -> Client:
    settings = {"base_url": "https://api.flow.ai", "external_id": "+12345678902", **config}
    return client("khoros", **settings)


def to_john(content: Text | Event) -> OutboundMessage:
    return message(content, recipient=JOHN)


REQUESTS: dict[str, tuple[OutboundMessage, dict[str, Any]]] = {
    "text, as on the page": (
        to_john(Text.of(QUESTION)),
        {
            "audience": [{"name": "John Doe", "phoneNumber": "+12345678901", "profile": {}}],
            "channel": {"channelName": "whatsapp", "externalId": "+12345678902"},
            "payload": {"type": "text", "speech": QUESTION},
        },
    ),
    "event, as on the page": (
        to_john(Event("Send template")),
        {
            "audience": [{"name": "John Doe", "phoneNumber": "+12345678901", "profile": {}}],
            "channel": {"channelName": "whatsapp", "externalId": "+12345678902"},
            "payload": {"type": "event", "eventName": "Send template"},
        },
    ),
    "event with language and parameters": (
        to_john(Event("Send template", "fr", (("customerId", "123"), ("item", "a"), ("item", "b")))),
        {
            "audience": [{"name": "John Doe", "phoneNumber": "+12345678901", "profile": {}}],
            "channel": {"channelName": "whatsapp", "externalId": "+12345678902"},
            "payload": {
                "type": "event",
                "eventName": "Send template",
                "metadata": {
                    "language": "fr",
                    "params": {"customerId": [{"value": "123"}], "item": [{"value": "a"}, {"value": "b"}]},
                },
            },
        },
    ),
    "identifier of somebody without a name": (
        message(Event("Hello"), recipient=Recipient(identifier="page-scoped-7")),
        {
            "audience": [{"name": "Anonymous", "identifier": "page-scoped-7", "profile": {}}],
            "channel": {"channelName": "whatsapp", "externalId": "+12345678902"},
            "payload": {"type": "event", "eventName": "Hello"},
        },
    ),
    "only the base language": (
        to_john(Text((Translation("eng", "Hello"), Translation("fra", "Bonjour")))),
        {
            "audience": [{"name": "John Doe", "phoneNumber": "+12345678901", "profile": {}}],
            "channel": {"channelName": "whatsapp", "externalId": "+12345678902"},
            "payload": {"type": "text", "speech": "Hello"},
        },
    ),
}

ANSWERS: dict[str, tuple[dict[str, Any], Outcome, str]] = {
    "accepted": (OK, Outcome.ACCEPTED, ""),
    "yes in other words": ({"status": 200, "json": {"status": "queued"}}, Outcome.UNKNOWN, ""),
    "refused in the body": ({"status": 200, "json": {"status": "error"}}, Outcome.UNKNOWN, ""),
    "wrong key": ({"status": 401, "json": {"error": "Unauthorized"}}, Outcome.CHANNEL_REJECTED, "HTTP 401"),
    "key without the right": ({"status": 403, "json": {"error": "Forbidden"}}, Outcome.CHANNEL_REJECTED, "HTTP 403"),
    "wrong address": ({"status": 404, "body": "Not Found"}, Outcome.CHANNEL_REJECTED, "HTTP 404"),
    "wrong payload": ({"status": 400, "json": {"message": "audience"}}, Outcome.REJECTED, "HTTP 400"),
    "wrong payload, other status": ({"status": 422, "json": {}}, Outcome.REJECTED, "HTTP 422"),
    "too fast": ({"status": 429, "json": {}}, Outcome.RETRY, "HTTP 429"),
    "its own trouble": ({"status": 500, "json": {}}, Outcome.RETRY, "HTTP 500"),
    "lost behind a gateway": ({"status": 502, "body": "Bad Gateway"}, Outcome.UNKNOWN, "HTTP 502"),
    "busy": ({"status": 503, "body": ""}, Outcome.RETRY, "HTTP 503"),
    "gateway gave up": ({"status": 504, "body": ""}, Outcome.UNKNOWN, "HTTP 504"),
}


@pytest.mark.parametrize(("outgoing", "body"), REQUESTS.values(), ids=REQUESTS)
def test_request(outgoing: OutboundMessage, body: dict[str, Any]) -> None:
    _, [request] = post(khoros(), [outgoing], OK)
    assert (request.method, request.url) == ("POST", URL)
    assert json.loads(request.body) == body


def test_headers_carry_the_bare_key() -> None:
    _, [request] = post(khoros(), [to_john(Event("e"))], OK)
    assert dict(request.headers) == {
        "User-Agent": "broadcaster",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/json",
        "Authorization": SECRET,
        "Content-Length": str(len(request.body)),
    }


@pytest.mark.parametrize("name", ["rbm", "messagemedia", "telekom", "twilio", "whatsapp", "khoros", "messenger"])
def test_all_seven_channels_can_be_chosen(name: str) -> None:
    _, [request] = post(khoros(channel_name=name, external_id="project-1"), [to_john(Event("e"))], OK)
    assert json.loads(request.body)["channel"] == {"channelName": name, "externalId": "project-1"}


@pytest.mark.parametrize(("answer", "outcome", "code"), ANSWERS.values(), ids=ANSWERS)
def test_answer(answer: dict[str, Any], outcome: Outcome, code: str) -> None:
    [result], _ = post(khoros(), [to_john(Event("e"))], answer)
    assert (result.outcome, result.error.code if result.error else "") == (outcome, code)


def test_each_recipient_has_a_request_of_its_own_by_default() -> None:
    results, requests = post(khoros(), [message(Event("e"), number=number) for number in range(3)], OK, OK, OK)
    assert len(requests) == 3
    assert [result.outcome for result in results] == [Outcome.ACCEPTED] * 3


def test_batch_size_lets_recipients_share_a_request() -> None:
    messages = [message(Event("e"), number=number) for number in range(5)]
    results, requests = post(khoros(batch_size=4), messages, OK, OK)
    assert [len(json.loads(request.body)["audience"]) for request in requests] == [4, 1]
    assert {result.provider_id for result in results} == {""}


def test_refusal_is_told_in_khoros_words() -> None:
    [result], _ = post(khoros(), [to_john(Event("e"))], {"status": 400, "json": {"error": {"field": ["too long"]}}})
    assert result.error
    assert result.error.sentence == "The provider refused the message. field: too long"


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (Text.of(" "), "text"),
        (Text.of("x" * 256), "text"),
        (Text.of("x", attachments=("a.png",)), "attachments"),
        (Event(""), "name"),
    ],
    ids=["empty text", "long text", "attachment", "event without a name"],
)
def test_limit(content: Text | Event, field: str) -> None:
    assert [problem.field for problem in khoros().validate(to_john(content))] == [field]


def test_longest_text_passes() -> None:
    assert khoros().validate(to_john(Text.of("x" * 255))) == []


def receipts(body: object) -> list[Any]:
    return khoros().parse_receipts("POST", {}, {}, json.dumps(body).encode())


def test_inbound_message_is_read() -> None:
    originator = {"name": "John", "phoneNumber": "12345678901"}
    [event] = receipts({"type": "inbound", "originator": originator, "query": "STOP"})
    assert (event.status, event.address, event.inbound) == (None, "+12345678901", "STOP")


def test_inbound_message_of_an_identifier_is_read() -> None:
    [event] = receipts({"type": "inbound", "originator": {"identifier": "psid-7"}, "payload": {"speech": "Hi"}})
    assert (event.address, event.inbound) == ("psid-7", "Hi")


@pytest.mark.parametrize("kind", ["outbound", "threads", "paused", "takeover", "an event of next year", None, {}])
def test_other_events_say_nothing_about_messages(kind: object) -> None:
    assert receipts({"type": kind, "originator": {"phoneNumber": "12345678901"}}) == []


def test_accepted_is_all_there_is_to_know() -> None:
    [result], _ = post(khoros(), [to_john(Event("e"))], OK)
    assert result == SendResult.accepted(exchange=result.exchange)
