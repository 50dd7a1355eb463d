"""What a provider posts is kept raw before anybody believes it."""

import hashlib
import hmac

import pytest

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
