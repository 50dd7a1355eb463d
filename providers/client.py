"""The shape that every provider fills: what it can do, what it must be told, how it sends and what it reports back.

An adapter says how a request is built and how an answer is read, both without I/O; this base class does the rest, so
that whatever happens `send` returns one result per message, in order.

    messages --validate--> sound ones --split--> groups that share a request --build--> Request
             --door--> Answer --read--> results
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from providers.account import Account
from providers.config import BATCH_SIZE
from providers.errors import AnswerUnreadable, MessageRejected, ProviderError, TooLarge
from providers.http import Answer, Request
from providers.messages import Content, OutboundMessage, Text
from providers.outcomes import FieldError, SendResult

E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")  # ITU-T E.164: at most 15 digits
PRIORITIES = range(1, 4)
UNWRITABLE = "The message or the name holds half of a character, which cannot be sent; write that place again."
FIRST_COMMON_FIELD = OutboundMessage._fields.index("content") + 1  # what stands before is each recipient's own


class Client(Account):
    """An account that messages go out through. Subclasses fill the class attributes, `build` and `read`."""

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

    def validate(self, message: OutboundMessage) -> list[FieldError]:
        """What is wrong with the message, without I/O; empty where it can be sent."""
        kind = message.content.kind
        if kind not in self.capabilities.content_kinds:
            return [FieldError("content", f"{self.label} cannot send content of the kind {kind}.")]
        return [
            *self._addressing_problems(message),
            *self._quick_reply_problems(message.content),
            *self.content_problems(message.content),
        ]

    def content_problems(self, content: Content) -> list[FieldError]:
        """What this provider in particular refuses in the content; an adapter fills it."""
        return []

    # -- what every adapter gets -----------------------------------------------------------------------------------

    def split(self, messages: Sequence[OutboundMessage]) -> Iterator[list[OutboundMessage]]:
        """Groups that share a request, in the order of their first message, none over the batch limit."""
        limit = self.batch_limit()
        if limit == 1:
            yield from ([message] for message in messages)
            return
        keys: dict[object, object] = {}  # contents that are one object need not be compared
        groups: dict[object, list[OutboundMessage]] = {}
        for message in messages:
            alike = (id(message.content), *message[FIRST_COMMON_FIELD:])
            if alike not in keys:
                keys[alike] = self.share_key(message)
            groups.setdefault(keys[alike], []).append(message)
        for group in groups.values():
            yield from (group[start : start + limit] for start in range(0, len(group), limit))

    def batch_limit(self) -> int:
        """Recipients a request: the operator's setting or the provider's default, and within the account's pace."""
        limit = int(self.config.get(BATCH_SIZE) or self.capabilities.default_batch)
        if self.capabilities.batch_within_rate and self.rate_per_second:
            return min(limit, self.rate_per_second)
        return limit

    def send(self, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        """Post the messages; one result per message, in their order. Never raises for a message."""
        results: dict[str, SendResult] = {}
        sound: list[OutboundMessage] = []
        looked_at: dict[int, str] = {}
        for message in messages:  # one that the provider would refuse must not take its group with it
            problem = self._problem(message, looked_at)
            if problem:
                results[message.reference] = SendResult.failed(MessageRejected(problem, code="invalid"))
            else:
                sound.append(message)
        for group in self.split(sound):
            for message, result in zip(group, self.deliver(group), strict=True):
                results[message.reference] = result
        return [results[message.reference] for message in messages]

    def deliver(self, group: Sequence[OutboundMessage]) -> list[SendResult]:
        """Post one group of `split`; in halves where the provider refused it for its size."""
        try:
            results = self.attempt(group)
        except ProviderError as error:
            results = self._failures(error, None, group)
        except UnicodeEncodeError:
            if len(group) > 1:  # one person's name must not take the others along
                return [result for message in group for result in self.deliver([message])]
            results = self._failures(MessageRejected(UNWRITABLE, code="build"), None, group)
        except Exception as error:  # noqa: BLE001  a message that cannot be built has not been posted
            rejection = MessageRejected(f"The message could not be built: {type(error).__name__}.", code="build")
            results = self._failures(rejection, None, group)
        if len(group) > 1 and all(isinstance(result.error, TooLarge) for result in results):
            half = len(group) // 2
            return [*self.deliver(group[:half]), *self.deliver(group[half:])]
        return results

    def attempt(self, group: Sequence[OutboundMessage]) -> list[SendResult]:
        """Build the group's request and post it. Whatever it raises, it raises before the messages were posted."""
        return self.post(self.build(group), group)

    def post(self, request: Request, group: Sequence[OutboundMessage]) -> list[SendResult]:
        """Post a built request and read its answer; from here on nobody but the provider can say "not accepted"."""
        answer: Answer | None = None
        try:
            answer = self.door.call(request)
            results = self.read(answer, group)
            if len(results) != len(group):
                raise AnswerUnreadable("The provider's answer does not fit the request.")  # noqa: TRY301
        except ProviderError as error:
            return self._failures(error, answer, group)
        except Exception as error:  # noqa: BLE001  whatever breaks after the post leaves the outcome unknown
            unreadable = AnswerUnreadable(f"The provider's answer could not be read: {type(error).__name__}.")
            return self._failures(unreadable, answer, group)
        different = {id(result): result for result in results}  # many share one result
        with_exchange = {key: replace(result, exchange=answer.exchange) for key, result in different.items()}
        return [with_exchange[id(result)] for result in results]

    def _failures(
        self, error: ProviderError, answer: Answer | None, group: Sequence[OutboundMessage]
    ) -> list[SendResult]:
        exchange = answer.exchange if answer else error.exchange
        return [SendResult.failed(error, exchange)] * len(group)

    def _problem(self, message: OutboundMessage, looked_at: dict[int, str]) -> str:
        """What is wrong with a message, or nothing; `looked_at` is what was found in contents, by their identity."""
        try:
            if next(self._addressing_problems(message), None):
                return _first(self.validate(message))
            if id(message.content) not in looked_at:
                looked_at[id(message.content)] = _first(self.validate(message))
            return looked_at[id(message.content)]
        except Exception as error:  # noqa: BLE001  content that cannot even be looked at cannot be sent
            return f"The message could not be read: {type(error).__name__}."

    def _quick_reply_problems(self, content: Content) -> Iterator[FieldError]:
        offers = isinstance(content, Text) and any(each.quick_replies for each in content.translations)
        if offers and not self.capabilities.quick_replies:
            yield FieldError("quick_replies", f"{self.label} sends no quick replies.")

    def _addressing_problems(self, message: OutboundMessage) -> Iterator[FieldError]:
        recipient = message.recipient
        if recipient.phone and not E164.match(recipient.phone):
            yield FieldError("phone", "The phone must be in the international form, such as +6281234567890.")
        if not recipient.phone and (self.capabilities.recipient_key == "phone" or not recipient.identifier):
            yield FieldError("phone", f"{self.label} needs the recipient's phone.")
        yield from self._order_problems(message)

    def _order_problems(self, message: OutboundMessage) -> Iterator[FieldError]:
        if not (message.reference.isascii() and 0 < len(message.reference) <= 50):  # noqa: PLR2004  IMIconnect's limit
            yield FieldError("reference", "The reference must be 1 to 50 plain characters.")
        if message.priority not in PRIORITIES:
            yield FieldError("priority", "The priority must be 1 (low), 2 (normal) or 3 (high).")
        if self.capabilities.expiry and message.expires_at and message.expires_at <= datetime.now(UTC):
            yield FieldError("expires_at", "The time at which it expires is past.")


def _first(problems: Sequence[FieldError]) -> str:
    return problems[0].sentence if problems else ""
