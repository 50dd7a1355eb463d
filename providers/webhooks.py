"""Who posts to our receipts address: what a provider can show beside the address itself, which nobody can guess.

A channel asks for what its operator has entered and for nothing else. Everything is compared in constant time.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from providers import parsing
from providers.config import ConfigField
from providers.errors import ConfigurationError, InvalidSignature

USER, PASSWORD = "receipts_user", "receipts_password"
HEADER, HEADER_VALUE = "receipts_header", "receipts_header_value"
SIGNING_SECRET, SIGNATURE_REQUIRED = "webhook_secret", "require_signature"
SIGNATURE_HEADER = "x-hub-signature"
HASHES = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
# RFC 9110, 5.6.2: a token; but no underscore, which servers drop or, as PEP 3333 has it, make a hyphen of.
HEADER_NAME = re.compile(r"[!#$%&'*+.^`|~0-9A-Za-z-]+\Z")

BASIC_FIELDS = (
    ConfigField(
        USER,
        "Receipts user",
        help="Where the provider logs in to post receipts: its user (Basic).",
        required=False,
        group="receipts",
    ),
    ConfigField(
        PASSWORD,
        "Receipts password",
        help="Belongs to the receipts user.",
        required=False,
        secret=True,
        group="receipts",
    ),
)
HEADER_FIELDS = (
    ConfigField(
        HEADER,
        "Receipts header",
        help="Where each receipt carries a header of yours: its name.",
        required=False,
        group="receipts",
    ),
    ConfigField(
        HEADER_VALUE,
        "Receipts header's value",
        help="What the header says. Receipts without it are refused.",
        required=False,
        secret=True,
        group="receipts",
    ),
)
SIGNATURE_FIELDS = (
    ConfigField(
        SIGNATURE_REQUIRED,
        "Refuse unsigned receipts",
        "boolean",
        f"Only where every receipt comes with {SIGNATURE_HEADER}; a wrong signature is refused in any case.",
        default=False,
        group="receipts",
    ),
    ConfigField(
        SIGNING_SECRET,
        "Webhook secret",
        help="With which the provider signs receipts.",
        required=False,
        secret=True,
        group="receipts",
    ),
)


def check_fields(config: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
    """Raise ConfigurationError where one half of a pair is missing, or where no call could ever pass."""
    problem = next(_problems(config, secrets), "")
    if problem:
        raise ConfigurationError(problem)


def _problems(config: Mapping[str, Any], secrets: Mapping[str, str]) -> Iterator[str]:
    user, header = str(config.get(USER) or ""), str(config.get(HEADER) or "")
    for wrong, sentence in (
        (
            bool(user) != bool(secrets.get(PASSWORD)),
            "Give both the receipts user and the receipts password, or neither.",
        ),
        (bool(header) != bool(secrets.get(HEADER_VALUE)), "Give both the receipts header and its value, or neither."),
        (
            bool(config.get(SIGNATURE_REQUIRED)) > bool(secrets.get(SIGNING_SECRET)),
            "Enter the webhook secret, or do not refuse unsigned receipts.",
        ),
        # RFC 7617, 2: it ends at the first colon.
        (":" in user, "The receipts user may hold no colon; choose another name."),
        (
            bool(header) and not HEADER_NAME.match(header),
            "The receipts header must be the name of one header, without an underscore, such as X-Receipts-Key.",
        ),
        (
            bool(user) and header.lower() == "authorization",
            "Ask for the receipts user or for the header Authorization, not for both: they are the same header.",
        ),
    ):
        if wrong:
            yield sentence


def asks_for_proof(fields: Iterable[ConfigField], config: Mapping[str, Any], secrets: Mapping[str, str] | None) -> bool:
    """Whether any of the settings asks for a proof; any that could be among secrets that cannot be read (None) does."""
    if any(map(config.get, (USER, HEADER, SIGNATURE_REQUIRED))):
        return True
    names = [field.name for field in fields if field.secret and field.group == "receipts"]
    return bool(names) if secrets is None else any(map(secrets.get, names))


def verify_basic(config: Mapping[str, Any], secrets: Mapping[str, str], headers: Mapping[str, str]) -> None:
    """Raise InvalidSignature where a user is asked for and the call names another, or none (RFC 7617)."""
    if not config.get(USER):
        return
    scheme, _, given = parsing.header(headers, "authorization").partition(" ")
    known = [_equal(given.strip().rstrip("="), each) for each in _credentials(config[USER], secrets[PASSWORD])]
    if scheme.lower() != "basic" or not any(known):
        raise InvalidSignature("The receipt comes with another user or password than the channel's.")


def _credentials(user: str, password: str) -> Iterator[str]:
    """What RFC 7617 makes of a user: in UTF-8, and in the older Latin-1 where that can hold it; without padding."""
    for charset in ("utf-8", "latin-1"):
        try:
            yield base64.b64encode(f"{user}:{password}".encode(charset)).decode().rstrip("=")
        except UnicodeEncodeError:
            continue


def verify_header(config: Mapping[str, Any], secrets: Mapping[str, str], headers: Mapping[str, str]) -> None:
    """Raise InvalidSignature where a header is asked for and the call has it not, or with another value."""
    name = str(config.get(HEADER) or "").lower()
    if name and not _equal(parsing.header(headers, name), secrets[HEADER_VALUE]):
        raise InvalidSignature(f"The receipt comes without the channel's {config[HEADER]}.")


def verify_signature(
    config: Mapping[str, Any], secrets: Mapping[str, str], headers: Mapping[str, str], body: bytes
) -> None:
    """Raise InvalidSignature where the signature is wrong, or missing although the channel asks for one."""
    secret = secrets.get(SIGNING_SECRET, "")
    if secret and (config.get(SIGNATURE_REQUIRED) or parsing.header(headers, SIGNATURE_HEADER)):
        verify_hmac(secret, headers, body)


def verify_hmac(secret: str, headers: Mapping[str, str], body: bytes) -> None:
    """Raise InvalidSignature where `x-hub-signature` was not made with the secret; `sha256=<hex>` or `sha512=<hex>`.

    The documents show the method before the digest, their sample code compares the digest alone: both are taken.
    """
    signature = parsing.header(headers, SIGNATURE_HEADER)
    method, _, digest = (part.strip().lower() for part in signature.rpartition("="))
    methods = [HASHES[method]] if method in HASHES else [] if method else list(HASHES.values())
    expected = [hmac.new(secret.encode(), body, each).hexdigest() for each in methods]
    if not any(_equal(digest, each) for each in expected):
        raise InvalidSignature("The receipt is signed with another secret than the channel's, or not at all.")


def verify_token(token: str, given: object) -> None:
    """Raise InvalidSignature where a token is asked for and the body says another, or none."""
    if token and not _equal(given if isinstance(given, str) else "", token):
        raise InvalidSignature("The call comes without the channel's verify token.")


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
