"""What RapidPro's refusals mean: for the channel, for one message of a broadcast, or for all of them.

    400 {"urns": {"3": ["Invalid URN: 0788123123. Ensure phone numbers contain country codes."]}}
    400 {"groups": ["No such object: 5f05311e-8f81-4a67-a5b5-1501b6d6496a"]}
    400 {"text": {"eng": ["Ensure this field has no more than 640 characters."]}}
    400 {"non_field_errors": ["Sorry, your workspace is currently flagged. To re-enable starting flows and ..."]}
    403 {"detail": "Invalid token"}
    429 {"detail": "Request was throttled. Expected available in 3600 seconds."}      Retry-After: 3600

Sources: temba/api of rapidpro/rapidpro v9.0.0, and what it answered when it was asked.
"""

from collections.abc import Sequence
from typing import Any

from providers import parsing
from providers.adapters import _rapidpro_recipients as recipients
from providers.errors import ChannelRejected, MessageRejected, ProviderError, TryLater
from providers.http import Answer
from providers.messages import OutboundMessage
from providers.outcomes import SendResult
from providers.statuses import error_for_status

BAD_REQUEST = 400
NOT_ALLOWED = "RapidPro refuses the API token; enter that of an administrator or editor."
NOT_THERE = "There is no RapidPro at the channel's address; check the base URL: it is what stands before /api/v2."
NOT_THE_API = "What answers is not RapidPro's API; check the base URL: it is what stands before /api/v2."
# HTTP statuses that mean something more exact here than elsewhere: rapidpro/rapidpro v9.0.0, temba/api.
ERRORS: dict[int, type[ProviderError]] = {
    401: ChannelRejected,  # from a proxy before it; RapidPro itself says 403
    403: ChannelRejected,
    404: ChannelRejected,
    405: ChannelRejected,
    409: ChannelRejected,
    415: ChannelRejected,
}
SENTENCES = {
    401: NOT_ALLOWED,
    403: NOT_ALLOWED,
    404: NOT_THERE,
    405: NOT_THE_API,
    409: "The workspace has reached a limit; ask who runs the installation to raise it.",
    415: NOT_THE_API,
}
# A refused workspace answers 400; the words in its sentence: temba/orgs/models.py.
WORKSPACE_REFUSED = ("flagged", "suspended")
OTHERS = "Another recipient of the same request was refused."


def refusal(answer: Answer) -> ProviderError:
    """The error for an answer that is no yes, with what RapidPro said."""
    detail = " ".join(parsing.texts(answer.value))
    of_all = " ".join(parsing.texts(parsing.dig(answer.value, "non_field_errors")))
    if answer.status == BAD_REQUEST and any(word in of_all for word in WORKSPACE_REFUSED):
        return ChannelRejected(detail, code="workspace")
    if answer.status in ERRORS:
        sentence = f"{SENTENCES[answer.status]} {detail}".strip()
        return ERRORS[answer.status](sentence, code=f"HTTP {answer.status}")
    return error_for_status(answer, detail)


def results(answer: Answer, messages: Sequence[OutboundMessage]) -> list[SendResult]:
    """A refused broadcast, message by message: who is at fault, and who went down with them. Raises ProviderError."""
    faults = _faults(answer.value, messages) if answer.status == BAD_REQUEST and len(messages) > 1 else {}
    if not faults:
        raise refusal(answer)
    code = f"HTTP {answer.status}"
    for_others = TryLater(OTHERS, code=code)
    errors = {number: MessageRejected(sentence, code=code) for number, sentence in faults.items()}
    return [SendResult.failed(errors.get(number, for_others)) for number in range(len(messages))]


def _faults(value: Any, messages: Sequence[OutboundMessage]) -> dict[int, str]:
    """The complaints that name a recipient, by the position of the message."""
    found = {}
    with_urns = [number for number, message in enumerate(messages) if not recipients.kind_of(_name(message))]
    for place, number in enumerate(with_urns):
        if complaints := parsing.texts(parsing.dig(value, recipients.URNS, str(place))):
            found[number] = " ".join(complaints)
    for kind, name in recipients.LISTS.items():
        complaint = " ".join(parsing.texts(parsing.dig(value, name)))
        for number, message in enumerate(messages):
            if recipients.kind_of(_name(message)) == kind and _name(message).partition(":")[2] in complaint:
                found[number] = f"RapidPro has no such {kind}: it was deleted, or belongs to another workspace."
    return found


def _name(message: OutboundMessage) -> str:
    return "" if message.recipient.phone else message.recipient.identifier
