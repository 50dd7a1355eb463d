"""IMIconnect's answers: one item for each destination or one for the request, and what each code means.

    {"response": [{"code": "1001", "transid": "48ceebcb-...", "description": "Queued"}]}
    {"response": [{"code": "7001", "transid": "", "description": "Authentication failed"}]}

Sources: the Messaging API page for the codes tagged S, Webex Connect's pages for those tagged O and, with public
clients, for the shape.
"""

from typing import Any

from providers import parsing, writing
from providers.errors import (
    AnswerUnreadable,
    ChannelRejected,
    MessageRejected,
    ProviderError,
    Throttled,
    TooLarge,
    TryLater,
)
from providers.http import Answer
from providers.outcomes import SendResult

QUEUED = "1001"  # S

# `code` of an item, and what the operator is told.
ERRORS: dict[str, type[ProviderError]] = {
    "1002": AnswerUnreadable,  # O partial success, of another API: where its items do not say whose, nobody knows
    "7000": MessageRejected,  # S invalid JSON
    "7001": ChannelRejected,  # S authentication failed
    "7002": ChannelRejected,  # S service key missing
    "7003": MessageRejected,  # S mandatory parameters missing
    "7004": MessageRejected,  # S invalid parameters
    "7005": MessageRejected,  # O request expired
    "7006": TryLater,  # S internal error
    "7007": ChannelRejected,  # S service inactive
    "7009": TooLarge,  # S over 1,000 destinations
    "7010": ChannelRejected,  # O source address not allowed
    "7016": TryLater,  # O unknown exception
    "7020": Throttled,  # O over the account's transactions per second
    "7022": TooLarge,  # O JSON too large
    "7101": ChannelRejected,  # O invalid sender
    "7102": MessageRejected,  # O invalid destination
    "7104": ChannelRejected,  # O invalid application id
    "7127": ChannelRejected,  # O source address not allowed
    "8009": MessageRejected,  # O the customer's profile does not exist
}
# A single item of these says that some destination is wrong, and not what became of the others in the request.
OF_ONE_DESTINATION = frozenset({"7102", "8009"})
NOT_ALLOWED = "IMIconnect does not take calls from this server's address; have it added to the service's allowed list."
SENTENCES = {
    "1002": "IMIconnect took only a part of the calls and does not say which.",
    "7000": "IMIconnect could not read the request; check the call flow or prompt and the caller ID.",
    "7001": "The service key is wrong; copy it again from IMIconnect, and check the region.",
    "7002": "The service key is missing; enter it in the channel's settings.",
    "7003": "IMIconnect misses something in the call; check the call flow or prompt.",
    "7004": "IMIconnect does not know something in the call; check the call flow or prompt and the caller ID.",
    "7005": "The call came to IMIconnect after its expiry; let the broadcast expire later.",
    "7006": "IMIconnect failed and did not take the call; it is tried again by itself.",
    "7007": "The service is not active; activate it in IMIconnect.",
    "7009": "There are too many calls in the request; lower the recipients per request.",
    "7010": NOT_ALLOWED,
    "7016": "IMIconnect failed and did not take the call; it is tried again by itself.",
    "7020": "IMIconnect asks to call more slowly; the channel slows down by itself.",
    "7022": "The request is too long for IMIconnect; lower the recipients per request.",
    "7101": "IMIconnect does not know the caller ID; choose one that it has approved for the service.",
    "7102": "IMIconnect cannot call this number; correct it.",
    "7104": "IMIconnect does not know the service behind the key; copy the key of an active service.",
    "7127": NOT_ALLOWED,
    "8009": "IMIconnect has no customer with this identifier; correct it, or give a phone.",
}
UNKNOWN_CODE = "IMIconnect answered with a code that is not in its documents."


def items(answer: Answer) -> list[Any]:
    """The items that carry a code."""
    # Public clients read `response` as an object or as a list; a bare item is read too, for nothing forbids it. A code
    # beside `response`, as in a partial success, says less than the items do.
    inner = parsing.items(parsing.dig(answer.value, "response"))
    return [item for item in inner or parsing.items(answer.value) if code_of(item)]


def code_of(item: Any) -> str:
    """The code of an item, or nothing."""
    return parsing.identifier(parsing.dig(item, "code"))


def result_of(item: Any, answer: Answer) -> SendResult:
    """What one item says of its destination."""
    code = code_of(item)
    if code == QUEUED:
        return SendResult.accepted(parsing.identifier(parsing.dig(item, "transid")))
    words = parsing.phrase(parsing.dig(item, "description") or parsing.dig(item, "message"))
    sentence = SENTENCES.get(code, UNKNOWN_CODE)
    kind = ERRORS.get(code, AnswerUnreadable)
    told = writing.told(sentence, who="IMIconnect", words=words)
    return SendResult.failed(kind(told, code=code, retry_after_s=answer.retry_after_s))
