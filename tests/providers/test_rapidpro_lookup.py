"""RapidPro asked for posts whose answer was lost: word for word, URN for URN, and only in their time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import responses
from responses import matchers

from providers import Client, OutboundMessage, ProviderError, Recipient, Text, Translation
from tests.providers.samples import BASE_URL, CONTENTS, accounts, client, message

LIST = f"{BASE_URL}/api/v2/broadcasts.json"
SINCE = datetime(2030, 1, 1, 12, tzinfo=UTC)
UNTIL = SINCE + timedelta(minutes=8)
MEDIA = "6cb25adc-47fe-11e4-bfe9-b8f6b119e9ab"
ANN, BOB = message(Text.of("Hello"), number=1), message(Text.of("Hello"), number=2)


def rapidpro(**config: Any) -> Client:
    return client("rapidpro", **config)


def urn(outgoing: OutboundMessage) -> str:
    return f"tel:{outgoing.recipient.phone}"


def theirs(number: int, *to: OutboundMessage, at: datetime = SINCE, **fields: Any) -> dict[str, Any]:
    """A broadcast as it is listed."""
    return {
        "id": number,
        "urns": [urn(each) for each in to],
        "text": {"eng": "Hello"},
        "attachments": {"eng": []},
        "base_language": "eng",
        "created_on": at.isoformat(),
        **fields,
    }


def lookup(*messages: OutboundMessage) -> list[list[str]]:
    return rapidpro().lookup(messages, SINCE, UNTIL)


def lists(*broadcasts: object, following: str | None = None, **asked: str) -> responses.BaseResponse:
    match = [matchers.query_param_matcher(asked)] if asked else []
    page = {"next": following, "previous": None, "results": list(broadcasts)}
    added: responses.BaseResponse = responses.get(LIST, json=page, match=match)
    return added


@responses.activate
def test_what_was_made_is_found_for_each_of_its_people() -> None:
    lists(theirs(7, ANN, BOB))
    assert lookup(ANN, BOB, message(Text.of("Hello"), number=3)) == [["7"], ["7"], []]


@responses.activate
def test_only_the_time_of_the_post_is_asked_for() -> None:
    asked = lists(theirs(7, ANN), after="2030-01-01T12:00:00.000Z", before="2030-01-01T12:08:00.000Z")
    assert (lookup(ANN), asked.call_count) == ([["7"]], 1)


@responses.activate
def test_equal_posts_are_told_the_oldest_first() -> None:
    lists(theirs(9, ANN, at=SINCE + timedelta(minutes=2)), theirs(8, BOB), theirs(7, ANN))
    assert lookup(ANN, ANN) == [["7", "9"], ["7", "9"]]


OTHERS: dict[str, dict[str, Any]] = {
    "another text": {"text": {"eng": "Hello!"}},
    "another case": {"text": {"eng": "hello"}},
    "one language more": {"text": {"eng": "Hello", "spa": "Hola"}},
    "another language": {"text": {"spa": "Hello"}},
    "another base language": {"base_language": "spa"},
    "an attachment": {"attachments": {"eng": ["image/png:https://example.org/a.png"]}},
    "another person": {"urns": [urn(BOB)]},
    "hidden people": {"urns": None},
    "no text": {"text": None},
    "too early": {"created_on": (SINCE - timedelta(seconds=1)).isoformat()},
    "too late": {"created_on": (UNTIL + timedelta(seconds=1)).isoformat()},
    "no time": {"created_on": None},
    "no id": {"id": None},
    "URNs that are none": {"urns": [5, None, {"x": 1}]},
}


@pytest.mark.parametrize("difference", OTHERS.values(), ids=OTHERS)
@responses.activate
def test_what_differs_is_not_found(difference: dict[str, Any]) -> None:
    lists({**theirs(7, ANN), **difference}, "junk", None)
    assert lookup(ANN) == [[]]


SAME: dict[str, tuple[OutboundMessage, dict[str, Any]]] = {
    "trimmed": (message(Text.of(" Hello \n"), number=1), {}),
    "at-signs as they were posted": (message(Text.of("a@b.c"), number=1), {"text": {"eng": "a@@b.c"}}),
    "languages in another order": (
        message(Text((Translation("eng", "Hello"), Translation("spa", "Hola"))), number=1),
        {"text": {"spa": "Hola", "eng": "Hello"}},
    ),
    "attachments by their number": (
        message(Text.of("Hello", attachments=(MEDIA,)), number=1),
        {"attachments": {"eng": [f"image/png:https://example.org/{MEDIA}.png"]}},
    ),
    "a customer number": (
        message(Text.of("Hello"), recipient=Recipient(identifier="C-17")),
        {"urns": ["ext:C-17"]},
    ),
    "a newer installation": (ANN, {"id": None, "uuid": "7"}),
    "posted without a base language": (
        message(Text((Translation("eng", "Hello"), Translation("spa", "", (MEDIA,)))), number=1),
        {"attachments": {"eng": [], "spa": [f"image/png:https://example.org/{MEDIA}.png"]}},
    ),
}


@pytest.mark.parametrize(("outgoing", "shown"), SAME.values(), ids=SAME)
@responses.activate
def test_what_is_written_differently_is_found(outgoing: OutboundMessage, shown: dict[str, Any]) -> None:
    lists({**theirs(7, ANN), **shown})
    assert lookup(outgoing) == [["7"]]


@pytest.mark.parametrize(("kind", "name"), [("group", "groups"), ("contact", "contacts")])
@responses.activate
def test_contacts_and_groups_are_found_by_their_uuid(kind: str, name: str) -> None:
    somebody = message(Text.of("Hello"), recipient=Recipient(identifier=f"{kind}:{MEDIA}"))
    lists(theirs(9, ANN), {**theirs(8), name: [None, {"uuid": "x"}]}, {**theirs(7, ANN), name: [{"uuid": MEDIA}]})
    assert lookup(somebody) == [[f"{kind}:7"]]


@responses.activate
def test_an_attachment_alone_could_be_anything() -> None:
    lists(theirs(7, ANN, text={"eng": None}, attachments={"eng": ["image/png:https://example.org/a.png"]}))
    assert lookup(message(Text.of("", attachments=(MEDIA,)), number=1)) == [[]]


@responses.activate
def test_every_page_is_read_but_not_for_ever() -> None:
    endless = lists(theirs(7, ANN), following=f"{LIST}?cursor=cD0x")
    assert (lookup(ANN), endless.call_count) == ([["7"]], 20)
    assert "cursor=cD0x" in str(responses.calls[1].request.url)


@responses.activate
def test_a_list_that_is_cut_off_is_read_in_halves_of_its_time() -> None:
    responses.get(LIST, body='{"next": null, "results": [{"id": 7, "ur')
    lists(theirs(9, ANN, at=UNTIL))
    lists(theirs(7, ANN))
    assert lookup(ANN) == [["7", "9"]]
    asked = [parse_qs(str(call.request.url))["before"] for call in responses.calls]
    assert asked == [["2030-01-01T12:08:00.000Z"], ["2030-01-01T12:08:00.000Z"], ["2030-01-01T12:04:00.000Z"]]


@responses.activate
def test_a_list_that_can_never_be_read_is_an_error_soon() -> None:
    junk = responses.get(LIST, json={"next": None})
    with pytest.raises(ProviderError):
        lookup(ANN)
    assert junk.call_count < 12


@responses.activate
def test_a_refusal_is_an_error() -> None:
    responses.get(LIST, status=403, json={"detail": "Invalid token"})
    with pytest.raises(ProviderError):
        lookup(ANN)


@pytest.mark.parametrize("account", [each for each in accounts() if each.kind != "rapidpro"], ids=str)
def test_who_cannot_be_asked_tells_nothing(account: Any) -> None:
    asked = account.client()
    assert not asked.capabilities.lookup
    assert asked.lookup([message(CONTENTS["text"])] * 2, SINCE, UNTIL) == [[], []]
