"""RapidPro and TextIt: texts in several languages, to up to 100 URNs in one broadcast.

    POST https://<host>/api/v2/broadcasts.json
    Authorization: Token 0123456789abcdef0123456789abcdef01234567
    {"urns": ["tel:+250788123123", "tel:+250788123124"],
     "text": {"eng": "Hello @contact.name!", "spa": "Hola @contact.name!"},
     "attachments": {"eng": ["6cb25adc-47fe-11e4-bfe9-b8f6b119e9ab"]},
     "quick_replies": {"eng": [{"type": "text", "text": "Yes"}, {"type": "text", "text": "No"}]},
     "base_language": "eng"}
    201 {"id": 1234, "urns": ["tel:+250788123123", ...], "text": {...}, "status": "queued",
         "created_on": "2013-03-02T17:28:12.123456Z", ...}

    GET https://<host>/api/v2/broadcasts.json?after=2013-03-02T17:28:00.000000Z&before=2013-03-02T17:29:00.000000Z
    200 {"next": "https://<host>/api/v2/broadcasts.json?after=...&cursor=cD0yMDEz", "previous": null, "results": [
          {"id": 1234, "urns": [...], "text": {...}, "created_on": "2013-03-02T17:28:12.123456Z", ...}]}

    GET https://<host>/api/v2/groups.json
    200 {"next": null, "previous": null, "results": [
          {"uuid": "5f05311e-8f81-4a67-a5b5-1501b6d6496a", "name": "Reporters", "query": null, "status": "ready",
           "system": false, "count": 315}]}

    GET https://<host>/api/v2/workspace.json
    200 {"uuid": "6a44ca78-a4c2-4862-a7d3-2932f9b3a7c3", "name": "TextIt", "country": "RW", ...,
         "credits": {"used": -1, "remaining": -1}}

Sources: the "Broadcasts Endpoint" page for broadcasts; for messages, groups, media, errors and limits the code of
rapidpro/rapidpro v9.0.0 and nyaruka/rapidpro v26.3.54, named beside each table.

RapidPro evaluates expressions such as `@contact.name` in every text. Ours are rendered already, so each `@` goes out
as `@@`, which is a literal one there (`_rapidpro_content.py`): a person called "@contact" stays one.

A broadcast has one number for all its recipients, so all of them carry it, and polled events name the address too.
Nothing tells which post a number belongs to, and a post is not idempotent: a bare 500 therefore stays unknown. What was
made in the time of a lost answer can be listed, though, and compared word for word (`_rapidpro_search.py`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlsplit

from providers import client, parsing
from providers.adapters import _rapidpro_answers as answers
from providers.adapters import _rapidpro_content as text
from providers.adapters import _rapidpro_media as media
from providers.adapters import _rapidpro_receipts as receipts
from providers.adapters import _rapidpro_recipients as recipients
from providers.adapters import _rapidpro_search as search
from providers.adapters._rapidpro_receipts import Page
from providers.capabilities import Capabilities
from providers.config import ConfigField, batch_size_field
from providers.errors import AnswerUnreadable, MessageRejected, ProviderError
from providers.http import Answer, Request
from providers.listings import ListedGroup
from providers.messages import Content, OutboundMessage, Text
from providers.outcomes import Balance, FieldError, Health, ReceiptEvent, SendResult

STATUSES = receipts.STATUSES
ERRORS = answers.ERRORS

LARGEST_BATCH = 100  # of each of the three lists; all of ours together stay below it
LIST_LIMIT_BYTES = 10_000_000  # 250 items, each with a text of up to 4,096 characters and ten addresses of files
LONG_AGO = "2000-01-01T00:00:00Z"
NOT_SENDABLE = frozenset({"initializing", "invalid"})  # a group whose members are not known, or whose query is broken
NAME_CHARACTERS = 128
MOST_PEOPLE = 1_000_000_000
CREDITS = "credits"


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
        balance=True,
        lookup=True,
        groups=True,
        media=True,
        quick_replies=True,
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

    # -- sending ---------------------------------------------------------------------------------------------------

    def content_problems(self, content: Content) -> list[FieldError]:
        """The limits of the endpoint, counted as RapidPro counts: after escaping."""
        return list(text.problems(content, self.config["text_limit"])) if isinstance(content, Text) else []

    def build(self, messages: Sequence[OutboundMessage]) -> Request:
        """One broadcast of one set of translations."""
        return Request.json(self.url("/api/v2/broadcasts.json"), _payload(messages), headers=self.headers)

    def read(self, answer: Answer, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        """One broadcast id for all, or an error that may name the recipients at fault."""
        if not answer.ok:
            return answers.results(answer, messages)
        number = parsing.identifier(parsing.dig(answer.value, "id") or parsing.dig(answer.value, "uuid"))
        if not number:
            raise AnswerUnreadable("RapidPro said yes, but gave no broadcast id.")
        ids = (recipients.provider_id(number, message.recipient.address) for message in messages)
        return [SendResult.accepted(provider_id) for provider_id in ids]

    # -- the account -----------------------------------------------------------------------------------------------

    def check(self) -> Health:
        """List broadcasts of a time when there were none: cheap, and at the very address that sending uses."""
        try:
            answer = self.door.call(self._list("broadcasts", before=LONG_AGO))
        except ProviderError as error:
            return self.unanswered(error)
        if not answer.ok:
            return Health(False, answers.refusal(answer).sentence)
        if not isinstance(parsing.dig(answer.value, "results"), list):
            return Health(False, answers.NOT_THE_API)
        return Health(True, "RapidPro accepts the token.")

    def balance(self) -> Balance | None:
        """The workspace's credits: counted until nyaruka/rapidpro v7.5.89, and since then -1 or not there."""
        answer = self.ask(Request.get(self.url("/api/v2/workspace.json"), headers=self.headers))
        remaining = parsing.identifier(parsing.dig(answer.value, CREDITS, "remaining"))
        return Balance(remaining, CREDITS) if remaining.isdecimal() else None

    def groups(self) -> list[ListedGroup]:
        """The groups of the workspace; `group:` and one's id make the identifier of a recipient."""
        listed = [item for page in receipts.pages(self._page, "groups") for item in receipts.items(page)]
        return list({group.group_id: group for group in map(_group, listed) if group}.values())

    def upload(self, name: str, content_type: str, content: bytes) -> str:
        """The file's UUID. Raises MessageRejected for a file that RapidPro would not take, before it is sent."""
        file_type = media.checked_type(content_type)
        media.check_size(content)
        request = Request(
            "POST",
            self.url("/api/v2/media.json"),
            self.headers,
            files=(("file", name or "file", content),),
            file_types={"file": file_type},
        )
        return media.uploaded(self.ask(request))

    # -- what became of messages -----------------------------------------------------------------------------------

    def poll(
        self, references: Sequence[str], *, since: datetime, cursor: str = ""
    ) -> Iterator[tuple[list[ReceiptEvent], str]]:
        """Few broadcasts are read one by one, many by pages of all that the workspace sent since then."""
        return receipts.poll(self._page, references, since, cursor)

    def lookup(self, messages: Sequence[OutboundMessage], since: datetime, until: datetime) -> list[list[str]]:
        """The broadcasts of that time that carry the message's text to the message's recipient."""
        wanted = [search.wanted(_payload([message])) for message in messages]
        return search.found(self._broadcasts, wanted, since, until)

    def _addressing_problems(self, message: OutboundMessage) -> Iterator[FieldError]:
        yield from super()._addressing_problems(message)
        if sentence := recipients.problem(message.recipient):
            yield FieldError("identifier", sentence)

    # -- the way there ---------------------------------------------------------------------------------------------

    def ask(self, request: Request) -> Answer:
        """Make a call that sends nothing. Raises ProviderError unless RapidPro says yes."""
        answer = self.door.call(request)
        if not answer.ok:
            raise answers.refusal(answer)
        return answer

    def _list(self, endpoint: str, **query: str) -> Request:
        return Request.get(self.url(f"/api/v2/{endpoint}.json"), headers=self.headers, **query)

    def _page(self, endpoint: str, **query: str) -> Page:
        answer = self.ask(replace(self._list(endpoint, **query), answer_limit_bytes=LIST_LIMIT_BYTES))
        is_data = answer.value is not None or answer.text.strip() == "null"
        return Page(parsing.dig(answer.value, "results"), _cursor(parsing.dig(answer.value, "next")), is_data)

    def _broadcasts(self, **query: str) -> Iterator[Any]:
        return (page.results for page in receipts.pages(self._page, "broadcasts", **query))


def _payload(messages: Sequence[OutboundMessage]) -> dict[str, Any]:
    content = messages[0].content
    if not isinstance(content, Text):
        raise MessageRejected(f"RapidPro cannot send content of the kind {content.kind}.")
    named = {name: found for name, found in recipients.lists(messages).items() if found}
    return {**named, **text.fields(content)}


def _group(item: Any) -> ListedGroup | None:
    uuid = parsing.identifier(parsing.dig(item, "uuid"))
    name = parsing.phrase(parsing.dig(item, "name"), NAME_CHARACTERS)
    if not recipients.UUID.match(uuid) or not name or parsing.identifier(parsing.dig(item, "status")) in NOT_SENDABLE:
        return None
    count = parsing.dig(item, "count")
    return ListedGroup(uuid, name, count if type(count) is int and 0 <= count < MOST_PEOPLE else None)


def _cursor(next_page: Any) -> str:
    # Only the cursor is taken from the address, never its host: the token must not go anywhere else.
    if not isinstance(next_page, str):
        return ""
    try:
        return parse_qs(urlsplit(next_page).query).get("cursor", [""])[0]
    except ValueError:
        return ""
