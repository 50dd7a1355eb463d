"""Who posts to our receipts address: what a provider can show beside the address itself, which nobody can guess.

A channel asks for what its operator has entered and for nothing else. Everything is compared in constant time.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from providers import parsing
from providers.config import ConfigField
from providers.errors import ConfigurationError, InvalidSignature

USER, PASSWORD = "receipts_user", "receipts_password"
HEADER, HEADER_VALUE = "receipts_header", "receipts_header_value"
SIGNATURE_HEADER = "x-hub-signature"
HASHES = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}

BASIC_FIELDS = (
    ConfigField(USER, "Receipts user", help="Where the provider logs in to post receipts (Basic).", required=False),
    ConfigField(PASSWORD, "Receipts password", help="Belongs to the receipts user.", required=False, secret=True),
)
HEADER_FIELDS = (
    ConfigField(HEADER, "Receipts header", help="A header that each receipt carries, by name.", required=False),
    ConfigField(HEADER_VALUE, "Receipts header's value", help="What it says.", required=False, secret=True),
)


def check_fields(config: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
    """Raise ConfigurationError where one half of a pair is missing."""
    for name, secret, sentence in (
        (USER, PASSWORD, "Give both the receipts user and the receipts password, or neither."),
        (HEADER, HEADER_VALUE, "Give both the receipts header and its value, or neither."),
    ):
        if bool(config.get(name)) != bool(secrets.get(secret)):
            raise ConfigurationError(sentence)


def verify_basic(config: Mapping[str, Any], secrets: Mapping[str, str], headers: Mapping[str, str]) -> None:
    """Raise InvalidSignature where a user is asked for and the call names another, or none (RFC 7617)."""
    if not config.get(USER):
        return
    expected = base64.b64encode(f"{config[USER]}:{secrets[PASSWORD]}".encode()).decode()
    scheme, _, given = parsing.header(headers, "authorization").partition(" ")
    if scheme.lower() != "basic" or not _equal(given.strip(), expected):
        raise InvalidSignature("The receipt comes with another user or password than the channel's.")


def verify_header(config: Mapping[str, Any], secrets: Mapping[str, str], headers: Mapping[str, str]) -> None:
    """Raise InvalidSignature where a header is asked for and the call has it not, or with another value."""
    name = str(config.get(HEADER) or "").lower()
    if name and not _equal(parsing.header(headers, name), secrets[HEADER_VALUE]):
        raise InvalidSignature(f"The receipt comes without the channel's {config[HEADER]}.")


def verify_hmac(secret: str, headers: Mapping[str, str], body: bytes) -> None:
    """Raise InvalidSignature where `x-hub-signature` was not made with the secret; `sha256=<hex>` or `sha512=<hex>`.

    The documents show the method before the digest, their sample code compares the digest alone: both are taken.
    """
    signature = parsing.header(headers, SIGNATURE_HEADER)
    method, _, digest = signature.rpartition("=")
    methods = [HASHES[method]] if method in HASHES else [] if method else list(HASHES.values())
    expected = [hmac.new(secret.encode(), body, each).hexdigest() for each in methods]
    if not any(_equal(digest.strip().lower(), each) for each in expected):
        raise InvalidSignature("The receipt is signed with another secret than the channel's, or not at all.")


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
