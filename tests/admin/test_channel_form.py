"""Channels: two steps, fields by the adapter, secrets that go in and never come out."""

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.brokers import get_broker

import providers
from broadcaster import gateway
from broadcaster.admin.channel_form import FORGET, PREFIX
from broadcaster.models import Broadcast, Channel, ListedTemplate
from tests.admin.people import logged_in, messages_of, text_of
from tests.admin.reading import visible
from tests.papering import URL, paper, paper_channel
from tests.queued import queued

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


# -- secrets that are not needed ---------------------------------------------------------------------------------------


@pytest.fixture
def stamped() -> Iterator[Channel]:
    """A channel with a secret that its provider needs and one that it does not need."""
    with paper():
        yield paper_channel(secrets={"key": SECRET, "stamp": "stamp-that-nobody-reads"})


def paper_form(**typed: str) -> dict[str, str]:
    return COMMON | {PREFIX + "base_url": URL, PREFIX + "key": "", PREFIX + "stamp": ""} | typed


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({}, "stamp-that-nobody-reads"),
        ({FORGET + "stamp": "on"}, ""),
        ({PREFIX + "stamp": "new"}, "new"),
        ({PREFIX + "stamp": "new", FORGET + "stamp": "on"}, "new"),
    ],
)
def test_a_secret_that_is_not_needed_is_kept_forgotten_or_replaced(
    admin: Client, stamped: Channel, typed: dict[str, str], kept: str
) -> None:
    assert admin.post(page(stamped), paper_form(**typed)).status_code == 302
    assert Channel.objects.get().secrets == {"key": SECRET, "stamp": kept}


def test_only_a_saved_secret_that_is_not_needed_can_be_forgotten(admin: Client, stamped: Channel) -> None:
    assert f'name="{FORGET}stamp"' in (html := text_of(admin.get(page(stamped))))
    assert f'name="{FORGET}key"' not in html
    stamped.secrets = {"key": SECRET}
    stamped.save()
    assert f'name="{FORGET}stamp"' not in text_of(admin.get(page(stamped)))


def test_a_secret_that_is_needed_is_not_forgotten_whatever_is_posted(admin: Client, stamped: Channel) -> None:
    admin.post(page(stamped), paper_form(**{FORGET + "key": "on"}))
    assert Channel.objects.get().secrets["key"] == SECRET


# -- another account ---------------------------------------------------------------------------------------------------


def learnt(channel: Channel) -> None:
    now = timezone.now()
    Channel.objects.update(checked_at=now, check_ok=True, templates_at=now, templates_tried_at=now)
    ListedTemplate.objects.create(channel=channel, name="welcome", language="id", approval="approved")


def test_another_account_makes_what_was_learnt_of_the_first_one_void_and_is_looked_at(
    admin: Client, stamped: Channel, django_capture_on_commit_callbacks: Any
) -> None:
    learnt(stamped)
    get_broker().purge_queue()
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(page(stamped), paper_form(**{PREFIX + "key": "another"}))
    stamped.refresh_from_db()
    assert (stamped.checked_at, stamped.templates_at) == (None, None)
    assert not ListedTemplate.objects.exists()
    assert queued() == [("list_templates", (stamped.pk,))]


def test_another_name_or_pace_leaves_it_as_it_is(admin: Client, stamped: Channel) -> None:
    admin.post(page(stamped), paper_form())  # the stored account, with each of its defaults
    learnt(stamped)
    admin.post(page(stamped), paper_form(name="Renamed", rate_per_second="7"))
    stamped.refresh_from_db()
    assert (stamped.name, stamped.rate_per_second, stamped.check_ok) == ("Renamed", 7, True)
    assert ListedTemplate.objects.exists()


# -- who may only look -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secrets", "words"),
    [
        ({"key": SECRET, "stamp": SECRET}, "Key Saved Stamp Saved"),
        ({}, "Key Missing Stamp None"),
    ],
)
def test_of_a_secret_a_viewer_sees_whether_there_is_one(secrets: dict[str, str], words: str) -> None:
    with paper():
        html = text_of(logged_in("view_channel").get(page(paper_channel(secrets=secrets))))
    assert words in visible(html)


def test_a_viewer_sees_that_secrets_cannot_be_read_with_the_present_keys(settings: LazySettings) -> None:
    with paper():
        channel = paper_channel(secrets={"key": SECRET})
        settings.CHANNEL_KEYS = [Fernet.generate_key().decode()]
        html = text_of(logged_in("view_channel").get(page(channel)))
    assert "Key Unreadable Stamp Unreadable" in visible(html)


@pytest.mark.parametrize("kind", ["kaleyra", "imiconnect"])
def test_what_shows_that_receipts_are_the_provider_s_stands_apart(admin: Client, kind: str) -> None:
    words = visible(text_of(admin.get(page(make_channel(kind=kind, config={}, secrets={})))))
    account, receipts, pace = (words.index(title) for title in ("Account at", "Who may post receipts", "Pace and"))
    assert account < receipts < words.index("Receipts user") < words.index("Receipts password") < pace
    assert "Receipts user" not in words[account:receipts]


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
