"""RapidPro: broadcasts as its page shows them, and its limits before anything is sent."""

import json
from typing import Any

import pytest

from providers import (
    ConfigurationError,
    OutboundMessage,
    Outcome,
    Recipient,
    Text,
    Translation,
)
from tests.providers.rapidpro_samples import CONTACT, CREATED, GROUP, HOST, MEDIA, bulk, rapidpro, to
from tests.providers.samples import PHONE, SECRET, message, post

TO_PHONE = {"urns": [f"tel:{PHONE}"]}
HELLO = {"text": {"eng": "Hello"}, "base_language": "eng"}

REQUESTS: dict[str, tuple[list[OutboundMessage], dict[str, Any]]] = {
    "one language": (bulk(1), {**TO_PHONE, **HELLO}),
    "translations": (
        [message(Text((Translation("eng", "Hello Joe!"), Translation("spa", "Hola Joe!"))))],
        {**TO_PHONE, "text": {"eng": "Hello Joe!", "spa": "Hola Joe!"}, "base_language": "eng"},
    ),
    "attachments": (
        [message(Text((Translation("eng", "Look", (MEDIA,)), Translation("spa", "Mira"))))],
        {
            **TO_PHONE,
            "text": {"eng": "Look", "spa": "Mira"},
            "attachments": {"eng": [MEDIA]},
            "base_language": "eng",
        },
    ),
    # A base language without any text is answered 500.
    "attachment alone": (
        [message(Text.of("", attachments=(MEDIA,)))],
        {**TO_PHONE, "attachments": {"eng": [MEDIA]}},
    ),
    # A base language without attachments, where another language has some, is answered 400.
    "attachment in another language alone": (
        [message(Text((Translation("eng", "Look"), Translation("spa", "Mira", (MEDIA,)))))],
        {**TO_PHONE, "text": {"eng": "Look", "spa": "Mira"}, "attachments": {"spa": [MEDIA]}},
    ),
    "quick replies": (
        [message(Text((Translation("eng", "Tea?", (), ("Yes", "me@work")), Translation("spa", "¿Té?"))))],
        {
            **TO_PHONE,
            "text": {"eng": "Tea?", "spa": "¿Té?"},
            "quick_replies": {"eng": [{"type": "text", "text": "Yes"}, {"type": "text", "text": "me@@work"}]},
            "base_language": "eng",
        },
    ),
    # A base language without quick replies, where another language has some, is answered 400.
    "quick replies in another language alone": (
        [message(Text((Translation("eng", "Tea?"), Translation("spa", "¿Té?", (), ("Sí",)))))],
        {
            **TO_PHONE,
            "text": {"eng": "Tea?", "spa": "¿Té?"},
            "quick_replies": {"spa": [{"type": "text", "text": "Sí"}]},
        },
    ),
    "at-signs stay literal": (
        [message(Text.of("Dear @contact, ask help@example.org or @(1 + 1) or @@you or @"))],
        {
            **TO_PHONE,
            "text": {"eng": "Dear @@contact, ask help@@example.org or @@(1 + 1) or @@@@you or @@"},
            "base_language": "eng",
        },
    ),
    "customer number": (to("C-17"), {"urns": ["ext:C-17"], **HELLO}),
    "identifier with a scheme": (to("facebook:123"), {"urns": ["facebook:123"], **HELLO}),
    "group": (to(f"group:{GROUP}"), {"groups": [GROUP], **HELLO}),
    "contact": (to(f"contact:{CONTACT}"), {"contacts": [CONTACT], **HELLO}),
    "all of them in one broadcast": (
        to("C-17", f"group:{GROUP}", f"contact:{CONTACT}", "facebook:123"),
        {"urns": ["ext:C-17", "facebook:123"], "contacts": [CONTACT], "groups": [GROUP], **HELLO},
    ),
    "phone of a contact": (
        [message(Text.of("Hello"), recipient=Recipient(PHONE, f"contact:{CONTACT}"))],
        {**TO_PHONE, **HELLO},
    ),
}


@pytest.mark.parametrize(("outgoing", "body"), REQUESTS.values(), ids=REQUESTS)
def test_request(outgoing: list[OutboundMessage], body: dict[str, Any]) -> None:
    _, [request] = post(rapidpro(), outgoing, CREATED)
    assert (request.method, request.url) == ("POST", f"{HOST}/api/v2/broadcasts.json")
    assert json.loads(request.body) == body
    assert dict(request.headers) == {
        "User-Agent": "broadcaster",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/json",
        "Authorization": f"Token {SECRET}",
        "Content-Length": str(len(request.body)),
    }


def test_equal_texts_share_broadcasts_of_a_hundred() -> None:
    results, requests = post(rapidpro(), bulk(101), CREATED, {"status": 201, "json": {"id": 1235}})
    assert [len(json.loads(request.body)["urns"]) for request in requests] == [100, 1]
    assert [result.provider_id for result in results] == ["1234"] * 100 + ["1235"]


def test_names_of_contacts_and_groups_are_looked_at_one_by_one() -> None:
    results, [request] = post(rapidpro(), to("C-17", "group:Reporters", f"group:{GROUP}", "contact:"), CREATED)
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.REJECTED] * 2
    assert json.loads(request.body) == {"urns": ["ext:C-17"], "groups": [GROUP], **HELLO}
    assert results[1].error
    assert results[1].error.sentence.startswith("A group of RapidPro is named by its UUID, such as group:09d23a05")


@pytest.mark.parametrize("name", ["Reporters", "", GROUP.upper(), f"{GROUP} ", GROUP[:-1], f"{{{GROUP}}}"])
def test_group_is_named_by_its_uuid(name: str) -> None:
    [problem] = rapidpro().validate(to(f"group:{name}")[0])
    assert problem.field == "identifier"


def languages(count: int) -> Text:
    codes = [f"a{first}{second}" for first in "abcdef" for second in "abcdefghij"]
    return Text(tuple(Translation(code, "x") for code in codes[:count]))


# label: (content, the fields at fault)
LIMITS: dict[str, tuple[Text, list[str]]] = {
    "640 characters": (Text.of("x" * 640), []),
    "640 characters once trimmed": (Text.of(" " + "x" * 640 + "\n"), []),
    "641 characters": (Text.of("x" * 641), ["text"]),
    "641 once escaped": (Text.of("@" * 321), ["text"]),
    "nothing": (Text.of(""), ["text"]),
    "blanks": (Text.of(" \n"), ["text"]),
    "no base language": (Text((Translation("eng", ""), Translation("spa", "Hola"))), ["text"]),
    "ten attachments": (Text.of("x", attachments=(MEDIA,) * 10), []),
    "eleven attachments": (Text.of("x", attachments=(MEDIA,) * 11), ["attachments"]),
    "attachment that was not uploaded": (Text.of("x", attachments=("https://example.org/a.png",)), ["attachments"]),
    "ten quick replies": (Text.of("x", quick_replies=("y" * 64,) * 10), []),
    "eleven quick replies": (Text.of("x", quick_replies=("y",) * 11), ["quick_replies"]),
    "a quick reply of 65 characters": (Text.of("x", quick_replies=("y" * 65,)), ["quick_replies"]),
    "a quick reply of 65 once escaped": (Text.of("x", quick_replies=("y" * 63 + "@",)), ["quick_replies"]),
    "an empty quick reply": (Text.of("x", quick_replies=(" ",)), ["quick_replies"]),
    "50 languages": (languages(50), []),
    "51 languages": (languages(51), ["translations"]),
    "two letters for a language": (Text.of("x", language="en"), ["translations"]),
}


@pytest.mark.parametrize(("content", "fields"), LIMITS.values(), ids=LIMITS)
def test_limit(content: Text, fields: list[str]) -> None:
    assert [problem.field for problem in rapidpro().validate(message(content))] == fields


def test_attachment_that_was_not_uploaded_is_told_to_be() -> None:
    [problem] = rapidpro().validate(message(Text.of("", attachments=("https://example.org/a.png",))))
    told = "The attachment https://example.org/a.png must be uploaded first; choose it from the media files."
    assert problem.sentence == told


def test_longest_text_follows_the_installation() -> None:
    longest = rapidpro(text_limit="4096")
    assert longest.validate(message(Text.of("x" * 4096))) == []
    assert [problem.field for problem in longest.validate(message(Text.of("x" * 4097)))] == ["text"]


@pytest.mark.parametrize("limit", ["0", "5000", "many", "-1", "1.5"])
def test_text_limit_that_is_none_is_refused(limit: str) -> None:
    with pytest.raises(ConfigurationError, match="Longest text must be a whole number, at least 1 and at most 4096"):
        rapidpro(text_limit=limit)
