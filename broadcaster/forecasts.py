"""What a broadcast would cost, asked before it is sent: recipients -> messages -> the provider -> a sentence.

An upload to the provider may be needed for it, so an answer is kept for some minutes, for exactly these messages.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache

import providers
from broadcaster import accounts, gateway
from broadcaster.audience import segments
from broadcaster.content import samples
from broadcaster.models import Broadcast, Channel

log = logging.getLogger(__name__)

ASKED = samples.CHECKED  # recipients at most that the provider is asked about
WITHIN_S = 25.0
KEPT_S = 300

NOBODY = "There is nothing to ask about until somebody can be written to."
NOT_TOLD = "{provider} does not tell what this template costs."
BROKEN = "{provider} answered with something that cannot be read."


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the first `asked` of all `recipients` would cost; `problem` says why nobody knows, where nobody does."""

    sentence: str = ""
    is_enough: bool = True
    asked: int = 0
    recipients: int = 0
    problem: str = ""

    @property
    def is_partial(self) -> bool:
        """Whether there are recipients that the provider was not asked about."""
        return self.asked < self.recipients

    @property
    def times(self) -> str:
        """How many times as much all of them take."""
        return f"{self.recipients / self.asked:.1f}".removesuffix(".0") if self.asked else ""


def is_told(channel: Channel | None) -> bool:
    """Whether the channel's provider can be asked at all."""
    return channel is not None and channel.kind in providers.kinds() and channel.client_class.capabilities.estimate


def forecast(broadcast: Broadcast) -> Forecast:
    """Ask what the broadcast would cost as it stands now, on a channel for which `is_told`. Never raises."""
    channel = broadcast.sender
    messages = samples.messages(broadcast, ASKED)
    if not messages:
        return Forecast(problem=NOBODY)
    key = _key(channel, messages)
    kept: Forecast | None = cache.get(key)
    if kept is None:
        kept = _asked(channel, messages, segments.estimate(broadcast).recipients)
        if not kept.problem:
            cache.set(key, kept, KEPT_S)
    return kept


def _asked(channel: Channel, messages: Sequence[providers.OutboundMessage], recipients: int) -> Forecast:
    provider = channel.client_class.label
    try:
        client = gateway.connect_for(channel, within_s=WITHIN_S)
        told = client.estimate(messages)
        accounts.keep_balance(channel, client)
    except providers.ProviderError as error:
        return Forecast(problem=error.sentence)
    except providers.ConfigurationError as error:
        return Forecast(problem=str(error))
    except Exception:
        log.exception("channel %s could not be asked what messages cost", channel)
        return Forecast(problem=BROKEN.format(provider=provider))
    if told is None:
        return Forecast(problem=NOT_TOLD.format(provider=provider))
    # Of few recipients all were asked about who can be reached; of many, the first.
    everybody = recipients if recipients > ASKED else len(messages)
    return Forecast(told.sentence, told.is_enough, asked=len(messages), recipients=everybody)


def _key(channel: Channel, messages: Sequence[providers.OutboundMessage]) -> str:
    """A name for this question: the account, and what each recipient would get."""
    account = json.dumps([channel.pk, channel.kind, channel.config], sort_keys=True)
    asked = repr([(message.recipient, message.content) for message in messages])
    return f"forecast-{hashlib.sha256((account + asked).encode('utf-8', 'replace')).hexdigest()}"
