"""Channels: secrets that are forgotten, accounts that are replaced, and what one who may only look sees of both."""

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone
from django_q.brokers import get_broker

from broadcaster.admin.channel_form import FORGET, PREFIX
from broadcaster.models import Channel, ListedTemplate
from tests.admin.people import logged_in, text_of
from tests.admin.reading import visible
from tests.admin.test_channel_form import COMMON, SECRET, page
from tests.papering import URL, paper, paper_channel
from tests.queued import queued

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    return logged_in("view_channel", "change_channel")


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
    words = visible(text_of(admin.get(page(Channel.objects.create(name="Main", kind=kind)))))
    account, receipts, pace = (words.index(title) for title in ("Account at", "Who may post receipts", "Pace and"))
    assert account < receipts < words.index("Receipts user") < words.index("Receipts password") < pace
    assert "Receipts user" not in words[account:receipts]
