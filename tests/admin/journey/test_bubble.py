"""The bubble shows of each kind of content what we know of it."""

import pytest

import providers
from broadcaster.admin.journey.bubble import Bubble, bubble, parts
from broadcaster.models import Channel

Case = tuple[providers.Content, Bubble]
CASES: dict[str, Case] = {
    "text": (
        providers.Text.of("Hello", attachments=("a.png",)),
        Bubble(text="Hello", attachments=("a.png",)),
    ),
    "template with a text header": (
        providers.TemplateMessage(
            "bill", "id", ("Ann", "10"), header=providers.Media("text", "June"), buttons=(providers.Button("url", "x"),)
        ),
        Bubble(
            note="Template “bill” (id); its words are kept at the provider.",
            header="June",
            facts=(("{{1}}", "Ann"), ("{{2}}", "10")),
            buttons=("x",),
        ),
    ),
    "template with a picture": (
        providers.TemplateMessage("bill", "id", header=providers.Media("image", "https://x/y.png")),
        Bubble(note="Template “bill” (id); its words are kept at the provider.", attachments=("https://x/y.png",)),
    ),
    "event": (
        providers.Event("order_paid", params=(("order", "7"),)),
        Bubble(note="Starts the bot with the event “order_paid”.", facts=(("order", "7"),)),
    ),
    "flow": (
        providers.Flow(body="Rate us", cta="Open", header="Survey", footer="Bye"),
        Bubble(text="Rate us", header="Survey", footer="Bye", buttons=("Open",)),
    ),
    "call flow": (
        providers.VoiceCall(flow_id="7", caller_id="+621"),
        Bubble(note="A phone call from +621 that plays call flow 7."),
    ),
    "prompt": (providers.VoiceCall(prompt_id="p1"), Bubble(note="A phone call that plays prompt p1.")),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_each_content_has_its_bubble(case: Case) -> None:
    content, expected = case
    assert bubble(content) == expected


def test_every_kind_of_content_can_be_drawn() -> None:
    assert {case[0].kind for case in CASES.values()} == set(providers.CONTENT_KINDS)


@pytest.mark.parametrize("channel", [None, Channel(kind="qiscus")])
def test_only_a_channel_that_sends_sms_counts_parts(channel: Channel | None) -> None:
    assert parts(channel, providers.Text.of("Hello")) is None


def test_what_is_no_text_has_no_parts() -> None:
    assert parts(Channel(kind="rapidpro"), providers.VoiceCall(prompt_id="p1")) is None
