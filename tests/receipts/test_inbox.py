"""What a provider posts is kept raw before anybody believes it."""

import base64
import hashlib
import hmac

import pytest
from django.db import connection
from django.test import Client

import providers
from broadcaster.models import Channel, Receipt
from broadcaster.receipts import inbox
from tests.content.conftest import make_channel

BODY = b'{"a": 1}\x00\xff'


def store(channel: Channel, headers: dict[str, str]) -> Receipt:
    inbox.store(channel, method="POST", headers=headers, query={"id": "7"}, body=BODY)
    return Receipt.objects.get()


def test_the_call_is_kept_as_it_came(channel: Channel) -> None:
    receipt = store(channel, {"X-Request-Id": "5"})
    assert (receipt.channel, receipt.method, bytes(receipt.body)) == (channel, "POST", BODY)
    assert (receipt.headers, receipt.query) == ({"x-request-id": "5"}, {"id": "7"})
    assert receipt.applied_at is None


@pytest.mark.parametrize("name", ["Authorization", "cookie", "Proxy-Authorization"])
def test_secrets_are_not_kept(channel: Channel, name: str) -> None:
    assert store(channel, {name: "Bearer s3cret"}).headers == {}


@pytest.fixture
def guarded(channel: Channel) -> Channel:
    """A channel whose provider logs in and sends a header along."""
    channel.config |= {"receipts_user": "kaleyra", "receipts_header": "X-Receipts-Key"}
    channel.secrets |= {"receipts_password": "p4ss", "receipts_header_value": "k3y"}
    channel.save()
    return channel


LOGIN = {"Authorization": "Basic " + base64.b64encode(b"kaleyra:p4ss").decode(), "X-Receipts-Key": "k3y"}


def test_what_shows_who_posts_is_not_kept(guarded: Channel) -> None:
    receipt = store(guarded, LOGIN | {"X-Copy": "Bearer k3y;", "X-Debug": "user=kaleyra&p=p4ss", "X-Request-Id": "5"})
    assert receipt.headers == {"x-request-id": "5"}


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": LOGIN["Authorization"]}, {"X-Receipts-Key": "k3y"}, LOGIN | {"X-Receipts-Key": ""}],
)
def test_a_call_that_lacks_any_of_it_is_not_kept(
    guarded: Channel, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(providers.InvalidSignature):
        store(guarded, headers)
    assert not Receipt.objects.exists()
    assert "k3y" not in caplog.text


def test_empty_secrets_keep_no_header_out(channel: Channel) -> None:
    channel.secrets["receipts_password"] = ""
    assert store(channel, {"X-Empty": "", "X-Request-Id": "5"}).headers == {"x-empty": "", "x-request-id": "5"}


def test_nul_characters_do_not_keep_a_receipt_out(channel: Channel) -> None:
    inbox.store(channel, method="POST", headers={"a\0": "b\0"}, query={"\0c": "\0d"}, body=b"\0")
    receipt = Receipt.objects.get()
    assert (receipt.headers, receipt.query, bytes(receipt.body)) == ({"a": "b"}, {"c": "d"}, b"\0")


class TestSignature:
    @pytest.fixture
    def signed(self, db: None) -> Channel:
        channel = make_channel("imiconnect", "Voice")
        channel.secrets["webhook_secret"] = "shared"
        channel.save()
        return channel

    def test_one_that_fits_is_kept(self, signed: Channel) -> None:
        digest = hmac.new(b"shared", BODY, hashlib.sha256).hexdigest()
        assert store(signed, {"X-Hub-Signature": f"sha256={digest}"}).pk

    def test_one_that_does_not_fit_is_refused(self, signed: Channel) -> None:
        with pytest.raises(providers.InvalidSignature):
            store(signed, {"X-Hub-Signature": f"sha256={'0' * 64}"})
        assert not Receipt.objects.exists()


def lose_keys(channel: Channel) -> Channel:
    """The channel, whose secrets no present key opens."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE broadcaster_channel SET secrets = %s WHERE id = %s", ["lost", channel.pk])
    channel.refresh_from_db()
    return channel


def without_address(channel: Channel) -> Channel:
    """The channel, which cannot be used although its secrets can be read."""
    channel.config["base_url"] = "no address"
    channel.save()
    return channel


def posted(channel: Channel) -> int:
    """The status that the provider gets."""
    return Client().post(f"/receipts/{channel.receipts_token}/", b"{}", "application/json", headers=LOGIN).status_code


class TestSettingsThatCannotBeUsed:
    """Nobody can tell who posts. What no proof would have been asked of is kept; all else is to come again."""

    @pytest.mark.parametrize("kind", ["imiconnect", "kaleyra", "khoros"])
    def test_whether_a_proof_is_asked_for_is_among_the_lost_secrets(self, db: None, kind: str) -> None:
        channel = lose_keys(make_channel(kind, "Locked"))
        assert posted(channel) == 503
        assert not Receipt.objects.exists()

    @pytest.mark.parametrize("kind", ["rapidpro", "qiscus"])
    def test_a_provider_that_can_show_nothing_is_believed_as_ever(self, db: None, kind: str) -> None:
        assert posted(lose_keys(make_channel(kind, "Locked"))) == 200

    @pytest.mark.parametrize("setting", ["receipts_user", "receipts_header", "require_signature"])
    def test_a_plain_setting_asks_for_a_proof(self, channel: Channel, setting: str) -> None:
        channel.config[setting] = "X-Receipts-Key"
        assert posted(without_address(channel)) == 503

    @pytest.mark.parametrize("secret", ["receipts_password", "receipts_header_value"])
    def test_a_secret_asks_for_a_proof(self, channel: Channel, secret: str) -> None:
        channel.secrets[secret] = "k3y"
        assert posted(without_address(channel)) == 503

    def test_readable_secrets_without_one_for_receipts_ask_for_none(self, channel: Channel) -> None:
        assert posted(without_address(channel)) == 200

    def test_of_a_provider_without_an_adapter_nobody_knows(self, channel: Channel) -> None:
        channel.kind = "gone"
        channel.save()
        assert posted(channel) == 503

    def test_it_is_believed_again_once_the_keys_are_back(self, guarded: Channel) -> None:
        secrets = guarded.secrets
        assert posted(lose_keys(guarded)) == 503
        guarded.secrets = secrets
        guarded.save()
        assert posted(guarded) == 200

    def test_no_header_is_kept_that_may_hold_a_secret(self, db: None) -> None:
        channel = lose_keys(make_channel("rapidpro", "Locked"))
        headers = {"Content-Type": "text/plain", "User-Agent": "courier", "X-Any-Key": "k3y"} | LOGIN
        assert store(channel, headers).headers == {"content-type": "text/plain", "user-agent": "courier"}
