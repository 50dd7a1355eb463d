"""One window of messages: who may still be written to, what exactly each of them gets, and what came back for each."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import starmap
from typing import Any, NamedTuple

from broadcaster import gateway
from broadcaster.audience import consent
from broadcaster.content import media
from broadcaster.content.rendering import Renderer, placeholders_of
from broadcaster.content.values import Unreadable
from broadcaster.models import Batch, Broadcast, Channel, Message
from broadcaster.sending import clock
from broadcaster.sending.closing import EXPIRED, Ending
from broadcaster.sending.ledger import Change
from providers import OutboundMessage, SendResult

log = logging.getLogger(__name__)

NOT_WRITABLE = Ending(
    Message.State.FAILED, "not_writable", "The message could not be written for this person; look at the template."
)
OPTED_OUT = Ending(Message.State.SKIPPED, "opted_out", "This person has opted out.")


class Row(NamedTuple):
    """What sending needs to know of a pending message."""

    message_id: int
    seq: int
    attempts: int
    address: str
    language: str
    name: str | None
    contact_phone: str | None = None
    contact_identifier: str | None = None
    variables: Mapping[str, Any] = {}

    @property
    def addresses(self) -> set[str]:
        """Where this person may have opted out: the message's address, and what the contact has now."""
        return {address for address in (self.address, self.contact_phone, self.contact_identifier) if address}


def rows_of(batch: Batch, *, with_variables: bool = True) -> list[Row]:
    """The pending messages above the mark, in order; variables that nothing uses are not decoded."""
    pending = batch.messages.filter(state=Message.State.PENDING, seq__gt=batch.handed_through).order_by("seq")
    columns = ["pk", "seq", "attempts", "address", "language", "contact__name"]
    columns += ["contact__phone", "contact__identifier"]
    return list(starmap(Row, pending.values_list(*columns, *(["variables"] if with_variables else []))))


@dataclass(slots=True)
class Window:
    """Messages that are handed over together: `rows` with what goes `out` for each, and the `dropped` ones."""

    rows: list[Row]
    out: list[OutboundMessage]
    dropped: list[Change]
    through: int  # the sequence number that the mark moves to
    results: list[SendResult] = field(default_factory=list)
    finished: Callable[[], None] = lambda: None
    is_recorded: bool = False
    _by_reference: dict[str, SendResult] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, messages: Sequence[OutboundMessage], results: Sequence[SendResult]) -> None:
        """Keep the results of one post, from any thread; the last one finishes the window."""
        with self._lock:
            for message, result in zip(messages, results, strict=True):
                self._by_reference[message.reference] = result
            is_whole = len(self._by_reference) == len(self.out)
        if is_whole:
            self.results = [self._by_reference[message.reference] for message in self.out]
            self.finished()


class Builder:
    """Turns rows into messages of the provider's client; renders with what was frozen."""

    def __init__(self, broadcast: Broadcast, channel: Channel, batch_id: int) -> None:
        self.broadcast = broadcast
        self.channel = channel
        self.batch_id = batch_id
        self.notify_url = gateway.receipts_url(channel)

    def build(self, rows: Sequence[Row]) -> Window:
        """The window of these rows: expired, opted-out and unwritable ones are dropped, each with its reason."""
        expires_at = self.broadcast.expires_at
        through = rows[-1].seq
        if expires_at and expires_at <= clock.now():
            expired = [self._drop(row, EXPIRED) for row in rows]
            return Window([], [], expired, through)
        suppressed = consent.suppressed(set().union(*(row.addresses for row in rows)), self.channel)
        window = Window([], [], [], through)
        for row in rows:
            if not suppressed.isdisjoint(row.addresses):
                window.dropped.append(self._drop(row, OPTED_OUT))
            else:
                self._write(row, window)
        return window

    @property
    def uses_variables(self) -> bool:
        """Whether what people get differs by more than their language."""
        try:
            return bool(placeholders_of(self.broadcast.content))
        except Unreadable:  # which each message will tell by itself
            return True

    @cached_property
    def renderer(self) -> Renderer:
        """The frozen content, split once, with the provider's ids of its files. Raises what unusable content raises."""
        return Renderer(media.with_ids(self.broadcast.content, self.broadcast.media))

    def outbound(self, row: Row) -> OutboundMessage:
        """What the provider's client is given for this row."""
        return gateway.outbound(
            self.broadcast,
            message_id=row.message_id,
            recipient=gateway.recipient(row.address, name=row.name or "", language=row.language),
            content=self.renderer.render(row.language, row.variables),
            notify_url=self.notify_url,
            expires_at=self.broadcast.expires_at,
        )

    def _write(self, row: Row, window: Window) -> None:
        """Write one message; one that cannot be written fails, alone.

        Pre-flight has tried real recipients, so this is rare; but a row that raised again and again would never let
        its broadcast end.
        """
        try:
            out = self.outbound(row)
        except Exception:
            log.exception("message %s cannot be written", row.message_id)
            window.dropped.append(self._drop(row, NOT_WRITABLE))
        else:
            window.rows.append(row)
            window.out.append(out)

    def _drop(self, row: Row, ending: Ending) -> Change:
        words = {"error_code": ending.code, "error_text": ending.text}
        return Change(row.message_id, self.batch_id, Message.State.PENDING, ending.state, **words)
