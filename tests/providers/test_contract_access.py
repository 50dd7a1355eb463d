"""What every provider keeps about who may post its receipts: each asks for what its channel was given."""

import base64
import hmac
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import providers
from providers import Client, InvalidSignature, webhooks
from tests.providers.junk import any_answer
from tests.providers.samples import SECRET, Account, accounts

BODY = b'{"status": "delivered"}'
# A setting that asks for something, and headers that have it.
PROOFS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "user": ({webhooks.USER: "us"}, {"Authorization": f"Basic {base64.b64encode(f'us:{SECRET}'.encode()).decode()}"}),
    "header": ({webhooks.HEADER: "X-Receipts-Key"}, {"X-Receipts-Key": SECRET}),
    "signature": (
        {webhooks.SIGNATURE_REQUIRED: True},
        {webhooks.SIGNATURE_HEADER: f"sha256={hmac.new(SECRET.encode(), BODY, 'sha256').hexdigest()}"},
    ),
}
PAIRS = (
    (webhooks.USER, webhooks.PASSWORD),
    (webhooks.HEADER, webhooks.HEADER_VALUE),
    (webhooks.SIGNATURE_REQUIRED, webhooks.SIGNING_SECRET),
)

each_account = pytest.mark.parametrize("account", accounts(), ids=str)


def names(account: Account) -> set[str]:
    return {each.name for each in providers.client_class(account.kind).config_fields}


def proofs(account: Account) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """Those that this provider can ask for."""
    return [(config, headers) for config, headers in PROOFS.values() if config.keys() <= names(account)]


def everything(account: Account) -> dict[str, Any]:
    """Settings that ask for all of them."""
    return {name: value for config, _ in proofs(account) for name, value in config.items()}


def lets_in(client: Client, headers: Mapping[str, str], body: bytes = BODY) -> bool:
    """Whether the call passes; any error but the one that it may raise passes through."""
    try:
        client.authenticate(headers, body)
    except InvalidSignature:
        return False
    return True


@each_account
@pytest.mark.parametrize(("setting", "secret"), PAIRS)
def test_neither_half_of_a_proof_is_declared_alone(account: Account, setting: str, secret: str) -> None:
    assert (setting in names(account)) <= (secret in names(account))


@each_account
def test_call_must_show_what_its_channel_asks_for(account: Account) -> None:
    for config, headers in proofs(account):
        client = account.client(**config)
        [(name, value)] = headers.items()
        assert lets_in(client, headers)
        assert lets_in(client, {name.upper(): value})
        for wrong in ({}, {name: ""}, {name: value[:-2]}, {name: f"{value}x"}, {name: SECRET[:-1]}, {"X-Other": value}):
            assert not lets_in(client, wrong)


@each_account
def test_all_that_is_asked_for_must_be_there(account: Account) -> None:
    client = account.client(**everything(account))
    shown = {name: value for _, headers in proofs(account) for name, value in headers.items()}
    for lacking in shown:
        assert not lets_in(client, {name: value for name, value in shown.items() if name != lacking})
    assert lets_in(client, shown) or not shown


@each_account
def test_refusal_says_no_secret(account: Account) -> None:
    for config, headers in proofs(account):
        with pytest.raises(InvalidSignature) as refusal:
            account.client(**config).authenticate(dict.fromkeys(headers, f"{SECRET}x"), BODY)
        assert SECRET not in str(refusal.value)


@each_account
def test_channel_that_asks_for_nothing_lets_everybody_in(account: Account) -> None:
    fields = providers.client_class(account.kind).config_fields
    needed = {each.name: SECRET for each in fields if each.secret and each.required}
    client = providers.connect(account.kind, config=account.client().config, secrets=needed)
    assert lets_in(client, {})
    assert lets_in(client, {"Authorization": "Basic x", "X-Hub-Signature": "sha256=0"}, b"\xff")


@each_account
@any_answer
@given(value=st.text(), body=st.binary(max_size=100))
def test_no_call_makes_authentication_raise_anything_of_its_own(account: Account, value: str, body: bytes) -> None:
    shown = dict.fromkeys(("Authorization", "X-Receipts-Key", "x-hub-signature"), value)
    client = account.client(**everything(account))
    lets_in(client, shown, body)
    lets_in(client, {**shown, "Authorization": f"Basic {value}"}, body)
