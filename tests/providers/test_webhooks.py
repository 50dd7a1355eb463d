"""Who may post receipts: each way in which a provider can show that it is one, and all that must not pass for it."""

import base64
import hmac
from collections.abc import Callable, Mapping

import pytest

from providers import ConfigurationError, InvalidSignature
from providers.webhooks import check_fields, verify_basic, verify_header, verify_signature

BODY = '{"name": "Zoë"}'.encode()
SECRET = "shared"
BASIC = {"receipts_user": "kaleyra", "receipts_password": "p:ss wörd"}
HEADER = {"receipts_header": "X-Receipts-Key", "receipts_header_value": "k3y"}
SIGNED = {"webhook_secret": SECRET}


def basic(text: str, charset: str = "utf-8") -> str:
    return "Basic " + base64.b64encode(text.encode(charset)).decode()


def digest(method: str, secret: str = SECRET, body: bytes = BODY) -> str:
    return hmac.new(secret.encode(), body, method).hexdigest()


BASIC_CALLS: dict[str, tuple[Mapping[str, str], bool]] = {
    "the channel's user": ({"Authorization": basic("kaleyra:p:ss wörd")}, True),
    "the header's name in any case": ({"authorization": basic("kaleyra:p:ss wörd")}, True),
    "the scheme in any case": ({"Authorization": basic("kaleyra:p:ss wörd").replace("Basic", "BASIC")}, True),
    "spaces around it": ({"Authorization": basic("kaleyra:p:ss wörd").replace("Basic ", "Basic   ") + " "}, True),
    "without its padding": ({"Authorization": basic("kaleyra:p:ss wörd").rstrip("=")}, True),
    "in Latin-1": ({"Authorization": basic("kaleyra:p:ss wörd", "latin-1")}, True),
    "another password": ({"Authorization": basic("kaleyra:p:ss word")}, False),
    "another user": ({"Authorization": basic("Kaleyra:p:ss wörd")}, False),
    "the beginning of the password": ({"Authorization": basic("kaleyra:p:ss wör")}, False),
    "no password": ({"Authorization": basic("kaleyra:")}, False),
    "nobody": ({"Authorization": basic(":")}, False),
    "no header": ({}, False),
    "an empty header": ({"Authorization": ""}, False),
    "the scheme alone": ({"Authorization": "Basic"}, False),
    "another scheme": ({"Authorization": basic("kaleyra:p:ss wörd").replace("Basic", "Bearer")}, False),
    "not encoded": ({"Authorization": "Basic kaleyra:p:ss wörd"}, False),
    "no Base64": ({"Authorization": "Basic \u00fc\ud800=="}, False),
    "a proxy's header": ({"Proxy-Authorization": basic("kaleyra:p:ss wörd")}, False),
}

HEADER_CALLS: dict[str, tuple[Mapping[str, str], bool]] = {
    "the value": ({"X-Receipts-Key": "k3y"}, True),
    "the name in any case": ({"x-receipts-KEY": "k3y"}, True),
    "another value": ({"X-Receipts-Key": "K3y"}, False),
    "the beginning of the value": ({"X-Receipts-Key": "k3"}, False),
    "more than the value": ({"X-Receipts-Key": "k3yy"}, False),
    "an empty value": ({"X-Receipts-Key": ""}, False),
    "not ASCII": ({"X-Receipts-Key": "k3\u00ff\ud800"}, False),
    "another header": ({"X-Receipts": "k3y"}, False),
    "no header": ({}, False),
}

SIGNATURES = {
    "SHA-256": (f"sha256={digest('sha256')}", True),
    "SHA-512": (f"sha512={digest('sha512')}", True),
    "SHA-256 without its name": (digest("sha256"), True),
    "SHA-512 without its name": (digest("sha512"), True),
    "in capitals": (f"SHA256={digest('sha256').upper()}", True),
    "spaces around it": (f" sha256 = {digest('sha256')} ", True),
    "another secret": (f"sha256={digest('sha256', 'other')}", False),
    "another body": (f"sha256={digest('sha256', body=BODY + b' ')}", False),
    "the other method's digest": (f"sha256={digest('sha512')}", False),
    "a method that is too weak": (f"sha1={digest('sha1')}", False),
    "too weak, without its name": (digest("sha1"), False),
    "half a digest": (f"sha256={digest('sha256')[:32]}", False),
    "a name without a digest": ("sha256=", False),
    "a sign": ("=", False),
    "not ASCII": ("sha256=\u00fc\ud800", False),
}


def passes(check: Callable[[], None]) -> bool:
    """Whether the check lets a call through."""
    try:
        check()
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize(("headers", "fits"), BASIC_CALLS.values(), ids=BASIC_CALLS)
def test_user_and_password(headers: Mapping[str, str], fits: bool) -> None:  # noqa: FBT001
    assert passes(lambda: verify_basic(BASIC, BASIC, headers)) is fits


def test_user_beyond_latin_1() -> None:
    account = {"receipts_user": "用户", "receipts_password": "geheim"}
    verify_basic(account, account, {"Authorization": basic("用户:geheim")})
    assert not passes(lambda: verify_basic(account, account, {"Authorization": basic("??:geheim")}))


@pytest.mark.parametrize(("headers", "fits"), HEADER_CALLS.values(), ids=HEADER_CALLS)
def test_header_with_a_value(headers: Mapping[str, str], fits: bool) -> None:  # noqa: FBT001
    assert passes(lambda: verify_header(HEADER, HEADER, headers)) is fits


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize(("signature", "fits"), SIGNATURES.values(), ids=SIGNATURES)
def test_signature(signature: str, fits: bool, required: bool) -> None:  # noqa: FBT001
    headers = {"X-Hub-Signature": signature}
    assert passes(lambda: verify_signature({"require_signature": required}, SIGNED, headers, BODY)) is fits


@pytest.mark.parametrize("headers", [{}, {"X-Hub-Signature": ""}], ids=["none", "empty"])
def test_missing_signature_is_refused_only_where_one_is_required(headers: Mapping[str, str]) -> None:
    assert passes(lambda: verify_signature({"require_signature": False}, SIGNED, headers, BODY))
    assert not passes(lambda: verify_signature({"require_signature": True}, SIGNED, headers, BODY))


def test_signature_is_not_looked_at_where_there_is_no_secret() -> None:
    verify_signature({}, {"webhook_secret": ""}, {"X-Hub-Signature": "sha256=0"}, BODY)


def test_channel_that_asks_for_nothing_lets_everybody_in() -> None:
    for asked in ({}, dict.fromkeys([*BASIC, *HEADER], "")):
        verify_basic(asked, asked, {"Authorization": "Basic x"})
        verify_header(asked, asked, {})


UNUSABLE = {
    "user alone": ({"receipts_user": "u"}, {}, "both the receipts user and the receipts password"),
    "password alone": ({}, {"receipts_password": "p"}, "both the receipts user and the receipts password"),
    "header alone": ({"receipts_header": "X-Key"}, {}, "both the receipts header and its value"),
    "value alone": ({}, {"receipts_header_value": "v"}, "both the receipts header and its value"),
    "signature without a secret": ({"require_signature": True}, {"webhook_secret": ""}, "Enter the webhook secret"),
    "colon in the user": ({"receipts_user": "a:b"}, {"receipts_password": "p"}, "may hold no colon"),
    "header with a space": ({"receipts_header": "X Key"}, {"receipts_header_value": "v"}, "the name of one header"),
    "header with an underscore": (
        {"receipts_header": "X_Receipts_Key"},
        {"receipts_header_value": "v"},
        "without an underscore",
    ),
    "header that is none": ({"receipts_header": "X-Ключ"}, {"receipts_header_value": "v"}, "the name of one header"),
    "one header for both": (
        {"receipts_user": "u", "receipts_header": "authorization"},
        {"receipts_password": "p", "receipts_header_value": "Bearer v"},
        "not for both",
    ),
}


@pytest.mark.parametrize(("config", "secrets", "words"), UNUSABLE.values(), ids=UNUSABLE)
def test_settings_that_no_call_could_meet_are_refused(
    config: Mapping[str, object], secrets: Mapping[str, str], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        check_fields(config, secrets)


def test_usable_settings_are_taken() -> None:
    check_fields({}, {})
    check_fields(BASIC | HEADER | {"require_signature": True}, BASIC | HEADER | SIGNED)
