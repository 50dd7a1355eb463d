"""Step 4: all of it once more, what is wrong with it, and an explicit confirm."""

from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import pytest
from django.test import Client
from django.utils import timezone

from broadcaster import tasks
from broadcaster.audience import rules_counts, segments
from broadcaster.models import Broadcast, Contact, Suppression
from tests.admin.journey.conftest import FRAGMENT, Draft, address, group_of, person, words
from tests.content.conftest import make_channel, make_upload

FUTURE = datetime(2030, 1, 1, 2, tzinfo=UTC)


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The states of the broadcasts that workers were told of."""
    told: list[str] = []
    monkeypatch.setattr(tasks, "wake", lambda broadcast: told.append(broadcast.state))
    return told


def state_of(broadcast: Broadcast) -> str:
    broadcast.refresh_from_db()
    return broadcast.state


def test_everything_is_shown_once_more(browser: Client, draft: Draft) -> None:
    page = words(browser.get(address("review", draft(send_at=FUTURE, time_zone="Asia/Jakarta"))))
    shown = ("<strong>2</strong> recipients", "estimate</span>", "Customers", "WhatsApp", "Reminder", "Normal")
    assert all(words_of in page for words_of in shown)
    assert "1 Jan 2030, 09:00 WIB" in page
    assert "1 Jan 2030, 02:00 UTC" in page


def test_opted_out_people_are_counted_apart(browser: Client, draft: Draft) -> None:
    Suppression.objects.create(address="+6281234567890")
    page = words(browser.get(address("review", draft())))
    assert "<strong>1</strong> recipient " in page
    assert "<dt>Opted out</dt><dd>1, left out</dd>" in page


def test_each_part_has_a_link_to_mend_it(browser: Client, draft: Draft) -> None:
    broadcast = draft()
    page = words(browser.get(address("review", broadcast)))
    assert all(f'href="{address(step, broadcast)}"' in page for step in ("audience", "message", "schedule"))


def test_looking_changes_nothing(browser: Client, draft: Draft) -> None:
    broadcast = draft(send_at=FUTURE)
    browser.get(address("review", broadcast))
    assert state_of(broadcast) == "draft"


def test_a_complete_draft_can_be_confirmed(browser: Client, draft: Draft, woken: list[str]) -> None:
    broadcast = draft(send_at=FUTURE)
    assert "Confirm and schedule</button>" in words(browser.get(address("review", broadcast)))
    response = browser.post(address("confirm", broadcast))
    assert response.headers["Location"] == address("watch", broadcast)
    assert (state_of(broadcast), broadcast.send_at, woken) == ("scheduled", FUTURE, ["scheduled"])


def test_without_a_time_it_starts_now(browser: Client, draft: Draft, woken: list[str]) -> None:
    broadcast = draft()
    assert "Confirm and send</button>" in words(browser.get(address("review", broadcast)))
    browser.post(address("confirm", broadcast))
    assert state_of(broadcast) == "scheduled"
    assert abs(broadcast.start - timezone.now()) < timedelta(minutes=1)


def test_a_second_click_changes_nothing(browser: Client, draft: Draft, woken: list[str]) -> None:
    broadcast = draft()
    for _ in range(2):
        response = browser.post(address("confirm", broadcast))
        assert response.headers["Location"] == address("watch", broadcast)
    assert woken == ["scheduled"]


def test_who_may_not_send_is_told_to_ask(client: Client, draft: Draft) -> None:
    client.force_login(person("view_broadcast", "change_broadcast", name="writer"))
    page = words(client.get(address("review", draft())))
    assert "You may not send broadcasts." in page
    assert "Confirm and" not in page


# -- what blocks

BLOCKING: dict[str, tuple[dict[str, Any], str, str]] = {
    "no channel": ({"channel": None}, "Choose a channel.", "message"),
    "no template": ({"template": None}, "Choose a template.", "message"),
    "past": ({"send_at": datetime(2020, 1, 1, tzinfo=UTC)}, "This time is past.", "schedule"),
    "expired": ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "It would expire before it is sent.", "schedule"),
}


@pytest.mark.parametrize("missing", BLOCKING)
def test_what_is_missing_blocks_with_a_link(browser: Client, draft: Draft, woken: list[str], missing: str) -> None:
    fields, sentence, step = BLOCKING[missing]
    broadcast = draft(**fields)
    page = words(browser.get(address("review", broadcast)))
    assert sentence in page
    assert f"Change {step}</a>" in page
    assert 'disabled aria-describedby="why-not"' in page
    assert browser.post(address("confirm", broadcast)).status_code == 400
    assert (state_of(broadcast), woken) == ("draft", [])


def test_no_recipients_block(browser: Client, draft: Draft, woken: list[str]) -> None:
    broadcast = draft(group=group_of(name="Nobody"))
    response = browser.post(address("confirm", broadcast))
    assert response.status_code == 400
    assert "Nobody is in this audience" in words(response)
    assert state_of(broadcast) == "draft"


def test_a_refused_confirm_keeps_the_draft_s_time(browser: Client, draft: Draft, woken: list[str]) -> None:
    broadcast = draft(template=None)
    browser.post(address("confirm", broadcast))
    broadcast.refresh_from_db()
    assert broadcast.send_at is None


def test_a_warning_does_not_block(browser: Client, draft: Draft) -> None:
    page = words(browser.get(address("review", draft(channel=make_channel(hold_reason="No balance.")))))
    assert "WhatsApp is held" in page
    assert "disabled" not in page.split("Confirm and send")[0].rpartition("<button")[2]


def test_landlines_in_a_file_are_told_where_only_mobile_phones_can_be_reached(browser: Client, draft: Draft) -> None:
    channel = make_channel("khoros", "Promotions")
    channel.config |= {"channel_name": "rbm"}
    channel.save()
    upload = make_upload(Contact.objects.create(phone="+622112345678"), fixed_line=1_203)
    page = words(browser.get(address("review", draft(channel=channel, upload=upload))))
    assert "1,203 rows of june.csv hold landlines, and Promotions reaches mobile phones only." in page


def test_what_blocks_comes_before_what_warns(browser: Client, draft: Draft) -> None:
    broadcast = draft(channel=make_channel(hold_reason="No balance."), template=None)
    problems = browser.get(address("review", broadcast)).context["problems"]
    assert [problem.blocking for problem in problems] == [True, False]


def test_an_audience_that_grows_is_counted_anew(browser: Client, draft: Draft) -> None:
    broadcast = draft()
    broadcast.groups.get().contacts.add(Contact.objects.create(phone="+6281234567892"))
    assert "<strong>3</strong> recipients" in words(browser.get(address("review", broadcast)))


# -- an audience that takes time to count


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """No count comes to its end in time."""

    def too_long(broadcast: Broadcast) -> NoReturn:
        raise rules_counts.TookTooLong

    monkeypatch.setattr(segments, "estimate", too_long)


@pytest.mark.usefixtures("slow")
def test_the_page_does_not_wait_for_the_count(browser: Client, draft: Draft) -> None:
    broadcast = draft(send_at=FUTURE)
    page = words(browser.get(address("review", broadcast)))
    assert f'hx-get="{address("recipients", broadcast)}" hx-trigger="load"' in page
    assert "Counting the recipients." in page
    assert "<dt>Groups</dt><dd>Customers</dd>" in page
    assert "Opted out" not in page
    assert "Confirm and schedule</button>" in page


def test_the_count_comes_by_itself(browser: Client, draft: Draft) -> None:
    Suppression.objects.create(address="+6281234567890")
    fragment = words(browser.get(address("recipients", draft()), headers=FRAGMENT))
    assert "<strong>1</strong> recipient " in fragment
    assert "<dt>Opted out</dt><dd>1, left out</dd>" in fragment
    assert "hx-get" not in fragment
    assert "<html" not in fragment


@pytest.mark.usefixtures("slow")
def test_a_count_that_takes_too_long_is_given_up_with_a_sentence(browser: Client, draft: Draft) -> None:
    fragment = words(browser.get(address("recipients", draft()), headers=FRAGMENT))
    assert "It takes too long to count them now." in fragment
    assert "hx-get" not in fragment
    assert "0</strong>" not in fragment
    assert "Opted out" not in fragment
