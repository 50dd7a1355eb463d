"""Channels: two steps, fields by the adapter, secrets that go in and never come out."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

import providers
from broadcaster import gateway
from broadcaster.admin.channel_form import PREFIX
from broadcaster.models import Broadcast, Channel, Suppression
from tests.admin.people import logged_in, messages_of, text_of

pytestmark = pytest.mark.django_db

SECRET = "key-that-nobody-reads"
COMMON = {"name": "Main", "enabled": "on", "rate_per_second": "20", "concurrency": "8", "default_region": "ID"}


@pytest.fixture
def admin() -> Client:
    return logged_in("view_channel", "add_channel", "change_channel", "delete_channel")


def make_channel(**fields: Any) -> Channel:
    account = {"config": {"base_url": "https://textit.com"}, "secrets": {"api_token": SECRET}}
    return Channel.objects.create(**{"name": "Main", "kind": "rapidpro", **account, **fields})


def page(channel: Channel) -> str:
    return reverse("admin:broadcaster_channel_change", args=[channel.pk])


def filled(**account: str) -> dict[str, str]:
    given = {"base_url": "https://textit.com", "text_limit": "640", "batch_size": "100", "api_token": ""}
    return COMMON | {PREFIX + name: value for name, value in (given | account).items()}


def test_a_new_channel_begins_with_name_and_provider(admin: Client) -> None:
    response = admin.post(reverse("admin:broadcaster_channel_add"), {"name": "Main", "kind": "rapidpro"}, follow=True)
    channel = Channel.objects.get()
    assert response.redirect_chain[-1][0] == page(channel)
    assert "API token" in text_of(response)


@pytest.mark.parametrize("kind", providers.kinds())
def test_the_form_asks_for_all_that_the_adapter_names(admin: Client, kind: str) -> None:
    html = text_of(admin.get(page(make_channel(kind=kind, config={}, secrets={}))))
    asked = [field.name for field in providers.client_class(kind).config_fields]
    assert [name for name in asked if f'name="{PREFIX}{name}"' not in html] == []


def test_what_was_typed_becomes_the_account(admin: Client) -> None:
    channel = make_channel(config={}, secrets={})
    admin.post(page(channel), filled(api_token="new", text_limit="4096"))
    channel.refresh_from_db()
    assert channel.secrets == {"api_token": "new"}
    assert channel.config == {"base_url": "https://textit.com", "text_limit": 4096, "batch_size": 100}
    assert channel.default_region == "ID"


@pytest.mark.parametrize(("typed", "cap"), [("1000", 1000), ("", None)])
def test_a_cap_for_24_hours_may_be_set(admin: Client, typed: str, cap: int | None) -> None:
    channel = make_channel(daily_cap=5)
    admin.post(page(channel), filled() | {"daily_cap": typed})
    channel.refresh_from_db()
    assert channel.daily_cap == cap


def test_a_cap_of_nothing_is_refused(admin: Client) -> None:
    html = text_of(admin.post(page(make_channel()), filled() | {"daily_cap": "0"}))
    assert "greater than or equal to 1" in html


def test_saving_leaves_alone_what_workers_write(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = make_channel()
    save = Channel.save

    def save_late(self: Channel, **options: Any) -> None:
        Channel.objects.update(next_slot_at=7, rate_factor=0.5, hold_reason="No balance.")
        save(self, **options)

    monkeypatch.setattr(Channel, "save", save_late)
    admin.post(page(channel), filled() | {"rate_per_second": "30"})
    channel.refresh_from_db()
    assert (channel.rate_per_second, channel.next_slot_at, channel.rate_factor) == (30, 7, 0.5)
    assert channel.hold_reason == "No balance."


def test_an_empty_secret_keeps_the_saved_one(admin: Client) -> None:
    channel = make_channel()
    admin.post(page(channel), filled())
    channel.refresh_from_db()
    assert channel.secrets == {"api_token": SECRET}


def test_a_saved_secret_is_announced_but_never_shown(admin: Client) -> None:
    html = text_of(admin.get(page(make_channel())))
    assert "Saved. Leave empty to keep it." in html
    assert SECRET not in html


def test_a_typed_secret_does_not_come_back_with_an_error(admin: Client) -> None:
    html = text_of(admin.post(page(make_channel()), filled(api_token="typed-just-now", base_url="nonsense")))
    assert "must be a web address" in html
    assert "typed-just-now" not in html


def test_the_history_names_the_secret_and_not_its_value(admin: Client) -> None:
    admin.post(page(make_channel()), filled(api_token="typed-just-now"))
    entry = LogEntry.objects.get()
    assert "API token" in entry.get_change_message()
    assert "typed-just-now" not in f"{entry.change_message}{entry.object_repr}"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"text_limit": "0"}, "Longest text must be a whole number, at least 1"),
        ({"batch_size": "5000"}, "Recipients per request must be a whole number"),
        ({"api_token": "k\u00e9y"}, "API token may only hold plain letters"),
    ],
)
def test_what_the_adapter_refuses_is_said_beside_the_field(admin: Client, typed: dict[str, str], sentence: str) -> None:
    response = admin.post(page(make_channel()), filled(**typed), follow=True)
    assert sentence in text_of(response)


def test_a_missing_secret_is_named(admin: Client) -> None:
    html = text_of(admin.post(page(make_channel(secrets={})), filled()))
    assert "API token is missing." in html


def test_secrets_whose_key_is_lost_can_be_entered_again(admin: Client, settings: LazySettings) -> None:
    channel = make_channel()
    settings.CHANNEL_KEYS = [Fernet.generate_key().decode()]
    assert admin.get(reverse("admin:broadcaster_channel_changelist")).status_code == 200
    html = text_of(admin.get(page(channel)))
    assert gateway.UNREADABLE in html
    assert "Saved. Leave empty to keep it." not in html
    assert "API token is missing." in text_of(admin.post(page(channel), filled()))
    admin.post(page(channel), filled(api_token="new"))
    assert Channel.objects.get().secrets == {"api_token": "new"}


def test_what_only_the_whole_account_shows_is_said_above_the_form(admin: Client) -> None:
    channel = make_channel(kind="imiconnect", config={}, secrets={"service_key": "x"})
    account = {"base_url": "https://api.imiconnect.io", "prompt_field": "media", "batch_size": "10"}
    account |= {"receipts_user": "imi", "receipts_password": ""}
    html = text_of(admin.post(page(channel), COMMON | {PREFIX + name: value for name, value in account.items()}))
    assert "Give both the receipts user and the receipts password, or neither." in html


def test_a_viewer_sees_the_settings_but_no_secret_and_no_receipts_token() -> None:
    secrets = {"api_key": SECRET}
    channel = make_channel(kind="kaleyra", config={"sid": "HXAP1"}, secrets=secrets)
    html = text_of(logged_in("view_channel").get(page(channel)))
    assert "HXAP1" in html
    assert SECRET not in html
    assert channel.receipts_token not in html


def test_the_receipts_address_is_shown_where_the_provider_posts_receipts(admin: Client) -> None:
    channel = make_channel(kind="kaleyra", config={}, secrets={})
    assert gateway.receipts_url(channel) in text_of(admin.get(page(channel)))


def test_no_receipts_address_is_shown_where_receipts_are_polled(admin: Client) -> None:
    channel = make_channel()
    assert channel.receipts_token not in text_of(admin.get(page(channel)))


def test_a_channel_with_broadcasts_stays_and_says_why(admin: Client) -> None:
    channel = make_channel()
    Broadcast.objects.create(name="June", channel=channel)
    url = reverse("admin:broadcaster_channel_delete", args=[channel.pk])
    html = text_of(admin.get(url))
    admin.post(url, {"post": "yes"})
    assert "Disable it instead" in html
    assert Channel.objects.count() == 1


def test_an_unused_channel_can_be_deleted(admin: Client) -> None:
    channel = make_channel()
    response = admin.post(reverse("admin:broadcaster_channel_delete", args=[channel.pk]), {"post": "yes"}, follow=True)
    assert "deleted" in messages_of(response)
    assert not Channel.objects.exists()


def test_who_opted_out_of_a_deleted_channel_stays_out_of_all(admin: Client) -> None:
    channels = [Channel.objects.create(name=name, kind="rapidpro") for name in ("SMS", "RCS")]
    Suppression.objects.bulk_create(Suppression(address=f"+62812000000{each.pk}", channel=each) for each in channels)
    page = reverse("admin:broadcaster_channel_changelist")
    chosen = {"action": "delete_selected", "_selected_action": [each.pk for each in channels], "post": "yes"}
    admin.post(page, chosen)
    assert not Channel.objects.exists()
    assert Suppression.objects.filter(channel=None).count() == 2
