"""Why a message was not accepted, or why nobody can tell.

    ProviderError              code, sentence, fault, may_be_accepted, retryable
    |-- NotPosted              nothing left this machine                          retry
    |-- Throttled              429, or the provider's word for it                 retry, costs no attempt
    |-- TryLater               the provider's own trouble, documented             retry
    |-- MessageRejected        this message will never be accepted                rejected
    |    `-- TooLarge           the request, not the message: each half may pass   posted again in halves
    |-- ChannelRejected        credentials, sender, service: a person must act    channel_rejected
    |-- ChannelHeld            balance, daily limit: works again by itself        channel_held
    `-- OutcomeUnknown         posted, no readable answer                         unknown, never sent again by itself
         |-- AnswerLost        timeout or reset after the request was written
         `-- AnswerUnreadable  an answer that is not in the provider's documents

InvalidSignature and ConfigurationError stand apart: they concern no message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from providers.outcomes import Exchange

CODE_CHARACTERS = 64
SENTENCE_CHARACTERS = 300


class ProviderError(Exception):
    """A post that did not end in a plain yes.

    `code` is the provider's own where it gave one, at most 64 characters; `sentence` tells a person what happened and
    what to do, in at most 300; `exchange` is the call as it went, where one was tried.
    """

    fault: ClassVar[str] = "provider"  # whose: provider, message, channel, network
    retryable: ClassVar[bool] = False
    may_be_accepted: ClassVar[bool] = False

    def __init__(self, sentence: str, *, code: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence[:SENTENCE_CHARACTERS]
        self.code = code[:CODE_CHARACTERS]
        self.retry_after_s = retry_after_s
        self.exchange: Exchange | None = None


class NotPosted(ProviderError):  # noqa: N818
    """No connection was made, so the provider cannot have the message."""

    fault = "network"
    retryable = True


class Throttled(ProviderError):  # noqa: N818
    """The provider asks us to slow down; `retry_after_s` where it said for how long."""

    retryable = True


class TryLater(ProviderError):  # noqa: N818
    """The provider refused because of its own trouble."""

    retryable = True


class MessageRejected(ProviderError):  # noqa: N818
    """This message will never be accepted as it is."""

    fault = "message"


class TooLarge(MessageRejected):
    """The provider refused the request for its size, so each half of its messages may pass."""


class ChannelRejected(ProviderError):  # noqa: N818
    """No message of this channel will be accepted until a person mends it."""

    fault = "channel"


class ChannelHeld(ProviderError):  # noqa: N818
    """No message of this channel is accepted for now: balance or a daily limit."""

    fault = "channel"
    retryable = True


class OutcomeUnknown(ProviderError):  # noqa: N818
    """The message was posted and may or may not have been accepted."""

    may_be_accepted = True


class AnswerLost(OutcomeUnknown):
    """The connection failed after the request was written."""

    fault = "network"


class AnswerUnreadable(OutcomeUnknown):
    """The provider answered with something that its documents do not show."""


class InvalidSignature(Exception):  # noqa: N818
    """A receipt that its provider did not sign, or signed with another secret."""


class ConfigurationError(ValueError):
    """A channel's settings cannot be used; the text says which and why."""
