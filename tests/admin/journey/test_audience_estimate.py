"""The estimate when there is none: the page says why, and does not keep others waiting."""

from typing import NoReturn

import pytest
from django.test import Client

from broadcaster.audience import rules_counts, segments
from broadcaster.models import Broadcast, Group
from tests.admin.journey.conftest import FRAGMENT, address, group_of, words

SENTENCE = "The rule of a group cannot be used. Odd: Choose whether all"


@pytest.fixture
def odd(db: None) -> Group:
    return Group.objects.create(name="Odd", rule={"match": "some"})


def estimate(browser: Client, group: Group) -> str:
    return words(browser.post(address("new"), {"name": "", "groups": [group.pk]}, headers=FRAGMENT))


def test_a_group_that_nobody_can_read_is_named_instead_of_a_number(browser: Client, odd: Group) -> None:
    fragment = estimate(browser, odd)
    assert SENTENCE in fragment
    assert "recipients" not in fragment


def test_the_page_of_a_draft_names_it_too(browser: Client, odd: Group) -> None:
    broadcast = Broadcast.objects.create(name="June")
    broadcast.exclude_groups.set([odd])
    assert SENTENCE in words(browser.get(address("audience", broadcast)))


def test_what_takes_too_long_to_count_is_said_and_nothing_is_kept(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_long(broadcast: Broadcast) -> NoReturn:
        raise rules_counts.TookTooLong

    monkeypatch.setattr(segments, "estimate", too_long)
    assert "It takes too long to count them now." in estimate(browser, group_of("+6281234567890"))
    assert not Broadcast.objects.exists()
