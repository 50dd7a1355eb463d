"""Between the two packages: a channel's client, our reference at the provider, the address for receipts."""

from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings

import providers
from broadcaster import gateway
from broadcaster.models import Broadcast, Channel
from providers import Recipient, Text
from tests.content.conftest import make_channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    return make_channel()


@pytest.fixture
def broadcast(channel: Channel) -> Broadcast:
    return Broadcast.objects.create(name="June", channel=channel, priority=3)


def test_a_client_is_kept_while_the_settings_stay_the_same(channel: Channel) -> None:
    again = Channel.objects.get(pk=channel.pk)
    assert gateway.connect(channel) is gateway.connect(again)


@pytest.mark.parametrize("change", [{"concurrency": 3}, {"config": {"pod": "EU"}}, {"secrets": {"api_key": "new"}}])
def test_a_changed_setting_makes_another_client(channel: Channel, change: dict[str, object]) -> None:
    before = gateway.connect(channel)
    for name, value in change.items():
        earlier = getattr(channel, name)
        setattr(channel, name, {**earlier, **value} if isinstance(value, dict) else value)
    assert gateway.connect(channel) is not before


def test_channels_do_not_share_a_client(channel: Channel) -> None:
    assert gateway.connect(channel) is not gateway.connect(make_channel(name="Other"))


def test_a_channel_that_was_not_saved_gets_a_client_of_its_own() -> None:
    draft = make_channel("khoros", name="Draft")
    draft.pk = None
    assert gateway.connect(draft) is not gateway.connect(draft)


@pytest.mark.parametrize("change", [{"kind": "gone"}, {"secrets": {}}])
def test_a_channel_that_cannot_work_says_so(channel: Channel, change: dict[str, object]) -> None:
    for name, value in change.items():
        setattr(channel, name, value)
    with pytest.raises(providers.ConfigurationError):
        gateway.connect(channel)


def test_a_channel_whose_key_is_lost_says_what_to_do(channel: Channel, settings: LazySettings) -> None:
    gateway.connect(channel)
    settings.CHANNEL_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(providers.ConfigurationError, match="Put back the key, or enter the secrets again"):
        gateway.connect(Channel.objects.get(pk=channel.pk))


@pytest.mark.parametrize("kind", providers.kinds())
def test_every_provider_can_be_connected(kind: str) -> None:
    connected = gateway.connect(make_channel(kind, name=kind, **({"config": QISCUS} if kind == "qiscus" else {})))
    assert isinstance(connected, providers.client_class(kind))


QISCUS = {"app_id": "app", "channel_id": 534}


def test_the_receipts_address_is_public_and_secret(channel: Channel, settings: LazySettings) -> None:
    settings.PUBLIC_URL = "https://broadcasts.example.com"
    url = gateway.receipts_url(channel)
    assert url == f"https://broadcasts.example.com/receipts/{channel.receipts_token}/"
    assert len(channel.receipts_token) >= 32


@pytest.mark.parametrize("number", [1, 12_345, 10**18 - 1])
def test_a_reference_is_short_plain_and_can_be_read_again(broadcast: Broadcast, number: int) -> None:
    reference = gateway.reference(broadcast, number)
    assert reference.isascii()
    assert len(reference) <= 36
    assert gateway.split_reference(reference) == (broadcast.uuid.hex[:16], number)


def test_two_broadcasts_have_different_references(broadcast: Broadcast) -> None:
    assert gateway.reference(broadcast, 1) != gateway.reference(Broadcast.objects.create(name="July"), 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "theirs-1",
        f"{'a' * 16}-",
        f"{'a' * 15}-1",
        f"{'A' * 16}-1",
        f"{'a' * 16}-1\n",
        f"{'a' * 16}-{'1' * 19}",
    ],
)
def test_what_is_no_reference_of_ours(text: str) -> None:
    assert gateway.split_reference(text) is None


def test_a_message_carries_what_the_broadcast_says(broadcast: Broadcast) -> None:
    expires_at = datetime(2030, 1, 1, tzinfo=UTC)
    message = gateway.outbound(
        broadcast, message_id=7, recipient=Recipient("+628121111111"), content=Text.of("Hi"),
        notify_url="https://example.com/r/", expires_at=expires_at,
    )  # fmt: skip
    assert message.reference == gateway.reference(broadcast, 7)
    assert (message.priority, message.campaign, message.expires_at) == (3, "June", expires_at)
    assert (message.recipient.phone, message.notify_url) == ("+628121111111", "https://example.com/r/")
