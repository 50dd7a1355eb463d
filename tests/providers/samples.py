"""Accounts and messages for any provider, made from what its adapter says of itself, so that none needs a name here."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import responses

import providers
from providers import (
    Client,
    ConfigField,
    Content,
    Event,
    Flow,
    OutboundMessage,
    ReceiptEvent,
    Recipient,
    SendResult,
    TemplateMessage,
    Text,
    VoiceCall,
    webhooks,
)

BASE_URL = "http://provider.test/api"
SECRET = "s3cret-of-the-channel"
ANYWHERE = re.compile(".*")
HALVES = {webhooks.PASSWORD: webhooks.USER, webhooks.HEADER_VALUE: webhooks.HEADER}  # neither goes without the other
SINCE = datetime(2026, 5, 1, tzinfo=UTC)
PHONE = "+6281527975868"

CONTENTS: dict[str, Content] = {
    "text": Text.of("Hello"),
    "template": TemplateMessage("order_ready", "en", ("Nur",), namespace="6616bb93", template_id=172),
    "event": Event("Send template"),
    "flow": Flow(body="Fill it in", cta="Open", flow_id="1", screen="START"),
    "voice": VoiceCall(flow_id="184"),
}
OTHER_CONTENTS: dict[str, Content] = {
    "text": Text.of("Good-bye"),
    "template": TemplateMessage("order_late", "en", ("Nur",), namespace="6616bb93", template_id=173),
    "event": Event("Send another"),
    "flow": Flow(body="Fill it in", cta="Open", flow_id="2", screen="START"),
    "voice": VoiceCall(prompt_id="354"),
}


@dataclass(frozen=True)
class Account:
    """A provider and settings that it accepts."""

    kind: str
    config: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        chosen = [f"{name}={value}" for name, value in self.config.items()]
        return " ".join([self.kind, *chosen])

    def client(self, **config: Any) -> Client:
        """The provider's client with these settings, and any further ones."""
        return client(self.kind, **{**self.config, **config})

    def messages(self, count: int = 1) -> list[OutboundMessage]:
        """Messages to different people with the same content, of the first kind that the provider can send."""
        kind = min(providers.client_class(self.kind).capabilities.content_kinds)
        return [message(CONTENTS[kind], number=number) for number in range(count)]


def accounts() -> list[Account]:
    """Each provider once."""
    return [Account(kind) for kind in providers.kinds()]


def variants() -> list[Account]:
    """Each provider as usual, and once more for each choice that it offers, with another value of it."""
    return [*accounts(), *_other_choices()]


def _other_choices() -> Iterator[Account]:
    for kind in providers.kinds():
        for setting in providers.client_class(kind).config_fields:
            others = [value for value, _ in setting.choices if value != setting.default]
            yield from (Account(kind, {setting.name: value}) for value in others[-1:])


def client(kind: str, **config: Any) -> Client:
    """A client of the provider with every required setting filled in, and every secret whose other half is."""
    fields = providers.client_class(kind).config_fields
    settings = {each.name: _filled(each) for each in fields if not each.secret} | config
    secrets = {each.name: SECRET for each in fields if each.secret and settings.get(HALVES.get(each.name, ""), True)}
    return providers.connect(kind, config=settings, secrets=secrets)


def message(content: Content, *, number: int = 0, **changes: Any) -> OutboundMessage:
    """A message to the numbered person."""
    phone = PHONE if number == 0 else f"+62815{number:08d}"
    return OutboundMessage(f"ref-{number}", changes.pop("recipient", Recipient(phone, name="Nur")), content, **changes)


def post(
    client: Client, messages: Sequence[OutboundMessage], *answers: dict[str, Any]
) -> tuple[list[SendResult], list[Any]]:
    """Send the messages to a server that gives these answers, each once; the results and the requests."""
    with responses.RequestsMock() as server:
        for answer in answers:
            server.add(**{"method": "POST", "url": ANYWHERE, **answer})
        results = client.send(messages)
        assert len(server.calls) == len(answers)
        return results, [call.request for call in server.calls]


def poll(client: Client, references: Sequence[str], cursor: str = "") -> tuple[list[ReceiptEvent], str]:
    """Every event that the provider has for these ids, and the last cursor."""
    events: list[ReceiptEvent] = []
    for heard, at in client.poll(references, since=SINCE, cursor=cursor):
        events, cursor = events + heard, at
    return events, cursor


def send_to(account: Account, count: int, **answer: Any) -> list[SendResult]:
    """The results of a server that gives the same answer to every call."""
    client, messages = account.client(), account.messages(count)
    with responses.RequestsMock() as server:
        server.add("POST", ANYWHERE, **answer)
        return client.send(messages)


def _filled(each: ConfigField) -> object:
    if each.kind == "url":
        return BASE_URL
    if each.default == "" and each.required:
        return max(each.minimum, 1) if each.kind == "integer" else "+12345678902"
    return each.default
