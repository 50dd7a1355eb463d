"""HTTP status -> error, in one place: what an answer means where the provider's own words did not say it.

The rule behind each row: only what surely was not accepted may be posted again. A status that its sender can give
after the message was taken over stays unknown.
"""

from providers.errors import (
    AnswerUnreadable,
    ChannelHeld,
    ChannelRejected,
    MessageRejected,
    OutcomeUnknown,
    ProviderError,
    Throttled,
    TooLarge,
    TryLater,
)
from providers.http import Answer

CREDENTIALS = "The provider refused the channel's credentials or rights; check its settings."
ADDRESS = "There is no such service at the channel's address; check the base URL."
REDIRECT = "The provider's address has moved; check the base URL, it is never followed by itself."
UNCLEAR = "The provider failed in a way that leaves open whether it accepted the message."

STATUSES: dict[int, tuple[type[ProviderError], str]] = {
    # These redirects come instead of processing. 303 is not here: it may follow it (RFC 9110, 15.4.4).
    301: (ChannelRejected, REDIRECT),
    302: (ChannelRejected, REDIRECT),
    307: (ChannelRejected, REDIRECT),
    308: (ChannelRejected, REDIRECT),
    # Wrong for this message. Where it is wrong with all of them, the engine sees the same refusal again and stops.
    400: (MessageRejected, "The provider refused the message."),
    422: (MessageRejected, "The provider refused the message."),
    413: (TooLarge, "The request is too large for the provider."),
    # Wrong for every message of the channel.
    401: (ChannelRejected, CREDENTIALS),
    403: (ChannelRejected, CREDENTIALS),
    407: (ChannelRejected, "The proxy on the way to the provider asks for credentials."),
    404: (ChannelRejected, ADDRESS),
    405: (ChannelRejected, ADDRESS),
    406: (ChannelRejected, ADDRESS),
    410: (ChannelRejected, ADDRESS),
    415: (ChannelRejected, ADDRESS),
    402: (ChannelHeld, "The provider asks for payment; check the balance."),
    # Refused before it was read or taken (RFC 9110, 15.5.9; RFC 6585, 4; RFC 9110, 15.6.4).
    408: (TryLater, "The provider did not receive the whole request in time."),
    425: (TryLater, "The provider asks to try later."),
    429: (Throttled, "The provider asks to send more slowly."),
    503: (Throttled, "The provider is busy or being serviced."),
    # 500 may come after the message was taken over, and so may 502 and 504, which a gateway gives when it lost the
    # answer. Where a provider documents its 500 as "not accepted, try again", its adapter says so before this table.
}


def error_for_status(answer: Answer, detail: str = "", *, code: str = "") -> ProviderError:
    """The error for an answer that the adapter cannot read any better; `detail` is what the provider said, if anything.

    `code` is the provider's own; without one it is `HTTP` and the status.
    """
    kind, sentence = _meaning(answer)
    return kind(
        f"{sentence} {detail}".strip(), code=code or f"HTTP {answer.status}", retry_after_s=answer.retry_after_s
    )


def _meaning(answer: Answer) -> tuple[type[ProviderError], str]:
    if answer.status in STATUSES:
        return STATUSES[answer.status]
    if answer.ok:
        return AnswerUnreadable, "The provider's answer is not in its documents."
    if 400 <= answer.status < 500:  # noqa: PLR2004
        return MessageRejected, "The provider refused the message."
    return OutcomeUnknown, UNCLEAR
