"""A RapidPro account, and messages to whom it can name."""

from typing import Any

from providers import Client, OutboundMessage, Recipient, Text
from tests.providers.samples import client, message

HOST = "https://rapidpro.example.org"
CREATED = {"status": 201, "json": {"id": 1234, "uuid": "0199", "status": "queued", "urns": ["tel:+250788123123"]}}
MEDIA = "6cb25adc-47fe-11e4-bfe9-b8f6b119e9ab"
GROUP = "5f05311e-8f81-4a67-a5b5-1501b6d6496a"
CONTACT = "09d23a05-47fe-11e4-bfe9-b8f6b119e9ab"


def rapidpro(**config: Any) -> Client:
    settings = {"base_url": HOST, **config}
    return client("rapidpro", **settings)


def bulk(count: int) -> list[OutboundMessage]:
    return [message(Text.of("Hello"), number=number) for number in range(count)]


def to(*identifiers: str) -> list[OutboundMessage]:
    """One text to everybody with these identifiers."""
    content = Text.of("Hello")
    return [
        message(content, number=number, recipient=Recipient(identifier=identifier))
        for number, identifier in enumerate(identifiers)
    ]
