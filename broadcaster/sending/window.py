"""One window of messages: who may still be written to, and what exactly each of them gets."""

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.utils import timezone

import providers
from broadcaster import gateway
from broadcaster.audience import consent
from broadcaster.content.rendering import Renderer
from broadcaster.models import Batch, Broadcast, Channel, Message
from broadcaster.sending import batches
from broadcaster.sending.ledger import Change

log = logging.getLogger(__name__)


def still_wanted(batch: Batch) -> bool:
    """Whether the broadcast still sends and its channel is open; read anew before each window."""
    open_now = Q(broadcast__channel__hold_reason="") | Q(broadcast__channel__hold_until__lte=timezone.now())
    wanted = Batch.objects.filter(
        open_now, pk=batch.pk, broadcast__state=Broadcast.State.SENDING, broadcast__channel__enabled=True
    )
    return wanted.exists()


class Builder:
    """Turns rows into messages of the provider's client; renders with what was frozen."""

    def __init__(self, broadcast: Broadcast, channel: Channel) -> None:
        self.broadcast = broadcast
        self.channel = channel
        self.notify_url = gateway.receipts_url(channel)

    def admit(self, messages: Sequence[Message], batch: Batch) -> list[Message]:
        """The messages that may go out now; the others become expired or skipped. Raises batches.LeaseLost."""
        expires_at = self.broadcast.expires_at
        if expires_at and expires_at <= timezone.now():
            changes = [self._change(message, Message.State.EXPIRED, "expired", EXPIRED) for message in messages]
            batches.record(batch, changes, [])
            return []
        suppressed = consent.suppressed({message.address for message in messages}, self.channel)
        refused = [message for message in messages if message.address in suppressed]
        if refused:
            changes = [self._change(message, Message.State.SKIPPED, "opted_out", OPTED_OUT) for message in refused]
            batches.record(batch, changes, [])
        return [message for message in messages if message.address not in suppressed]

    @cached_property
    def renderer(self) -> Renderer:
        """The frozen content, split once. Raises what unusable content raises."""
        return Renderer(self.broadcast.content)

    def build(self, messages: Sequence[Message], batch: Batch) -> tuple[list[Message], list[providers.OutboundMessage]]:
        """The messages and what the client is given for each; one that cannot be written fails, alone.

        Pre-flight has tried real recipients, so this is rare; but a row that raised again and again would never let
        its broadcast end. Raises batches.LeaseLost.
        """
        built: list[tuple[Message, providers.OutboundMessage]] = []
        broken: list[Change] = []
        for message in messages:
            try:
                built.append((message, self.outbound(message)))
            except Exception:
                log.exception("message %s cannot be written", message.pk)
                broken.append(self._change(message, Message.State.FAILED, "not_writable", NOT_WRITABLE))
        if broken:
            batches.record(batch, broken, [])
        return [message for message, _ in built], [outgoing for _, outgoing in built]

    def outbound(self, message: Message) -> providers.OutboundMessage:
        """What the provider's client is given for this row."""
        variables: Mapping[str, Any] = message.variables
        is_phone = message.address.startswith("+")
        return gateway.outbound(
            self.broadcast,
            message_id=message.pk,
            recipient=providers.Recipient(
                phone=message.address if is_phone else "",
                identifier="" if is_phone else message.address,
                name=message.contact.name if message.contact else "",
                language=message.language,
            ),
            content=self.renderer.render(message.language, variables),
            notify_url=self.notify_url,
            expires_at=self.broadcast.expires_at,
        )

    @staticmethod
    def _change(message: Message, state: Message.State, code: str, text: str) -> Change:
        return Change(message.pk, message.batch_id, message.state, state, error_code=code, error_text=text)


EXPIRED = "It was not sent before the broadcast's expiry."
NOT_WRITABLE = "The message could not be written for this person; look at the template."
OPTED_OUT = "This person has opted out."
