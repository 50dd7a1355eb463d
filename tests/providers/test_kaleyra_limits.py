"""What Kaleyra or WhatsApp would refuse is known before it is sent."""

from dataclasses import replace
from typing import Any

import pytest

from providers import Button, Content, Flow, Media, Outcome, TemplateMessage, Text
from tests.providers.kaleyra_account import kaleyra
from tests.providers.samples import message, post

FLOW = Flow(body="b", cta="Open", flow_id="1", screen="S")
EXCHANGE = Flow(body="b", cta="Open", flow_id="1", action="data_exchange")
TEMPLATE = TemplateMessage("welcome", "en")
URL = (Button("url", "x"),)


def template(*variables: str, **changes: Any) -> TemplateMessage:
    return replace(TEMPLATE, variables=variables, **changes)


def buttons(*buttons: Button) -> TemplateMessage:
    return replace(TEMPLATE, buttons=buttons)


def header(kind: str, value: str) -> TemplateMessage:
    return replace(TEMPLATE, header=Media(kind, value))


LIMITS: dict[str, tuple[Content, list[str]]] = {
    "flow without a body": (replace(FLOW, body=" "), ["body"]),
    "button without a text": (replace(FLOW, cta=""), ["cta"]),
    "button of 21 characters": (replace(FLOW, cta="x" * 21), ["cta"]),
    "button of 20 characters in another script": (replace(FLOW, cta="ह" * 20), []),
    "button with an emoji": (replace(FLOW, cta="Open 🎉"), ["cta"]),
    "button with a coloured sign": (replace(FLOW, cta="Love ❤️"), ["cta"]),
    "button with a joiner that its script needs": (replace(FLOW, cta="क्‍ष"), []),
    "button with signs": (replace(FLOW, cta="Go! → 50% & ©"), []),
    "header of 61 characters": (replace(FLOW, header="x" * 61), ["header"]),
    "footer of 61 characters": (replace(FLOW, footer="x" * 61), ["footer"]),
    "body of 1,025 characters": (replace(FLOW, body="x" * 1025), ["body"]),
    "flow by id and name": (replace(FLOW, flow_name="f"), ["flow_id"]),
    "flow by neither": (replace(FLOW, flow_id=""), ["flow_id"]),
    "navigation to nowhere": (replace(FLOW, screen=""), ["screen"]),
    "exchange with a screen": (replace(EXCHANGE, screen="S"), ["screen"]),
    "exchange with data": (replace(EXCHANGE, data={"a": 1}), ["data"]),
    "exchange with neither": (EXCHANGE, []),
    "unknown mode and action": (replace(FLOW, mode="m", action="a"), ["mode", "action"]),
    "longest flow": (replace(FLOW, body="x" * 1024, cta="x" * 20, header="x" * 60, footer="x" * 60), []),
    "template without name and language": (TemplateMessage("", ""), ["name", "language"]),
    "template name of 513 characters": (TemplateMessage("x" * 513, "en"), ["name"]),
    "unknown header": (header("sticker", ""), ["header"]),
    "header without a text": (header("text", ""), ["header"]),
    "header text of 61 characters": (header("text", "x" * 61), ["header"]),
    "header text of two lines": (header("text", "a\nb"), ["header"]),
    "picture without an address": (header("image", "picture.png"), ["header"]),
    "film by an address of another kind": (header("video", "ftp://example.org/a.mp4"), ["header"]),
    "document by its address": (header("document", "https://example.org/a%20b.pdf"), []),
    "empty variable": (template("Nur", " "), ["variables"]),
    "variable with a line break": (template("a\nb"), ["variables"]),
    "variable with a tab": (template("a\tb"), ["variables"]),
    "variable with five spaces": (template("a" + " " * 5 + "b"), ["variables"]),
    "variable with four spaces": (template("a" + " " * 4 + "b"), []),
    "variables from right to left, and with emoji": (template("שלום", "👨‍👩"), []),
    "variable of 1,024 characters beside a button": (template("x" * 1024, buttons=(Button("url", "x"),)), []),
    "variable of 1,025 characters beside a button": (
        template("x" * 1025, buttons=(Button("url", "x"),)),
        ["variables"],
    ),
    "variable of 32,768 characters alone": (template("x" * 32_768), []),
    "variable of 32,769 characters alone": (template("x" * 32_769), ["variables"]),
    "unknown button": (buttons(Button("call", "1")), ["buttons"]),
    "button without a value": (buttons(Button("url", ""), Button("quick_reply", "", 1)), ["buttons", "buttons"]),
    "flow button without a token": (buttons(Button("flow", "")), []),
    "address of 2,001 characters": (buttons(Button("url", "x" * 2001)), ["buttons"]),
    "two buttons in one place": (buttons(Button("url", "x"), Button("quick_reply", "y")), ["buttons"]),
    "eleventh button": (buttons(Button("url", "x", 10)), ["buttons"]),
    "ten buttons": (buttons(*(Button("quick_reply", "x", place) for place in range(10))), []),
    "empty text": (Text.of(""), ["text"]),
    "text of 4,096 characters": (Text.of("🎉" * 4096), []),
    "text of 4,097 characters": (Text.of("x" * 4097), ["text"]),
    "text with a file": (Text.of("x", attachments=("a",)), ["attachments"]),
}


@pytest.mark.parametrize(("content", "fields"), LIMITS.values(), ids=LIMITS)
def test_limit(content: Content, fields: list[str]) -> None:
    problems = kaleyra().validate(message(content))
    assert [problem.field for problem in problems] == fields
    assert all(problem.sentence.endswith(".") for problem in problems)


def test_what_is_over_a_limit_is_refused_unsent() -> None:
    [result], requests = post(kaleyra(), [message(template("a\nb"))])
    assert (result.outcome, requests) == (Outcome.REJECTED, [])
    assert result.error
    assert result.error.sentence == (
        "Variable 1 holds a line break, a tab or many spaces, which WhatsApp refuses in a value."
    )


@pytest.mark.parametrize("reference", ["x" * 51, "réf", ""])
def test_reference_that_could_come_back_changed_is_refused(reference: str) -> None:
    outgoing = message(Text.of("Hello"))._replace(reference=reference)
    assert [problem.field for problem in kaleyra().validate(outgoing)] == ["reference"]
