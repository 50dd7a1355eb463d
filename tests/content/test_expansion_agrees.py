"""What an operator was shown is what goes out: samples and the rows of expansion render to the same contents."""

from typing import Any

import pytest

import providers
from broadcaster.content.preflight import samples
from broadcaster.content.rendering import Renderer, freeze
from broadcaster.models import Broadcast, Contact, Message
from broadcaster.sending import expansion
from tests.content.conftest import SEND_AT, Compose, make_template


def sent(broadcast: Broadcast) -> dict[str, providers.Content]:
    """Address -> content, from the rows that expansion made."""
    assert broadcast.template
    Broadcast.objects.filter(pk=broadcast.pk).update(
        content=freeze(broadcast.template), state="preparing", send_at=SEND_AT
    )
    assert expansion.expand(broadcast.pk, worker="test")
    renderer = Renderer(Broadcast.objects.get(pk=broadcast.pk).content)
    rows = Message.objects.filter(broadcast=broadcast)
    return {row.address: renderer.render(row.language, row.variables) for row in rows}


def shown(broadcast: Broadcast) -> dict[str, providers.Content]:
    return {sample.address: sample.content for sample in samples(broadcast)}


TEXTS = {
    "nothing varies": "Hello",
    "contact": "@contact @contact.first_name @contact.phone @contact.language [@contact.identifier]",
    "field that one lacks": "in @fields.city",
    "column of the file": "@row.amount and @row.city",
    "column that no file has": "[@row.gone]",
    "field that nobody has": "[@fields.gone]",
    "escaped": "@@contact.name: @contact.name",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text(compose: Compose, text: str) -> None:
    broadcast = compose(text)
    before = shown(broadcast)
    assert len(before) == 2
    assert sent(broadcast) == before


@pytest.mark.parametrize("value", [5, 1.5, None, "@row.amount", 'with "quotes" \\ and 😀', "two\nlines"])
def test_values_of_any_form(compose: Compose, ann: Contact, value: Any) -> None:
    Contact.objects.filter(pk=ann.pk).update(fields={"x": value})
    broadcast = compose("[@fields.x]")
    before = shown(broadcast)
    assert sent(broadcast) == before


def test_every_language(compose: Compose) -> None:
    template = make_template(eng={"text": "Hello @contact"}, ind={"text": "Halo @contact, @row.amount"})
    broadcast = compose(template=template)
    before = shown(broadcast)
    assert before["+628122222222"] == providers.Text.of("Halo Budi, 20", language="ind")
    assert sent(broadcast) == before


def test_a_provider_template(compose: Compose) -> None:
    fields = {
        "name": "bill",
        "language": "id",
        "variables": "@contact.first_name\n@row.amount",
        "buttons": "url = @row.amount",
    }
    broadcast = compose(template=make_template("template", eng=fields))
    before = shown(broadcast)
    assert before["+628111111111"] == providers.TemplateMessage(
        name="bill", language="id", variables=("Ann", "10"), buttons=(providers.Button("url", "10"),)
    )
    assert sent(broadcast) == before


@pytest.mark.parametrize("name", ["", "Ann", "Ann Mary Lee", "Öz Ü"])
def test_the_first_name(compose: Compose, ann: Contact, name: str) -> None:
    Contact.objects.filter(pk=ann.pk).update(name=name)
    broadcast = compose("[@contact.first_name]")
    before = shown(broadcast)
    assert before[ann.address] == providers.Text.of(f"[{name.partition(' ')[0]}]")
    assert sent(broadcast) == before
