"""RapidPro and TextIt: texts in several languages, to up to 100 URNs in one broadcast.

    POST https://<host>/api/v2/broadcasts.json
    Authorization: Token 0123456789abcdef0123456789abcdef01234567
    {"urns": ["tel:+250788123123", "tel:+250788123124"],
     "text": {"eng": "Hello @contact.name!", "spa": "Hola @contact.name!"},
     "attachments": {"eng": ["6cb25adc-47fe-11e4-bfe9-b8f6b119e9ab"]},
     "base_language": "eng"}
    201 {"id": 1234, "urns": ["tel:+250788123123", ...], "text": {...}, "status": "queued",
         "created_on": "2013-03-02T17:28:12.123456Z", ...}

    GET https://<host>/api/v2/messages.json?broadcast=1234
    200 {"next": null, "previous": null, "results": [
          {"id": 4105426, "broadcast": 1234, "urn": "tel:+250788123123", "direction": "out", "status": "wired",
           "modified_on": "2013-03-02T17:29:12.123456Z", ...}]}

    GET https://<host>/api/v2/broadcasts.json?after=2013-03-02T17:28:00.000000Z&before=2013-03-02T17:29:00.000000Z
    200 {"next": "https://<host>/api/v2/broadcasts.json?after=...&cursor=cD0yMDEz", "previous": null, "results": [
          {"id": 1234, "urns": [...], "text": {...}, "created_on": "2013-03-02T17:28:12.123456Z", ...}]}

Sources: the "Broadcasts Endpoint" page for broadcasts, RapidPro's own code for messages, errors and limits.

RapidPro evaluates expressions such as `@contact.name` in every text. Ours are rendered already, so each `@` goes out
as `@@`, which is a literal one there: a person called "@contact" stays one.

A broadcast has one id for all its recipients, so all of them carry it, and polled events name the address too. Nothing
tells which post an id belongs to, and a post is not idempotent: a bare 500 therefore stays unknown. What was made in
the time of a lost answer can be listed, though, and compared word for word (`_rapidpro_search.py`).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlsplit

from providers import client, limits, parsing, writing
from providers.adapters import _rapidpro_search as search
from providers.capabilities import Capabilities
from providers.config import ConfigField, batch_size_field
from providers.errors import AnswerUnreadable, ChannelRejected, MessageRejected, ProviderError, TryLater
from providers.http import Answer, Request
from providers.messages import Content, OutboundMessage, Recipient, Text
from providers.outcomes import DeliveryStatus, FieldError, Health, ReceiptEvent, SendResult
from providers.statuses import error_for_status

# `status` of an outgoing message; the words in RapidPro's documentation of messages.json and in its code.
STATUSES = {
    "initializing": DeliveryStatus.QUEUED,
    "queued": DeliveryStatus.QUEUED,
    "wired": DeliveryStatus.SENT,
    "sent": DeliveryStatus.SENT,
    "resent": DeliveryStatus.SENT,
    "errored": DeliveryStatus.SENT,  # RapidPro tries it again by itself
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
}
# HTTP statuses that mean something else here than elsewhere; RapidPro's code.
ERRORS: dict[int, type[ProviderError]] = {409: ChannelRejected}  # the workspace has reached a limit
# A refused workspace answers 400; the words in its sentence, from RapidPro's code.
WORKSPACE_REFUSED = ("flagged", "suspended")

LARGEST_BATCH = 100
ATTACHMENTS_PER_LANGUAGE = 10
LANGUAGES = 50
LAST_PAGE = 20  # of 250 items each: far more messages than a broadcast of ours can have
LONG_AGO = "2000-01-01T00:00:00Z"


class Client(client.Client):
    """One RapidPro workspace."""

    label = "RapidPro / TextIt"
    capabilities = Capabilities(
        content_kinds=frozenset({"text"}),
        channels=("SMS", "WhatsApp", "Telegram", "Messenger"),
        max_batch=LARGEST_BATCH,
        default_batch=LARGEST_BATCH,
        recipient_key="phone_or_identifier",
        receipts="poll",
        lookup=True,
    )
    config_fields = (
        ConfigField("base_url", "Base URL", "url", "Of your installation.", default="https://textit.com"),
        ConfigField(
            "text_limit",
            "Longest text",
            "integer",
            "640 characters up to RapidPro 9, 4096 in later ones.",
            default=640,
            minimum=1,
            maximum=4096,
        ),
        batch_size_field(
            default=LARGEST_BATCH, maximum=LARGEST_BATCH, explanation="Recipients with equal texts share a broadcast."
        ),
        ConfigField("api_token", "API token", secret=True),
    )

    @cached_property
    def headers(self) -> dict[str, str]:
        """The token of one workspace."""
        return {"Authorization": f"Token {self.secrets['api_token']}"}

    def content_problems(self, content: Content) -> list[FieldError]:
        """The limits of the endpoint, counted as RapidPro counts: after escaping."""
        return list(self._text_problems(content)) if isinstance(content, Text) else []

    def build(self, messages: Sequence[OutboundMessage]) -> Request:
        """One broadcast of one set of translations."""
        return Request.json(self.url("/api/v2/broadcasts.json"), _payload(messages), headers=self.headers)

    def read(self, answer: Answer, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        """One broadcast id for all, or an error that may name the URNs at fault."""
        if not answer.ok:
            return _refused(answer, messages)
        provider_id = parsing.identifier(parsing.dig(answer.value, "id") or parsing.dig(answer.value, "uuid"))
        if not provider_id:
            raise AnswerUnreadable("RapidPro said yes, but gave no broadcast id.")
        return [SendResult.accepted(provider_id) for _ in messages]

    def check(self) -> Health:
        """List broadcasts of a time when there were none: cheap, and it needs the very right that sending needs."""
        try:
            self.ask(Request.get(self.url("/api/v2/broadcasts.json"), headers=self.headers, before=LONG_AGO))
        except ProviderError as error:
            return Health(False, error.sentence)
        return Health(True, "RapidPro accepts the token.")

    def poll(
        self, references: Sequence[str], *, since: datetime, cursor: str = ""
    ) -> Iterator[tuple[list[ReceiptEvent], str]]:
        """The messages of these broadcasts; the cursor is not needed, for a broadcast is read whole."""
        for reference in references:
            yield list(self._messages(reference)), cursor

    def lookup(self, messages: Sequence[OutboundMessage], since: datetime, until: datetime) -> list[list[str]]:
        """The broadcasts of that time that carry the message's text to the message's URN."""
        wanted = [search.wanted(_payload([message])) for message in messages]
        return search.found(lambda **query: self._pages("broadcasts", **query), wanted, since, until)

    def _messages(self, broadcast_id: str) -> Iterator[ReceiptEvent]:
        for results in self._pages("messages", broadcast=broadcast_id):
            for message in parsing.items(results):
                if parsing.dig(message, "direction") != "in":
                    yield _event(message, broadcast_id)

    def _pages(self, endpoint: str, **query: str) -> Iterator[Any]:
        """The `results` of each page, as they are."""
        for _ in range(LAST_PAGE):
            answer = self.ask(Request.get(self.url(f"/api/v2/{endpoint}.json"), headers=self.headers, **query))
            yield parsing.dig(answer.value, "results")
            page = _cursor(parsing.dig(answer.value, "next"))
            if not page:
                return
            query["cursor"] = page

    def _text_problems(self, content: Text) -> Iterator[FieldError]:
        if not any(each.text or each.attachments for each in content.translations):
            yield FieldError("text", "Give a text or an attachment.")
        if len(content.translations) > LANGUAGES:
            yield FieldError("translations", f"At most {LANGUAGES} languages are allowed.")
        if any(each.text for each in content.translations) and not content.base.text:
            yield FieldError("text", "The text in the base language is missing.")
        for each in content.translations:
            yield from limits.within(
                "text", f"The text ({each.language})", _escaped(each.text), self.config["text_limit"]
            )
            if len(each.attachments) > ATTACHMENTS_PER_LANGUAGE:
                yield FieldError("attachments", f"At most {ATTACHMENTS_PER_LANGUAGE} attachments are allowed.")


def _payload(messages: Sequence[OutboundMessage]) -> dict[str, Any]:
    content = messages[0].content
    if not isinstance(content, Text):
        raise MessageRejected(f"RapidPro cannot send content of the kind {content.kind}.")
    return writing.given(
        urns=[_urn(message.recipient) for message in messages],
        text={each.language: _escaped(each.text) for each in content.translations if each.text},
        attachments={each.language: list(each.attachments) for each in content.translations if each.attachments},
        base_language=content.base.language,
    )


def _escaped(text: str) -> str:
    return text.replace("@", "@@")


def _urn(recipient: Recipient) -> str:
    if recipient.phone:
        return f"tel:{recipient.phone}"
    return recipient.identifier if ":" in recipient.identifier else f"ext:{recipient.identifier}"


def _address(urn: str) -> str:
    scheme, _, path = urn.partition(":")
    return path if scheme in {"tel", "ext"} else urn


def _refused(answer: Answer, messages: Sequence[OutboundMessage]) -> list[SendResult]:
    detail = " ".join(parsing.texts(answer.value))
    if answer.status in ERRORS:
        raise ERRORS[answer.status](f"RapidPro refused. {detail}".strip(), code=f"HTTP {answer.status}")
    if answer.status == 400 and any(word in detail for word in WORKSPACE_REFUSED):  # noqa: PLR2004
        raise ChannelRejected(detail, code="workspace")
    faults = parsing.dig(answer.value, "urns")
    if answer.status == 400 and isinstance(faults, dict) and len(messages) > 1:  # noqa: PLR2004
        return [_by_position(faults, position) for position in range(len(messages))]
    raise error_for_status(answer, detail)


def _by_position(faults: dict[str, Any], position: int) -> SendResult:
    # {"urns": {"3": ["Invalid URN: ..."]}}: one recipient is at fault, and the others went down with it.
    fault = faults.get(str(position))
    if fault is None:
        return SendResult.failed(TryLater("Another recipient of the same request was refused.", code="HTTP 400"))
    return SendResult.failed(MessageRejected(" ".join(parsing.texts(fault)) or "Refused.", code="HTTP 400"))


def _cursor(next_page: Any) -> str:
    # Only the cursor is taken from the address, never its host: the token must not go anywhere else.
    if not isinstance(next_page, str):
        return ""
    try:
        return parse_qs(urlsplit(next_page).query).get("cursor", [""])[0]
    except ValueError:
        return ""


def _event(message: Any, broadcast_id: str) -> ReceiptEvent:
    word = parsing.identifier(parsing.dig(message, "status"))
    return ReceiptEvent(
        parsing.status(word, STATUSES, "RapidPro"),
        provider_id=broadcast_id,
        address=_address(parsing.identifier(parsing.dig(message, "urn"))),
        code=word,
        reason=parsing.phrase(parsing.dig(message, "failed_reason")),
        at=parsing.moment(parsing.dig(message, "modified_on") or parsing.dig(message, "sent_on")),
    )
