"""Any text that a person or a file can hold goes out as it is, or is refused unsent: with every provider."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses

from providers import Content, Event, Flow, Outcome, Recipient, TemplateMessage, Text, VoiceCall
from providers.config import BATCH_SIZE
from tests.providers.samples import ANYWHERE, PHONE, Account, message, variants

each_variant = pytest.mark.parametrize("account", variants(), ids=str)

TEXTS = {
    "accents": "Zoë, Łukasz, e\u0301",
    "emoji": "👋🏽 👨\u200d👩\u200d👧 🇮🇩",
    "right to left": "مرحبا \u202bبك\u202c يسعدنا",
    "beyond 16 bits": "🜁 𠜎",
    "signs of JSON": '"\\ {} [] / \\u0041',
    "signs of CSV": 'a,"b";c|d',
    "signs of HTML": "<b>&amp;</b> 'x'",
    "signs of formats": "100 % %s %(x)s {0} $1",
}
# What a provider may refuse for its form, such as a variable over several lines.
ODD_TEXTS = {
    "lines": "one\ntwo\r\nthree",
    "other lines": "one\u2028two\u2029\x0b\x85three",
    "tabs": "one\t\ttwo",
    "control characters": "a\x00b\x1b\x7f",
    "byte order mark": "\ufeffa",
    "half of a character": "a\ud800b",
    "halves in the wrong order": "\udc00\ud800",
    "nothing to see": "\u200b",
    "spaces": "   ",
    "a novel": "word " * 50_000,
}


def saying(kind: str, text: str) -> Content:
    """Content of this kind that says the text where its kind has words."""
    contents: dict[str, Content] = {
        "text": Text.of(text),
        "template": TemplateMessage("order_ready", "en", (text,), namespace="6616bb93", template_id=172),
        "event": Event("Send template", params=(("name", text),)),
        "flow": Flow(body=text, cta="Open", flow_id="1", screen="START"),
        "voice": VoiceCall(flow_id="184"),
    }
    return contents[kind]


def strings(value: Any) -> Iterator[str]:
    """Every string of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


@each_variant
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_goes_out_as_it_is(account: Account, text: str) -> None:
    client = account.client()
    for kind in client.capabilities.content_kinds:
        request = client.build([message(saying(kind, text), campaign=text)])
        if request.body:  # a file is another matter, and has its own tests
            assert text in "\n".join(strings(json.loads(request.body)))


@each_variant
@pytest.mark.parametrize("text", [*TEXTS.values(), *ODD_TEXTS.values()], ids=[*TEXTS, *ODD_TEXTS])
def test_every_text_has_one_result(account: Account, text: str) -> None:
    client = account.client()
    for kind in client.capabilities.content_kinds:
        outgoing = message(saying(kind, text), campaign=text, recipient=Recipient(PHONE, name=text))
        with responses.RequestsMock(assert_all_requests_are_fired=False) as server:
            server.add("POST", ANYWHERE, status=401)
            [result] = client.send([outgoing])
            posted = len(server.calls)
        assert result.outcome is (Outcome.CHANNEL_REJECTED if posted else Outcome.REJECTED)
        assert result.error
        assert result.error.sentence.endswith(".")


@each_variant
def test_half_of_a_character_in_one_name_does_not_take_the_others_along(account: Account) -> None:
    shared = {BATCH_SIZE: 3} if account.client().capabilities.max_batch > 1 else {}
    client, messages = account.client(**shared), account.messages(3)
    messages[1] = message(messages[1].content, number=1, recipient=Recipient(PHONE, name="\ud800"))
    with responses.RequestsMock() as server:
        server.add("POST", ANYWHERE, status=401)
        outcomes = [result.outcome for result in client.send(messages)]
    assert outcomes[0] is outcomes[2] is Outcome.CHANNEL_REJECTED
    assert outcomes[1] in {Outcome.CHANNEL_REJECTED, Outcome.REJECTED}  # many never say the name
