"""Khoros Flow: the requests of its page, its one documented answer, and what has to be made of all others."""

import json
from typing import Any

import pytest
import requests

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
    "event with all that its metadata may hold": (
        to_john(Event("Send template", "fr", (("customerId", "123"), ("item", "a"), ("item", "b")), "-2")),
        {
            "audience": [{"name": "John Doe", "phoneNumber": "+12345678901", "profile": {}}],
            "channel": {"channelName": "whatsapp", "externalId": "+12345678902"},
            "payload": {
                "type": "event",
                "eventName": "Send template",
                "metadata": {
                    "language": "fr",
                    "timezone": "-2",
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
    "no answer": ({"body": requests.ReadTimeout()}, Outcome.UNKNOWN, "ReadTimeout"),
    "no connection": ({"body": requests.ConnectTimeout()}, Outcome.RETRY, "ConnectTimeout"),
    "not received in time": ({"status": 408, "json": {}}, Outcome.RETRY, "HTTP 408"),
    "too large": ({"status": 413, "json": {}}, Outcome.REJECTED, "HTTP 413"),
    "not JSON to it": ({"status": 415, "json": {}}, Outcome.CHANNEL_REJECTED, "HTTP 415"),
    "wrong payload": ({"status": 400, "json": {"message": "audience"}}, Outcome.REJECTED, "HTTP 400"),
    "wrong payload, other status": ({"status": 422, "json": {}}, Outcome.REJECTED, "HTTP 422"),
    "too fast": ({"status": 429, "json": {}}, Outcome.RETRY, "HTTP 429"),
    "its own trouble": ({"status": 500, "json": {}}, Outcome.UNKNOWN, "HTTP 500"),
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


PROFILES = {
    "all that is known": (
        Recipient("+12345678901", name="John Doe", language="fra"),
        {"fullName": "John Doe", "language": "fr", "phoneNumber": "+12345678901"},
    ),
    "a language without two letters": (
        Recipient("+12345678901", name="John Doe", language="ban"),
        {"fullName": "John Doe", "phoneNumber": "+12345678901"},
    ),
    "no more than an identifier": (Recipient(identifier="page-scoped-7"), {}),
}


@pytest.mark.parametrize(("recipient", "profile"), PROFILES.values(), ids=PROFILES)
def test_profile_says_what_is_known_where_the_operator_wants_it(recipient: Recipient, profile: dict[str, str]) -> None:
    for asked, said in ((False, {}), (True, profile)):
        _, [request] = post(khoros(send_profile=asked), [message(Event("e"), recipient=recipient)], OK)
        assert json.loads(request.body)["audience"][0]["profile"] == said


def test_each_of_many_has_a_profile_of_their_own() -> None:
    people = [Recipient(f"+1234567890{digit}", name=name) for digit, name in enumerate(("Nur", "Budi"))]
    messages = [message(Event("e"), number=n, recipient=person) for n, person in enumerate(people)]
    _, [request] = post(khoros(send_profile=True, batch_size=2), messages, OK)
    assert json.loads(request.body)["audience"] == [
        {
            "name": person.name,
            "phoneNumber": person.phone,
            "profile": {"fullName": person.name, "phoneNumber": person.phone},
        }
        for person in people
    ]


def test_event_speaks_the_two_letters_of_a_language() -> None:
    _, [request] = post(khoros(), [to_john(Event("e", "ind"))], OK)
    assert json.loads(request.body)["payload"]["metadata"] == {"language": "id"}


def test_operator_is_told_that_a_text_may_not_arrive_as_it_stands() -> None:
    assert "bot event" in khoros().capabilities.cautions["text"]
    assert "event" not in khoros().capabilities.cautions


@pytest.mark.parametrize("status", [401, 403])
def test_refused_key_is_told_with_what_to_do(status: int) -> None:
    [result], _ = post(khoros(), [to_john(Event("e"))], {"status": status, "json": {"message": "No."}})
    assert result.error
    assert ("Copy the messaging API key" in result.error.sentence) == (status == 401)
    assert ("Outbound section" in result.error.sentence) == (status == 403)


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
        (Text.of("x", quick_replies=("Yes",)), "quick_replies"),
        (Event(""), "name"),
        (Event("e", timezone="15"), "timezone"),
        (Event("e", timezone="Asia/Jakarta"), "timezone"),
    ],
    ids=[
        "empty text",
        "long text",
        "attachment",
        "quick reply",
        "event without a name",
        "hours past any zone",
        "a zone's name",
    ],
)
def test_limit(content: Text | Event, field: str) -> None:
    assert [problem.field for problem in khoros().validate(to_john(content))] == [field]


@pytest.mark.parametrize(
    "content", [Text.of("x" * 255), *(Event("e", timezone=hours) for hours in ("-12", "+7", "14"))]
)
def test_what_is_just_within_a_limit_passes(content: Text | Event) -> None:
    assert khoros().validate(to_john(content)) == []


def test_accepted_is_all_there_is_to_know() -> None:
    [result], _ = post(khoros(), [to_john(Event("e"))], OK)
    assert result == SendResult.accepted(exchange=result.exchange)


@pytest.mark.parametrize(
    ("channel_name", "mobile_only"),
    [
        ("rbm", True),
        ("telekom", True),
        ("messagemedia", True),
        ("twilio", False),
        ("khoros", False),
        ("whatsapp", False),
    ],
)
def test_rcs_and_sms_reach_mobile_phones_only(channel_name: str, *, mobile_only: bool) -> None:
    assert khoros(channel_name=channel_name).reaches_mobile_only() is mobile_only
