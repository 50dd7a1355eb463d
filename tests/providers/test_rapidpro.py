"""RapidPro: broadcasts as its page shows them, the errors of its code, and messages read back by polling."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import responses
from responses import matchers

from providers import (
    Client,
    ConfigurationError,
    DeliveryStatus,
    OutboundMessage,
    Outcome,
    ProviderError,
    Recipient,
    Text,
    Translation,
)
from tests.providers.samples import PHONE, SECRET, client, message, poll, post

HOST = "https://rapidpro.example.org"
MESSAGES = f"{HOST}/api/v2/messages.json"
CREATED = {"status": 201, "json": {"id": 1234, "uuid": "0199", "status": "queued", "urns": ["tel:+250788123123"]}}
MEDIA = "6cb25adc-47fe-11e4-bfe9-b8f6b119e9ab"


def rapidpro(**config: Any) -> Client:
    settings = {"base_url": HOST, **config}
    return client("rapidpro", **settings)


def bulk(count: int) -> list[OutboundMessage]:
    return [message(Text.of("Hello"), number=number) for number in range(count)]


REQUESTS: dict[str, tuple[OutboundMessage, dict[str, Any]]] = {
    "one language": (
        message(Text.of("Hello")),
        {"urns": [f"tel:{PHONE}"], "text": {"eng": "Hello"}, "base_language": "eng"},
    ),
    "translations": (
        message(Text((Translation("eng", "Hello Joe!"), Translation("spa", "Hola Joe!")))),
        {
            "urns": [f"tel:{PHONE}"],
            "text": {"eng": "Hello Joe!", "spa": "Hola Joe!"},
            "base_language": "eng",
        },
    ),
    "attachments": (
        message(Text((Translation("eng", "Look", (MEDIA,)), Translation("spa", "Mira")))),
        {
            "urns": [f"tel:{PHONE}"],
            "text": {"eng": "Look", "spa": "Mira"},
            "attachments": {"eng": [MEDIA]},
            "base_language": "eng",
        },
    ),
    "attachment alone": (
        message(Text.of("", attachments=(MEDIA,))),
        {"urns": [f"tel:{PHONE}"], "attachments": {"eng": [MEDIA]}, "base_language": "eng"},
    ),
    "at-signs stay literal": (
        message(Text.of("Dear @contact, ask help@example.org or @(1 + 1)")),
        {
            "urns": [f"tel:{PHONE}"],
            "text": {"eng": "Dear @@contact, ask help@@example.org or @@(1 + 1)"},
            "base_language": "eng",
        },
    ),
    "customer number": (
        message(Text.of("Hello"), recipient=Recipient(identifier="C-17")),
        {"urns": ["ext:C-17"], "text": {"eng": "Hello"}, "base_language": "eng"},
    ),
    "identifier with a scheme": (
        message(Text.of("Hello"), recipient=Recipient(identifier="facebook:123")),
        {"urns": ["facebook:123"], "text": {"eng": "Hello"}, "base_language": "eng"},
    ),
}

ANSWERS: dict[str, tuple[dict[str, Any], Outcome, str]] = {
    "created": (CREATED, Outcome.ACCEPTED, ""),
    "updated": ({"status": 200, "json": {"id": 1234}}, Outcome.ACCEPTED, ""),
    "newer, without a number": ({"status": 201, "json": {"uuid": "1234"}}, Outcome.ACCEPTED, ""),
    "without any id": ({"status": 201, "json": {"status": "queued"}}, Outcome.UNKNOWN, ""),
    "no recipients": (
        {"status": 400, "json": {"non_field_errors": ["Must provide either urns, contacts or groups."]}},
        *(Outcome.REJECTED, "HTTP 400"),
    ),
    "text too long": (
        {"status": 400, "json": {"text": {"eng": ["Ensure this field has no more than 640 characters."]}}},
        *(Outcome.REJECTED, "HTTP 400"),
    ),
    "malformed": ({"status": 400, "json": {"detail": "JSON parse error - x"}}, Outcome.REJECTED, "HTTP 400"),
    "workspace flagged": (
        {"status": 400, "json": {"non_field_errors": ["Sorry, your workspace is currently flagged. To re-enable"]}},
        *(Outcome.CHANNEL_REJECTED, "workspace"),
    ),
    "workspace suspended": (
        {"status": 400, "json": {"non_field_errors": ["Sorry, your workspace is currently suspended. To re-"]}},
        *(Outcome.CHANNEL_REJECTED, "workspace"),
    ),
    "bad token": ({"status": 403, "json": {"detail": "Invalid token"}}, Outcome.CHANNEL_REJECTED, "HTTP 403"),
    "wrong address": ({"status": 404, "body": "<html>"}, Outcome.CHANNEL_REJECTED, "HTTP 404"),
    "wrong method": ({"status": 405, "json": {"detail": "no"}}, Outcome.CHANNEL_REJECTED, "HTTP 405"),
    "workspace limit": ({"status": 409, "json": {"detail": "limit of 5"}}, Outcome.CHANNEL_REJECTED, "HTTP 409"),
    "wrong content type": ({"status": 415, "json": {"detail": "no"}}, Outcome.CHANNEL_REJECTED, "HTTP 415"),
    "throttled": (
        {"status": 429, "headers": {"Retry-After": "3600"}, "json": {"detail": "Request was throttled."}},
        *(Outcome.RETRY, "HTTP 429"),
    ),
    "crash": ({"status": 500, "body": "Server Error. Site administrators have"}, Outcome.UNKNOWN, "HTTP 500"),
    "lost behind a gateway": ({"status": 502, "body": ""}, Outcome.UNKNOWN, "HTTP 502"),
}


@pytest.mark.parametrize(("outgoing", "body"), REQUESTS.values(), ids=REQUESTS)
def test_request(outgoing: OutboundMessage, body: dict[str, Any]) -> None:
    _, [request] = post(rapidpro(), [outgoing], CREATED)
    assert (request.method, request.url) == ("POST", f"{HOST}/api/v2/broadcasts.json")
    assert json.loads(request.body) == body


def test_headers_carry_the_token() -> None:
    _, [request] = post(rapidpro(), bulk(1), CREATED)
    assert dict(request.headers) == {
        "User-Agent": "broadcaster",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/json",
        "Authorization": f"Token {SECRET}",
        "Content-Length": str(len(request.body)),
    }


@pytest.mark.parametrize(("answer", "outcome", "code"), ANSWERS.values(), ids=ANSWERS)
def test_answer(answer: dict[str, Any], outcome: Outcome, code: str) -> None:
    [result], _ = post(rapidpro(), bulk(1), answer)
    assert (result.outcome, result.error.code if result.error else "") == (outcome, code)
    assert result.provider_id == ("1234" if outcome is Outcome.ACCEPTED else "")


def test_equal_texts_share_broadcasts_of_a_hundred() -> None:
    results, requests = post(rapidpro(), bulk(101), CREATED, {"status": 201, "json": {"id": 1235}})
    assert [len(json.loads(request.body)["urns"]) for request in requests] == [100, 1]
    assert [result.provider_id for result in results] == ["1234"] * 100 + ["1235"]


def test_one_bad_urn_is_refused_and_the_others_tried_again() -> None:
    refusal = {"status": 400, "json": {"urns": {"1": ["Invalid URN: tel:+1. Ensure phone numbers are right."]}}}
    results, _ = post(rapidpro(), bulk(3), refusal)
    assert [result.outcome for result in results] == [Outcome.RETRY, Outcome.REJECTED, Outcome.RETRY]
    assert results[1].error
    assert results[1].error.sentence == "Invalid URN: tel:+1. Ensure phone numbers are right."


def test_only_recipient_that_is_bad_is_refused() -> None:
    [result], _ = post(rapidpro(), bulk(1), {"status": 400, "json": {"urns": {"0": ["Invalid URN: x."]}}})
    assert result.outcome is Outcome.REJECTED


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (Text.of(""), "text"),
        (Text.of("x" * 641), "text"),
        (Text.of("@" * 321), "text"),
        (Text((Translation("eng", ""), Translation("spa", "Hola"))), "text"),
        (Text.of("x", attachments=tuple("abcdefghijk")), "attachments"),
        (Text(tuple(Translation(f"x{number:02d}", "x") for number in range(51))), "translations"),
    ],
    ids=["nothing", "long", "long once escaped", "no base language", "eleven attachments", "51 languages"],
)
def test_limit(content: Text, field: str) -> None:
    assert [problem.field for problem in rapidpro().validate(message(content))] == [field]


def test_longest_text_follows_the_installation() -> None:
    assert rapidpro(text_limit="4096").validate(message(Text.of("x" * 4096))) == []


@pytest.mark.parametrize("limit", ["0", "5000", "many", "-1", "1.5"])
def test_text_limit_that_is_none_is_refused(limit: str) -> None:
    with pytest.raises(ConfigurationError, match="Longest text must be a whole number, at least 1 and at most 4096"):
        rapidpro(text_limit=limit)


def page(*messages: dict[str, Any], following: str | None = None) -> dict[str, Any]:
    return {"next": following, "previous": None, "results": list(messages)}


def outgoing(status: object, **fields: Any) -> dict[str, Any]:
    return {"id": 1, "urn": "tel:+250788123123", "direction": "out", "status": status, **fields}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("initializing", DeliveryStatus.QUEUED),
        ("queued", DeliveryStatus.QUEUED),
        ("wired", DeliveryStatus.SENT),
        ("sent", DeliveryStatus.SENT),
        ("errored", DeliveryStatus.SENT),
        ("resent", DeliveryStatus.SENT),
        ("delivered", DeliveryStatus.DELIVERED),
        ("read", DeliveryStatus.READ),
        ("failed", DeliveryStatus.FAILED),
        ("teleported", DeliveryStatus.UNKNOWN),
        (None, DeliveryStatus.UNKNOWN),
    ],
)
@responses.activate
def test_polled_status(word: str | None, status: DeliveryStatus) -> None:
    responses.get(MESSAGES, json=page(outgoing(word, modified_on="2013-03-02T17:29:12.123456Z")))
    [event], _ = poll(rapidpro(), ["1234"])
    assert (event.status, event.provider_id, event.address) == (status, "1234", "+250788123123")
    assert event.at == datetime(2013, 3, 2, 17, 29, 12, 123456, UTC)


@responses.activate
def test_poll_reads_every_page_with_the_token_and_stays_on_its_own_host() -> None:
    elsewhere = "https://evil.example.com/api/v2/messages.json?broadcast=1234&cursor=cD0x"
    first = responses.get(MESSAGES, match=[query(broadcast="1234")], json=page(outgoing("sent"), following=elsewhere))
    second = responses.get(MESSAGES, match=[query(broadcast="1234", cursor="cD0x")], json=page(outgoing("read")))
    events, cursor = poll(rapidpro(), ["1234"], "kept")
    assert [event.status for event in events] == [DeliveryStatus.SENT, DeliveryStatus.READ]
    assert (first.call_count, second.call_count, cursor) == (1, 1, "kept")
    assert responses.calls[0].request.headers["Authorization"] == f"Token {SECRET}"


@responses.activate
def test_poll_ends_although_the_pages_never_do() -> None:
    endless = responses.get(MESSAGES, json=page(following=f"{MESSAGES}?cursor=again"))
    assert poll(rapidpro(), ["1234"]) == ([], "")
    assert endless.call_count == 20


@responses.activate
def test_poll_leaves_replies_out_and_keeps_other_addresses() -> None:
    reply = {"urn": "tel:+250788123123", "direction": "in", "status": "handled"}
    others = [outgoing("sent", urn="ext:C-17"), outgoing("sent", urn="facebook:123")]
    responses.get(MESSAGES, json=page(reply, *others))
    events, _ = poll(rapidpro(), ["1234"])
    assert [event.address for event in events] == ["C-17", "facebook:123"]


@pytest.mark.parametrize("following", ["http://[", 5, "https://example.org/", ""])
@responses.activate
def test_poll_ends_at_a_next_page_that_is_none(following: Any) -> None:
    responses.get(MESSAGES, json=page(outgoing("sent"), following=following))
    assert len(poll(rapidpro(), ["1234"])[0]) == 1


@responses.activate
def test_poll_says_why_it_failed() -> None:
    responses.get(MESSAGES, status=403, json={"detail": f"Invalid token {SECRET}"})
    with pytest.raises(ProviderError) as refusal:
        poll(rapidpro(), ["1234"])
    assert SECRET not in refusal.value.sentence


@responses.activate
def test_health_is_asked_for_with_the_right_that_sending_needs() -> None:
    responses.get(f"{HOST}/api/v2/broadcasts.json", match=[query(before="2000-01-01T00:00:00Z")], json=page())
    assert rapidpro().check().ok is True


def query(**fields: str) -> Any:
    return matchers.query_param_matcher(fields)
