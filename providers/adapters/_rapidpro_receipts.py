"""News of messages, asked for: a few broadcasts one by one, many by reading RapidPro's folders of outgoing messages.

    a group                  broadcasts.json?id=1234               the status of the broadcast itself
    few people               messages.json?broadcast=1234          each page; where it has none, whether it failed
    many people              messages.json?folder=failed, then sent, then outbox
                                          &after=<when the oldest was accepted>

    GET https://<host>/api/v2/messages.json?folder=sent&after=2013-03-02T17:18:12.123Z
    200 {"next": "https://<host>/api/v2/messages.json?...&cursor=cD0yMDE1", "previous": null, "results": [
          {"id": 4105426, "broadcast": 1234, "contact": {"uuid": "d33e9ad5-...", "name": "Bob"},
           "urn": "tel:+250788123123", "direction": "out", "status": "wired", "modified_on": "2013-03-02T17:29:12.1Z",
           ...}]}

In rapidpro/rapidpro v9.0.0 and nyaruka/rapidpro v26.3.54 (temba/api/v2, MessagesEndpoint and MsgReadSerializer) the
folders exist, `after` compares when the message was created, and each item has `broadcast`: the broadcast's number in
both, although the later one calls it deprecated. `broadcast` and `folder` cannot be asked for together. An older
installation whose items lack the field is asked for each broadcast.

A status changes long after its message was read, so the folders are read again and again. The cursor says where the
next call goes on: `sent cD0yMDE1` is a page of a folder, `outbox` the start of one, nothing a new round.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from providers import parsing, writing
from providers.adapters import _rapidpro_recipients as recipients
from providers.errors import AnswerUnreadable, ProviderError
from providers.outcomes import DeliveryStatus, ReceiptEvent

# `status` of an outgoing message: MsgReadSerializer of v9.0.0 and v26.3.54, and the words of its documentation.
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
# `status` of a broadcast: the seed document; `sent` is v9.0.0's. Completed means that all its messages were made.
BROADCAST_STATUSES = {
    "pending": DeliveryStatus.QUEUED,
    "queued": DeliveryStatus.QUEUED,
    "started": DeliveryStatus.QUEUED,
    "completed": DeliveryStatus.SENT,
    "sent": DeliveryStatus.SENT,
    "failed": DeliveryStatus.FAILED,
    "interrupted": DeliveryStatus.FAILED,
}
REASONS = {
    "failed": "RapidPro could not send this broadcast.",
    "interrupted": "RapidPro stopped this broadcast before everybody had it.",
}
FOLDERS = ("failed", "sent", "outbox")  # the first has the news that nothing else can bring
FEW = 4
BROADCASTS_A_POLL = 25  # asked for one by one; the caller names them in another order the next time
GROUPS_A_POLL = 5  # fewer, for these calls count against the same rate as sending: 3,600 an hour in v26.3.54
PAGES_A_POLL = 10  # of 250 messages each
PAGES_A_LIST = 20  # far more than a broadcast of ours can have
PLACE_CHARACTERS = 400
CLOCKS_DIFFER = timedelta(minutes=10)  # between us, who know when it was accepted, and RapidPro, which made it

Heard = tuple[list[ReceiptEvent], str]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: `results` as they came, the cursor of the next page or nothing, and whether it was JSON."""

    results: Any
    following: str
    is_data: bool


Read = Callable[..., Page]  # one page, by the endpoint's name and its query; raises ProviderError


def poll(read: Read, references: Sequence[str], since: datetime, cursor: str) -> Iterator[Heard]:
    """The events of these provider ids and the next cursor, for each answer. Raises ProviderError."""
    people = [reference for reference in references if _has_messages(reference)]
    others = [reference for reference in references if not _has_messages(reference)]
    for reference in others[:GROUPS_A_POLL]:
        yield list(_of_broadcast(read, reference)), cursor
    if len(people) > FEW:
        yield from _in_folders(read, people, since, cursor)
    else:
        yield from _one_by_one(read, people, cursor)


def pages(read: Read, endpoint: str, **query: str) -> Iterator[Page]:
    """The pages of a list, but not for ever."""
    for _ in range(PAGES_A_LIST):
        page = read(endpoint, **query)
        yield page
        if not page.following:
            return
        query["cursor"] = page.following


def _has_messages(reference: str) -> bool:
    """Whether its people have messages that can be asked for: by the broadcast's number alone."""
    is_group = recipients.kind_of(reference) == recipients.GROUP
    return not is_group and recipients.broadcast_id(reference).isdecimal()


def _one_by_one(read: Read, references: Sequence[str], cursor: str) -> Iterator[Heard]:
    for reference in references:
        for events in _of_messages(read, reference):
            yield events, cursor


def _of_messages(read: Read, reference: str) -> Iterator[list[ReceiptEvent]]:
    """The messages of one broadcast, page by page; where it made none, whether it failed."""
    is_empty = True
    for page in pages(read, "messages", broadcast=recipients.broadcast_id(reference)):
        messages = _outgoing(page)
        is_empty = is_empty and not messages
        yield [_event(message, reference) for message in messages]
    if is_empty:
        yield [event for event in _of_broadcast(read, reference) if event.status is DeliveryStatus.FAILED]


def _of_broadcast(read: Read, reference: str) -> Iterator[ReceiptEvent]:
    """What a broadcast's own status says about those of its recipients that have this provider id."""
    broadcast_id, kind = recipients.broadcast_id(reference), recipients.kind_of(reference)
    name = "id" if broadcast_id.isdecimal() else "uuid"
    for broadcast in items(read("broadcasts", **{name: broadcast_id})):
        if parsing.identifier(parsing.dig(broadcast, name)) != broadcast_id:
            continue  # a filter that it does not know is ignored
        word = parsing.identifier(parsing.dig(broadcast, "status"))
        status = parsing.status(word, BROADCAST_STATUSES, "RapidPro")
        for recipient in recipients.of(broadcast):
            if recipients.kind_of(recipient) == kind:
                yield ReceiptEvent(
                    status, reference, address=recipients.address(recipient), code=word, reason=REASONS.get(word, "")
                )


def _in_folders(read: Read, references: Sequence[str], since: datetime, cursor: str) -> Iterator[Heard]:
    """Some pages of the folders, from the cursor on."""
    wanted = frozenset(references)
    folder, place = _where(cursor)
    for _ in range(PAGES_A_POLL):
        try:
            page = _folder_page(read, folder, place, since)
        except ProviderError as error:
            if place and not error.retryable:  # it may be the place that is refused, and would be for ever
                yield [], folder
            raise
        messages = _outgoing(page)
        if not _names_broadcasts(messages):
            yield from _one_by_one(read, references[:BROADCASTS_A_POLL], "")
            return
        folder, place = _after(folder, page)
        yield [event for message in messages for event in _wanted(message, wanted)], f"{folder} {place}".strip()
        if not folder:
            return


def _folder_page(read: Read, folder: str, place: str, since: datetime) -> Page:
    query = {"folder": folder, "after": writing.utc(since - CLOCKS_DIFFER)}
    return read("messages", **query, **({"cursor": place} if place else {}))


def _where(cursor: str) -> tuple[str, str]:
    """The folder and the place in it; the first of all where the cursor says neither."""
    folder, _, place = cursor.partition(" ")
    return (folder, place) if folder in FOLDERS else (FOLDERS[0], "")


def _after(folder: str, page: Page) -> tuple[str, str]:
    """Where it goes on after a page; nowhere after the last."""
    if page.following and len(page.following) <= PLACE_CHARACTERS:
        return folder, page.following
    return dict(pairwise(FOLDERS)).get(folder, ""), ""


def items(page: Page) -> list[Any]:
    """The items of a page. Raises AnswerUnreadable for a page that is no JSON, such as a web page."""
    if not page.is_data:
        raise AnswerUnreadable("RapidPro answered with something else than its data.")
    return parsing.items(page.results)


def _outgoing(page: Page) -> list[dict[str, Any]]:
    return [item for item in items(page) if isinstance(item, dict) and item.get("direction") != "in"]


def _names_broadcasts(messages: Sequence[dict[str, Any]]) -> bool:
    """Whether the installation tells which broadcast a message belongs to; of no messages nobody knows."""
    return not messages or any("broadcast" in message for message in messages)


def _wanted(message: dict[str, Any], references: frozenset[str]) -> Iterator[ReceiptEvent]:
    """The events of a message for those provider ids of its broadcast that are asked for."""
    broadcast_id = parsing.identifier(message.get("broadcast"))
    for reference in (broadcast_id, f"{recipients.CONTACT}:{broadcast_id}"):
        if reference in references:
            yield _event(message, reference)


def _event(message: dict[str, Any], reference: str) -> ReceiptEvent:
    word = parsing.identifier(message.get("status"))
    kind = recipients.kind_of(reference)
    name = f"{kind}:{_contact(message)}" if kind else parsing.identifier(message.get("urn"))
    return ReceiptEvent(
        parsing.status(word, STATUSES, "RapidPro"),
        provider_id=reference,
        address=recipients.address(name),
        code=word,
        reason=parsing.phrase(message.get("failed_reason")),
        at=parsing.moment(message.get("modified_on") or message.get("sent_on")),
    )


def _contact(message: dict[str, Any]) -> str:
    uuid = parsing.identifier(parsing.dig(message, "contact", "uuid"))
    return uuid if recipients.UUID.match(uuid) else ""
