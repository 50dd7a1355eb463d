"""What comes back: the outcome of a post, the call it took, delivery receipts, a balance, a channel's health."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from providers.errors import (
    ChannelHeld,
    ChannelRejected,
    MessageRejected,
    NotPosted,
    OutcomeUnknown,
    ProviderError,
    Throttled,
    TryLater,
)


class Outcome(StrEnum):
    """What a post means for the message, and for its channel."""

    ACCEPTED = "accepted"
    RETRY = "retry"  # surely not accepted, and worth another try
    REJECTED = "rejected"  # surely not accepted, and never will be
    CHANNEL_REJECTED = "channel_rejected"  # not accepted; a person must mend the channel
    CHANNEL_HELD = "channel_held"  # not accepted; the channel works again by itself later (balance, daily limit)
    UNKNOWN = "unknown"  # posted, and nobody can tell whether it was accepted


class DeliveryStatus(StrEnum):
    """The field's delivery statuses in rank order; a receipt only moves a message up."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    OPTED_OUT = "opted_out"
    DELIVERED = "delivered"
    READ = "read"
    UNKNOWN = "unknown"  # the provider used a word that is not in its documents


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP call, with every secret already redacted. `status` is None where no answer came."""

    method: str
    url: str
    request: str
    status: int | None
    response: str
    duration_ms: int


OUTCOMES: dict[type[ProviderError], Outcome] = {
    NotPosted: Outcome.RETRY,
    Throttled: Outcome.RETRY,
    TryLater: Outcome.RETRY,
    MessageRejected: Outcome.REJECTED,
    ChannelRejected: Outcome.CHANNEL_REJECTED,
    ChannelHeld: Outcome.CHANNEL_HELD,
    OutcomeUnknown: Outcome.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class SendResult:
    """What became of one message; `error` says why where it was not accepted."""

    outcome: Outcome
    provider_id: str = ""
    error: ProviderError | None = None
    exchange: Exchange | None = None

    @classmethod
    def accepted(cls, provider_id: str = "", exchange: Exchange | None = None) -> "SendResult":
        """The provider took it."""
        return cls(Outcome.ACCEPTED, provider_id, exchange=exchange)

    @classmethod
    def failed(cls, error: ProviderError, exchange: Exchange | None = None) -> "SendResult":
        """The outcome that belongs to the error's class; a class of its own counts as its nearest parent."""
        outcome = next(OUTCOMES[parent] for parent in type(error).__mro__ if parent in OUTCOMES)
        return cls(outcome, error=error, exchange=exchange)


@dataclass(frozen=True, slots=True)
class ReceiptEvent:
    """One thing that a provider tells us later, about a message of ours or from the recipient.

    Matched by `provider_id`, else `reference`, else `address`. An inbound message has `inbound` set to its text
    (or its button's payload) and no status.
    """

    status: DeliveryStatus | None
    provider_id: str = ""
    reference: str = ""
    address: str = ""
    code: str = ""
    reason: str = ""
    at: datetime | None = None
    inbound: str | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left on the account, in the provider's own words, such as ("857", "messages")."""

    amount: str
    unit: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What messages would cost, and what is left to pay for it; `sentence` says both in the provider's own units."""

    is_enough: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Health:
    """The answer to "does this channel work?". `ok` is None where the provider offers nothing to ask."""

    ok: bool | None
    sentence: str


@dataclass(frozen=True, slots=True)
class FieldError:
    """Why a message cannot be sent as it is: the field of the content, and a sentence that says what to do."""

    field: str
    sentence: str
