"""How a receiver knows our posts: a signature over the time and the body, by the webhook's secret.

    X-Broadcaster-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">

The time is signed too, so that a receiver can refuse what somebody recorded and posts again later.
"""

import hashlib
import hmac
import secrets

SECRET_BYTES = 32


def new_secret() -> str:
    """A secret that nobody guesses: 64 hexadecimal digits."""
    return secrets.token_hex(SECRET_BYTES)


def signature(secret: str, body: bytes, *, at: int) -> str:
    """The value of the header for this body at this time."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
