"""Content kinds: a translation's JSON becomes the providers' content, or one sentence beside each wrong field."""

import dataclasses
from typing import Any

import pytest

import providers
from broadcaster.content import kinds

FLOW = {"body": "Hi", "cta": "Open", "flow_id": "123", "screen": "START"}
TEMPLATE = {"name": "invoice", "language": "id"}

BUILT: dict[str, tuple[str, dict[str, Any], providers.Content]] = {
    "text": ("text", {"text": "Hi"}, providers.Text.of("Hi")),
    "text with attachments": (
        "text",
        {"text": "", "attachments": "a\nb"},
        providers.Text.of("", attachments=("a", "b")),
    ),
    "text with quick replies": (
        "text",
        {"text": "Tea?", "quick_replies": "Yes\nNo"},
        providers.Text.of("Tea?", quick_replies=("Yes", "No")),
    ),
    "bare template": ("template", TEMPLATE, providers.TemplateMessage(name="invoice", language="id")),
    "whole template": (
        "template",
        TEMPLATE
        | {"namespace": "n", "template_id": "172", "variables": "a\nb", "header_kind": "image", "header": "https://x/y"}
        | {"buttons": "url = promo\nquick_reply 3 = yes"},
        providers.TemplateMessage(
            name="invoice",
            language="id",
            variables=("a", "b"),
            namespace="n",
            template_id=172,
            header=providers.Media("image", "https://x/y"),
            buttons=(providers.Button("url", "promo", 0), providers.Button("quick_reply", "yes", 3)),
        ),
    ),
    "event": (
        "event",
        {"name": "Send", "language": "fr", "params": {"no": "7"}},
        providers.Event(name="Send", language="fr", params=(("no", "7"),)),
    ),
    "flow": (
        "flow",
        FLOW | {"data": '{"a": [1, "x"]}'},
        providers.Flow(body="Hi", cta="Open", flow_id="123", screen="START", data={"a": [1, "x"]}),
    ),
    "voice flow": ("voice", {"flow_id": 184}, providers.VoiceCall(flow_id="184")),
    "voice prompt": (
        "voice",
        {"prompt_id": "354", "caller_id": "+62811"},
        providers.VoiceCall(prompt_id="354", caller_id="+62811"),
    ),
}

WRONG: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "empty text": ("text", {}, {"text": "Write a text or add an attachment."}),
    "blank text": ("text", {"text": " "}, {"text": "Write a text"}),
    "unknown contact placeholder": ("text", {"text": "@contact.city"}, {"text": "There is no @contact.city: use"}),
    "eleven quick replies": ("text", {"text": "x", "quick_replies": ["y"] * 11}, {"quick_replies": "more than 10"}),
    "long quick reply": ("text", {"text": "x", "quick_replies": "y" * 65}, {"quick_replies": "shorten it to 64"}),
    "quick reply alone": ("text", {"quick_replies": "y"}, {"text": "Write a text"}),
    "template without anything": ("template", {}, {"name": "is missing", "language": "is missing"}),
    "template language": ("template", TEMPLATE | {"language": "Bahasa"}, {"language": "such as id or en_US"}),
    "template id": ("template", TEMPLATE | {"template_id": "x"}, {"template_id": "Give a whole number."}),
    "placeholder in the name": ("template", TEMPLATE | {"name": "@row.x"}, {"name": "cannot hold @row.x"}),
    "header without a kind": ("template", TEMPLATE | {"header": "x"}, {"header_kind": "Choose what kind"}),
    "header without content": ("template", TEMPLATE | {"header_kind": "text"}, {"header": "or choose no header"}),
    "header of an unknown kind": (
        "template",
        TEMPLATE | {"header_kind": "gif", "header": "x"},
        {"header_kind": "Choose one of: None, Text, Image, Video, Document."},
    ),
    "button kind": ("template", TEMPLATE | {"buttons": "link = x"}, {"buttons": "this one begins with link"}),
    "button place": ("template", TEMPLATE | {"buttons": "url ten = x"}, {"buttons": "this one begins with url ten"}),
    "two buttons in one place": ("template", TEMPLATE | {"buttons": "url 1 = x\nurl = y"}, {"buttons": "same place"}),
    "event without a name": ("event", {}, {"name": "is missing"}),
    "event language": ("event", {"name": "x", "language": "1"}, {"language": "such as id"}),
    "event parameters": ("event", {"name": "x", "params": "a"}, {"params": "name = value"}),
    "flow with neither id nor name": ("flow", FLOW | {"flow_id": ""}, {"flow_id": "Give the flow's ID or its name."}),
    "flow with both": ("flow", FLOW | {"flow_name": "x"}, {"flow_id": "not both"}),
    "flow without a screen": ("flow", FLOW | {"screen": ""}, {"screen": "Name the screen"}),
    "flow whose endpoint chooses": (
        "flow",
        FLOW | {"action": "data_exchange", "data": {"a": 1}},
        {"screen": "Leave this empty", "data": "Leave this empty"},
    ),
    "button too long": ("flow", FLOW | {"cta": "x" * 21}, {"cta": "has 21 characters; shorten it to 20 at most"}),
    "button with an emoji": (
        "flow",
        FLOW | {"cta": "Open \U0001f389"},
        {"cta": "no emoji on this button; take it out"},
    ),
    "header too long": ("flow", FLOW | {"header": "x" * 61}, {"header": "has 61 characters; shorten it to 60"}),
    "footer too long": ("flow", FLOW | {"footer": "x" * 61}, {"footer": "has 61 characters; shorten it to 60"}),
    "body too long": ("flow", FLOW | {"body": "x" * 1025}, {"body": "has 1025 characters; shorten it to 1024"}),
    "body too long whatever stands for its placeholder": (
        "flow",
        FLOW | {"body": "x" * 1025 + "@contact.name"},
        {"body": "has 1025 characters; shorten it to 1024"},
    ),
    "data that is no object": ("flow", FLOW | {"data": "[1]"}, {"data": "Write a JSON object, such as"}),
    "data that is no JSON": ("flow", FLOW | {"data": "{city: 1}"}, {"data": "Write a JSON object, such as"}),
    "data with a number that is none": ("flow", FLOW | {"data": '{"a": [NaN]}'}, {"data": "no NaN or Infinity"}),
    "flow mode": ("flow", FLOW | {"mode": "live"}, {"mode": "Choose one of: Published, Draft."}),
    "flow action": ("flow", FLOW | {"action": "jump"}, {"action": "Choose one of"}),
    "unknown placeholder deep in the data": (
        "flow",
        FLOW | {"data": {"a": ["@contact.age"]}},
        {"data": "There is no @contact.age"},
    ),
    "voice with neither": ("voice", {}, {"flow_id": "Give a call flow or a prompt."}),
    "voice with both": ("voice", {"flow_id": "1", "prompt_id": "2"}, {"flow_id": "not both"}),
}


@pytest.mark.parametrize(("kind", "fields", "expected"), BUILT.values(), ids=BUILT)
def test_content_from(kind: str, fields: dict[str, Any], expected: providers.Content) -> None:
    assert kinds.clean(kind, fields) == {}
    assert kinds.content_from(kind, fields, lambda text: text) == expected


@pytest.mark.parametrize(("kind", "fields", "errors"), WRONG.values(), ids=WRONG)
def test_clean_gives_one_sentence_for_each_wrong_field(
    kind: str, fields: dict[str, Any], errors: dict[str, str]
) -> None:
    found = kinds.clean(kind, fields)
    assert found.keys() == errors.keys()
    assert all(part in found[name] for name, part in errors.items())


LONGEST = {"cta": 20, "header": 60, "footer": 60, "body": 1024}


@pytest.mark.parametrize(("name", "length"), LONGEST.items())
def test_a_text_of_a_flow_may_be_as_long_as_its_provider_takes(name: str, length: int) -> None:
    assert kinds.clean("flow", FLOW | {name: "ह" * length}) == {}
    content = kinds.content_from("flow", FLOW | {name: "ह" * length}, str)
    sent = providers.connect("kaleyra", config={"sid": "HX1", "sender": "+911234567890"}, secrets={"api_key": "k"})
    message = providers.OutboundMessage("ref", providers.Recipient("+6281234567890"), content)
    assert sent.validate(message) == []


def test_literal_at_signs_and_placeholders_count_for_what_they_leave() -> None:
    assert kinds.clean("flow", FLOW | {"header": "@@" * 60}) == {}
    assert kinds.clean("flow", FLOW | {"header": "x" * 60 + "@contact.name"}) == {}


def test_the_text_carries_its_language() -> None:
    assert kinds.content_from("text", {"text": "Halo"}, str, language="ind") == providers.Text.of(
        "Halo", language="ind"
    )


def test_every_text_that_may_vary_is_evaluated_and_no_other() -> None:
    fields = FLOW | {"data": {"a": ["x", 1, {"b": "y"}]}, "token": "t"}
    flow = kinds.content_from("flow", fields, lambda text: f"<{text}>" if text else "")
    assert flow == providers.Flow(
        body="<Hi>",
        cta="Open",
        flow_id="123",
        screen="START",
        token="<t>",
        data={"a": ["<x>", 1, {"b": "<y>"}]},
    )


def test_a_value_with_line_breaks_stays_one_variable() -> None:
    message = kinds.content_from("template", TEMPLATE | {"variables": "@row.x"}, lambda text: "a\nb" if text else "")
    assert message == providers.TemplateMessage(name="invoice", language="id", variables=("a\nb",))


@pytest.mark.parametrize("kind", providers.CONTENT_KINDS)
def test_each_kind_of_the_providers_has_a_form(kind: str) -> None:
    names = {field.name for field in kinds.FIELDS[kind]}
    content = providers.CONTENT_KINDS[kind]
    filled = {field.name for field in dataclasses.fields(content)}
    assert names >= (filled - {"translations"})


@pytest.mark.parametrize("kind", kinds.FIELDS)
def test_choices_come_with_a_valid_default(kind: str) -> None:
    assert all(not field.choices or field.default in dict(field.choices) for field in kinds.FIELDS[kind])
