"""Takes an account's secrets out of whatever is kept or believed: records of calls, answers, and so every sentence."""

import re
from collections.abc import Iterable

REDACTED = "[redacted]"
ESCAPES = ("\\", "%")  # of JSON and of addresses (RFC 8259, 7; RFC 3986, 2.1)


class Redaction:
    """Finds the secrets of one account, as they are and as JSON or an address may write them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        escapable = [secret for secret in self._secrets if not secret.isalnum()]  # nobody escapes letters and digits
        self._escaped = [re.compile("".join(_written(sign) for sign in secret)) for secret in escapable]

    def __call__(self, text: str) -> str:
        """The text without any of the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        if any(escape in text for escape in ESCAPES):
            for pattern in self._escaped:
                text = pattern.sub(REDACTED, text)
        return text


def _written(sign: str) -> str:
    """A pattern of the sign, however it may be written; JSON inside JSON doubles the backslashes."""
    if sign.isalnum():
        return sign
    code = f"{ord(sign):02x}"
    return rf"(?:\\*{re.escape(sign)}|(?i:\\+u00{code}|%{code}){'|[+]' if sign == ' ' else ''})"
