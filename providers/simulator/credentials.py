"""What a receipt shows beside itself, where an account's callback asks for it: a user, a header, a signature.

    {"url": "http://...", "user": "kaleyra", "password": "...", "header": "X-Key", "value": "...",
     "secret": "...", "method": "sha256"}

Kaleyra's callback profiles know the first two, Webex Connect's outbound webhooks all of them.
"""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from providers.simulator.shapes import fields, one_of, string, text

METHODS = ("sha256", "sha512")
REGISTERED = fields(
    {},
    {"url": string, "user": text, "password": text, "header": text, "value": text}
    | {"secret": text, "method": one_of(*METHODS)},
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Empty where nothing of that kind is shown."""

    user: str = ""
    password: str = ""
    header: str = ""
    value: str = ""
    secret: str = ""
    method: str = METHODS[0]

    @classmethod
    def of(cls, registered: Mapping[str, str]) -> "Credentials":
        """What was registered, without the URL."""
        return cls(**{name: value for name, value in registered.items() if name != "url"})

    def headers(self, body: bytes) -> dict[str, str]:
        """The headers of a receipt with this body."""
        shown: dict[str, str] = {}
        if self.user:
            pair = base64.b64encode(f"{self.user}:{self.password}".encode())
            shown["Authorization"] = f"Basic {pair.decode()}"
        if self.header:
            shown[self.header] = self.value
        if self.secret:
            digest = hmac.new(self.secret.encode(), body, self.method).hexdigest()
            shown["x-hub-signature"] = f"{self.method}={digest}"
        return shown
