"""What Kaleyra's refusals mean, and what an operator has to do about each.

    401 {"code": "WA401", "message": "Phone number is not ...", "data": {}, "error": {"phone_number": "..."}}
    401 {"code": "WA-401", "message": "API is not available ...", "data": {}, "error": {"account": "..."}}
    401 {"code": "WA-401", "message": "... different Version ...", "data": {}, "error": {"phone_number": "..."}}

WA401 and the two WA-401 are three different faults, which only the dash and the key of `error` tell apart.

Sources: "Sample Failure Response" of the "Send Flow Messages" page (tagged S), "WhatsApp V2 Error Codes for Send
Message APIs" (tagged O), which gives no HTTP status for its own and calls the answer to a message WA200.
"""

from providers import parsing, writing
from providers.errors import (
    AnswerUnreadable,
    ChannelHeld,
    ChannelRejected,
    MessageRejected,
    ProviderError,
    TryLater,
)
from providers.http import Answer
from providers.statuses import error_for_status

# By `code` without its dash: in all its forms WA401 stops the channel.
ERRORS: dict[str, type[ProviderError]] = {
    "RBC001": ChannelRejected,  # S 401 incorrect SID or API key
    "WA401": ChannelRejected,  # S 401 number, account type or version of the API; O
    "WA400": MessageRejected,  # S 400 incorrect payload
    "E110": ChannelHeld,  # S 400 low balance
    "WA500": TryLater,  # S 500 "please try again later"; O "3 retries with intervals of 5, 10 and 15 minutes"
    "WAV2101": ChannelHeld,  # O account daily limit reached
}
# By `code` and the key of `error`, else by the code alone: what is wrong, and what to do.
SENTENCES = {
    "RBC001": "The account SID or the API key is wrong; copy both again from Kaleyra's console.",
    "WA401 phone_number": "The WhatsApp number is not in this Kaleyra account; correct the number or the SID.",
    "WA-401 phone_number": (
        "The WhatsApp number is still on version 1 of Kaleyra's API; ask Kaleyra to move it to version 2."
    ),
    "WA-401 account": "This Kaleyra account may not use the API; ask Kaleyra's support to open it.",
    "WA401": "Kaleyra gives this account no access; check that number and templates are approved in its console.",
    "WA-401": "Kaleyra gives this account no access; ask Kaleyra's support to open the API for it.",
    "WA400": "Kaleyra does not take the message as it stands; check template, language and variables.",
    "E110": "The balance at Kaleyra is too low; top it up, or have its limit raised.",
    "WA500": "Kaleyra failed and did not take the message; it is tried again by itself.",
    "WAV2101": "The account's daily limit at Kaleyra is reached; wait for the next day, or have it raised.",
}


def refusal(answer: Answer) -> ProviderError:
    """The error for an answer that accepts nothing: by its code before its HTTP status."""
    code = parsing.identifier(parsing.dig(answer.value, "code"))
    words = parsing.phrase(parsing.dig(answer.value, "message"))
    kind = ERRORS.get(code.replace("-", ""))
    if kind:
        told = writing.told(_sentence(code, answer), who="Kaleyra", words=words)
        return kind(told, code=code, retry_after_s=answer.retry_after_s)
    if answer.ok:
        return AnswerUnreadable("Kaleyra said yes, but gave no message id.", code=code)
    return error_for_status(answer, words, code=code)


def _sentence(code: str, answer: Answer) -> str:
    fault = parsing.dig(answer.value, "error")
    keys = [f"{code} {key}" for key in fault] if isinstance(fault, dict) else []
    found = [SENTENCES[key] for key in (*keys, code, code.replace("-", "")) if key in SENTENCES]
    return found[0]
