"""The bubble shows of each kind of content what we know of it."""

import pytest
from django.urls import reverse

import providers
from broadcaster.admin.journey.bubble import Attachment, Bubble, bubble, parts
from broadcaster.content import media
from broadcaster.models import Channel, ListedTemplate
from tests.content.conftest import make_channel
from tests.files import PDF, stored

Case = tuple[providers.Content, Bubble]
CASES: dict[str, Case] = {
    "text": (
        providers.Text.of("Hello", attachments=("a.png",), quick_replies=("Yes", "No")),
        Bubble(text="Hello", attachments=(Attachment("a.png"),), buttons=("Yes", "No")),
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
        Bubble(
            note="Template “bill” (id); its words are kept at the provider.",
            attachments=(Attachment("https://x/y.png"),),
        ),
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


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Dear {{1}}, pay {{2}}. Bye, {{1}}", "Dear Ann, pay 10. Bye, Ann"),
        ("Pay {{2}}, {{ 1 }}", "Pay 10, Ann"),
        ("Dear {{name}}, pay {{amount}}", "Dear Ann, pay 10"),
        ("Dear {{1}}, {{2}} of {{3}}", "Dear Ann, 10 of {{3}}"),
        ("<b>{{1}}</b>", "<b>Ann</b>"),
    ],
)
def test_a_listed_template_is_shown_in_its_words(body: str, words: str) -> None:
    channel = make_channel(kind="qiscus")
    ListedTemplate.objects.create(channel=channel, name="bill", language="id", approval="approved", body=body)
    shown = bubble(providers.TemplateMessage("bill", "id", ("Ann", "10")), channel)
    assert shown == Bubble(text=words, note="Template “bill” (id), as the account lists it.")


@pytest.mark.django_db
def test_a_template_whose_words_are_not_listed_is_shown_by_its_variables() -> None:
    channel = make_channel(kind="qiscus")
    ListedTemplate.objects.create(channel=channel, name="bill", language="id", approval="approved")
    content = providers.TemplateMessage("bill", "id", ("Ann",))
    assert bubble(content, channel) == bubble(content)


@pytest.mark.django_db
def test_a_picture_is_shown_and_another_file_by_its_name() -> None:
    picture, letter = stored(), stored("letter.pdf", PDF)
    lines = tuple(media.reference(file.uuid) for file in (picture, letter))
    shown = (Attachment("june.png", reverse("admin:mediafile_content", args=[picture.pk])), Attachment("letter.pdf"))
    assert bubble(providers.Text.of("Hello", attachments=lines)).attachments == shown


@pytest.mark.django_db
def test_a_file_that_is_gone_is_shown_by_its_reference() -> None:
    line = media.reference("6cb25adc-47fe-11e4-bfe9-b8f6b119e9ab")
    assert bubble(providers.Text.of("Hello", attachments=(line,))).attachments == (Attachment(line),)


def test_every_kind_of_content_can_be_drawn() -> None:
    assert {case[0].kind for case in CASES.values()} == set(providers.CONTENT_KINDS)


@pytest.mark.parametrize("channel", [None, Channel(kind="qiscus")])
def test_only_a_channel_that_sends_sms_counts_parts(channel: Channel | None) -> None:
    assert parts(channel, providers.Text.of("Hello")) is None


def test_what_is_no_text_has_no_parts() -> None:
    assert parts(Channel(kind="rapidpro"), providers.VoiceCall(prompt_id="p1")) is None
