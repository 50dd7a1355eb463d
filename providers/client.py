"""The shape that every provider fills: what it can do, what it must be told, how it sends and what it reports back.

An adapter says how a request is built and how an answer is read, both without I/O; this base class does the rest, so
that whatever happens `send` returns one result per message, in order.

    messages --split--> groups that share a request --build--> Request --door--> Answer --read--> results
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from providers.errors import AnswerUnreadable, MessageRejected, ProviderError
from providers.http import Answer, Door, Request
from providers.messages import OutboundMessage
from providers.outcomes import Balance, FieldError, Health, ReceiptEvent, SendResult


@dataclass(frozen=True, slots=True)
class ConfigField:
    """One setting of a channel, drawn as a form field. A `secret` is stored encrypted and never shown again."""

    name: str
    label: str
    kind: Literal["text", "url", "choice", "integer", "boolean"] = "text"
    help: str = ""
    default: str | int | bool = ""
    required: bool = True
    secret: bool = False
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do; the product switches its features by this and by nothing else.

    `max_batch` is recipients a request at most, `default_batch` what is wise. `correlation_bytes` is None where the
    provider has no field for our reference. `recipient_key` says which address it sends to.
    """

    content_kinds: frozenset[str]
    channels: tuple[str, ...]  # what the recipient sees: WhatsApp, SMS, RCS, voice ...
    max_batch: int = 1
    default_batch: int = 1
    recipient_key: Literal["phone", "phone_or_identifier"] = "phone"
    native_schedule: bool = False
    expiry: bool = False
    priority: bool = False
    correlation_bytes: int | None = None
    receipts: Literal["webhook", "poll", "none"] = "none"
    inbound: bool = False
    balance: bool = False


class Client:
    """One channel's account at a provider. Subclasses fill the class attributes, `build` and `read`."""

    label: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    config_fields: ClassVar[tuple[ConfigField, ...]]

    def __init__(self, *, config: Mapping[str, Any], secrets: Mapping[str, str], pool_size: int = 32) -> None:
        self.config = {field.name: config.get(field.name, field.default) for field in self.config_fields}
        self.secrets = dict(secrets)
        self.door = Door(secrets=self.secrets.values(), pool_size=pool_size)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label}>"

    # -- what an adapter writes ------------------------------------------------------------------------------------

    def build(self, messages: Sequence[OutboundMessage]) -> Request:
        """The one request that posts these messages (one group of `split`). Raises MessageRejected."""
        raise NotImplementedError

    def read(self, answer: Answer, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        """One result per message of the request that was answered. Raises ProviderError for all of them."""
        raise NotImplementedError

    def share_key(self, message: OutboundMessage) -> object:
        """Messages with equal keys may share a request; by default those with equal content."""
        return message.content

    def check(self) -> Health:
        """Ask the provider, cheaply, whether this account works."""
        return Health(None, f"{self.label} offers nothing to ask; send a test message instead.")

    def validate(self, message: OutboundMessage) -> list[FieldError]:
        """What is wrong with the message, without I/O; empty where it can be sent."""
        kind = message.content.kind
        if kind not in self.capabilities.content_kinds:
            return [FieldError("content", f"{self.label} cannot send content of the kind {kind}.")]
        return []

    def parse_receipts(
        self, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> list[ReceiptEvent]:
        """The events in one call of the provider to our receipts address; junk gives none. Raises InvalidSignature."""
        return []

    def poll(self, references: Sequence[str], cursor: str = "") -> tuple[list[ReceiptEvent], str]:
        """Ask for news about these provider ids; (events, the cursor to go on from). Raises ProviderError."""
        return [], cursor

    def balance(self) -> Balance | None:
        """What is left on the account, or None where the provider does not tell."""
        return None

    # -- what every adapter gets -----------------------------------------------------------------------------------

    def split(self, messages: Sequence[OutboundMessage]) -> Iterator[list[OutboundMessage]]:
        """Groups that share a request, in the order of their first message, none over the batch limit."""
        limit = self.batch_limit()
        if limit == 1:
            yield from ([message] for message in messages)
            return
        groups: dict[object, list[OutboundMessage]] = {}
        for message in messages:
            groups.setdefault(self.share_key(message), []).append(message)
        for group in groups.values():
            yield from (group[start : start + limit] for start in range(0, len(group), limit))

    def batch_limit(self) -> int:
        """Recipients a request for this account."""
        return self.capabilities.default_batch

    def send(self, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        """Post the messages; one result per message, in their order. Never raises for a message."""
        results: dict[str, SendResult] = {}
        for group in self.split(messages):
            for message, result in zip(group, self.deliver(group), strict=True):
                results[message.reference] = result
        return [results[message.reference] for message in messages]

    def deliver(self, group: Sequence[OutboundMessage]) -> list[SendResult]:
        """Post one group of `split`."""
        try:
            request = self.build(group)
        except ProviderError as error:
            return [SendResult.failed(error)] * len(group)
        except Exception as error:  # noqa: BLE001  a message that cannot be built has not been posted
            rejection = MessageRejected(f"The message could not be built: {type(error).__name__}.", code="build")
            return [SendResult.failed(rejection)] * len(group)
        return self.post(request, group)

    def post(self, request: Request, group: Sequence[OutboundMessage]) -> list[SendResult]:
        """Post a built request and read its answer; from here on nobody but the provider can say "not accepted"."""
        answer: Answer | None = None
        try:
            answer = self.door.call(request)
            results = self.read(answer, group)
            if len(results) != len(group):
                raise AnswerUnreadable("The provider's answer does not fit the request.")  # noqa: TRY301
        except ProviderError as error:
            return [SendResult.failed(error, answer.exchange if answer else None)] * len(group)
        except Exception as error:  # noqa: BLE001  whatever breaks after the post leaves the outcome unknown
            unreadable = AnswerUnreadable(f"The provider's answer could not be read: {type(error).__name__}.")
            return [SendResult.failed(unreadable, answer.exchange if answer else None)] * len(group)
        return results
