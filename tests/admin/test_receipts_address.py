"""The address that an operator enters at the provider is shown wherever the provider can post something there."""

import pytest
from django.urls import reverse

from broadcaster.models import Channel
from tests.admin.people import logged_in, text_of
from tests.content.conftest import make_channel

pytestmark = pytest.mark.django_db


def page(channel: Channel, *permissions: str) -> str:
    return text_of(logged_in(*permissions).get(reverse("admin:broadcaster_channel_change", args=[channel.pk])))


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("kaleyra", "delivery receipts and replies"),
        ("imiconnect", "delivery receipts"),
        ("khoros", "replies"),
        ("qiscus", "replies"),
        ("rapidpro", ""),
    ],
)
def test_address_is_shown_with_what_is_posted_there(kind: str, told: str) -> None:
    channel = make_channel(kind, "Main")
    shown = page(channel, "view_channel", "change_channel")
    assert (channel.receipts_token in shown) == bool(told)
    assert (f"as the address for {told}." in shown) == bool(told)


def test_address_is_not_shown_to_one_who_may_only_look() -> None:
    channel = make_channel("khoros", "Main")
    assert channel.receipts_token not in page(channel, "view_channel")
