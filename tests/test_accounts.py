"""What an account is asked, and what a channel keeps of the answers."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
from django.utils import timezone

from broadcaster import accounts
from broadcaster.models import Channel, ListedGroup, ListedTemplate
from tests.papering import URL, listing, paper, paper_channel, template

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Iterator[responses.RequestsMock]:
    with paper(), responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
        yield mock


@pytest.fixture
def account() -> Iterator[None]:
    with paper(), responses.mock:
        yield
    responses.reset()


def kept(channel: Channel) -> Channel:
    return Channel.objects.get(pk=channel.pk)


def listed() -> dict[tuple[str, str], str]:
    return {(row.name, row.language): row.approval for row in ListedTemplate.objects.all()}


# -- does it work? -----------------------------------------------------------------------------------------------------


def test_an_account_that_works_is_kept_with_its_balance_and_the_time(provider: responses.RequestsMock) -> None:
    provider.get(f"{URL}/check")
    provider.get(f"{URL}/balance", json={"left": "857"})
    before = timezone.now()
    channel = paper_channel()
    assert accounts.test(channel).ok
    channel = kept(channel)
    assert (channel.check_ok, channel.check_sentence, channel.balance) == (True, "The mill turns.", "857 sheets")
    assert channel.checked_at is not None
    assert channel.balance_at == channel.checked_at >= before


def test_a_balance_that_cannot_be_read_is_no_fault_of_the_account(provider: responses.RequestsMock) -> None:
    provider.get(f"{URL}/check")
    provider.get(f"{URL}/balance", status=503)
    channel = paper_channel(balance="857 sheets")
    assert accounts.test(channel).ok
    assert (kept(channel).check_ok, kept(channel).balance) == (True, "")


def test_a_balance_that_is_told_at_other_times_only_stays_with_its_time(provider: responses.RequestsMock) -> None:
    provider.get(f"{URL}/check")
    provider.get(f"{URL}/balance", json={"left": None})
    told_at = timezone.now() - timedelta(hours=2)
    channel = paper_channel(balance="857 sheets", balance_at=told_at)
    assert accounts.test(channel).ok
    assert (kept(channel).balance, kept(channel).balance_at) == ("857 sheets", told_at)


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "refused": ({"status": 401}, "refused the channel's credentials"),
    "out of order": ({"status": 500}, "gave no answer that can be read"),
    "cut off": ({"body": requests.ConnectionError("secret detail")}, "answer"),
    "a slip of the adapter's": ({"body": KeyError("oops")}, "Tell whoever runs this installation."),
}


@pytest.mark.parametrize(("answer", "said"), BROKEN.values(), ids=BROKEN)
def test_an_account_that_does_not_answer_is_kept_as_not_working(
    provider: responses.RequestsMock, answer: dict[str, Any], said: str
) -> None:
    provider.get(f"{URL}/check", **answer)
    channel = paper_channel(check_ok=True, balance="857 sheets")
    health = accounts.test(channel)
    assert (health.ok, kept(channel).check_ok, kept(channel).balance) == (False, False, "")
    assert said in kept(channel).check_sentence == health.sentence
    assert "secret detail" not in health.sentence


def test_an_incomplete_account_is_not_asked(account: None) -> None:
    channel = paper_channel(secrets={})
    assert not accounts.test(channel).ok
    assert kept(channel).check_sentence == "Key is missing. Complete the account first."
    assert len(responses.calls) == 0


def test_a_test_leaves_alone_what_workers_write(provider: responses.RequestsMock) -> None:
    provider.get(f"{URL}/check")
    provider.get(f"{URL}/balance", json={"left": "1"})
    channel = paper_channel()
    Channel.objects.update(next_slot_at=7, hold_reason="No balance.")
    accounts.test(channel)
    assert (kept(channel).next_slot_at, kept(channel).hold_reason) == (7, "No balance.")


def test_a_long_sentence_is_cut_to_what_can_be_kept(account: None) -> None:
    channel = paper_channel()
    responses.get(f"{URL}/check")
    responses.get(f"{URL}/balance", json={"left": "8" * 1_000})
    assert accounts.test(channel).ok
    assert kept(channel).balance == "8" * 100


# -- which templates does it hold? -------------------------------------------------------------------------------------


def test_the_list_becomes_rows_with_all_that_it_says(account: None) -> None:
    said = {"namespace": "n", "template_id": 172, "category": "UTILITY", "body": "Hi {{1}}", "variables": 1}
    said |= {"header": "image", "buttons": ["url"], "reason": "Too loud."}
    listing(template("sale", "en_US", "rejected", **said))
    channel = paper_channel()
    assert accounts.list_templates(channel) == 1
    row = ListedTemplate.objects.values().get()
    assert row == {"id": row["id"], "channel_id": channel.pk, "name": "sale", "language": "en_US"} | {
        "approval": "rejected",
        **said,
    }
    assert kept(channel).templates_at == kept(channel).templates_tried_at is not None


def test_a_second_look_changes_what_changed_adds_what_is_new_and_drops_what_is_gone(account: None) -> None:
    channel = paper_channel()
    listing(template("a", approval="pending"), template("b"), template("b", "en"))
    accounts.list_templates(channel)
    key = ListedTemplate.objects.get(name="a").pk
    listing(template("a", reason="", variables=2), template("b", "en"), template("c", approval="paused"))
    assert accounts.list_templates(channel) == 3
    assert listed() == {("a", "id"): "approved", ("b", "en"): "approved", ("c", "id"): "paused"}
    assert ListedTemplate.objects.get(pk=key).variables == 2


def test_the_templates_of_another_channel_stay(account: None) -> None:
    other = paper_channel("Other")
    ListedTemplate.objects.create(channel=other, name="a", language="id", approval="approved")
    listing()
    accounts.list_templates(paper_channel())
    assert listed() == {("a", "id"): "approved"}


def test_of_two_with_one_name_and_language_the_approved_one_counts(account: None) -> None:
    listing(template(approval="approved", template_id=1), template(approval="rejected", template_id=2))
    assert accounts.list_templates(paper_channel()) == 1
    assert ListedTemplate.objects.get().template_id == 1


def test_what_no_message_could_name_is_left_out_and_what_is_too_long_is_cut(account: None) -> None:
    listing(
        template("n" * 513), template("", "id"), template("a", ""), template("b", reason="r" * 999, variables=99999)
    )
    assert accounts.list_templates(paper_channel()) == 1
    row = ListedTemplate.objects.get()
    assert (row.name, len(row.reason), row.variables, row.template_id) == ("b", 300, 32_767, None)


@pytest.mark.parametrize("body", [requests.ConnectionError(), KeyError("slip"), "no JSON"])
def test_a_look_that_fails_keeps_the_last_list_and_says_why(account: None, body: Any) -> None:
    channel = paper_channel()
    listing(template())
    accounts.list_templates(channel)
    seen = kept(channel).templates_at
    responses.replace(responses.GET, f"{URL}/templates", body=body)
    assert accounts.list_templates(channel) == 1
    channel = kept(channel)
    assert channel.templates_at == seen
    assert channel.templates_tried_at is not None
    assert seen is not None
    assert channel.templates_tried_at > seen
    assert channel.templates_problem.startswith(("Paper was asked", "Paper could not be asked", "The provider could"))
    listing(template())
    accounts.list_templates(channel)
    assert kept(channel).templates_problem == ""


def test_channels_are_due_once_an_hour_where_their_provider_has_a_list(account: None) -> None:
    now = timezone.now()
    paper_channel("Fresh", templates_tried_at=now - timedelta(minutes=59))
    old = paper_channel("Old", templates_tried_at=now - timedelta(minutes=61))
    new = paper_channel("New")
    paper_channel("Disabled", enabled=False)
    paper_channel("Without a list", kind="khoros")
    paper_channel("Without an adapter", kind="gone")
    assert set(accounts.due()) == {old.pk, new.pk}


def test_a_list_that_another_worker_has_just_read_is_not_read_again(account: None) -> None:
    listing(template())
    now = timezone.now()
    fresh = paper_channel("Fresh", templates_tried_at=now - timedelta(minutes=59))
    old = paper_channel("Old", templates_tried_at=now - timedelta(minutes=61))
    for channel in (fresh, old, old):
        accounts.list_due(channel.pk)
    assert len(responses.calls) == 1
    assert ListedTemplate.objects.get().channel == old
    accounts.list_due(fresh.pk, older_than=timedelta(minutes=5))
    assert len(responses.calls) == 2


def test_a_channel_whose_templates_are_wanted_is_due(account: None) -> None:
    channel = paper_channel(templates_tried_at=timezone.now())
    accounts.want_templates(channel)
    assert accounts.due() == [channel.pk]


def test_a_tick_is_given_no_more_than_it_can_queue(account: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "CHANNELS_A_TICK", 2)
    now = timezone.now()
    hours = {n: paper_channel(f"Channel {n}", templates_tried_at=now - timedelta(hours=n)).pk for n in (2, 4, 3)}
    assert accounts.due() == [hours[4], hours[3]]


def test_nothing_but_groups_is_kept_of_an_account_that_was_replaced(account: None) -> None:
    now = timezone.now()
    channel = paper_channel(checked_at=now, check_ok=True, balance="1", templates_at=now, templates_tried_at=now)
    ListedTemplate.objects.create(channel=channel, name="a", language="id", approval="approved")
    ListedGroup.objects.create(channel=channel, group_id="1", name="VIP")
    accounts.forget(channel)
    channel = kept(channel)
    assert (channel.checked_at, channel.check_ok, channel.balance, channel.templates_at) == (None, None, "", None)
    assert not ListedTemplate.objects.exists()
    assert ListedGroup.objects.exists()  # until the next look
    assert accounts.due() == [channel.pk]


# -- an account that is replaced while it is asked ---------------------------------------------------------------------


def replaced(said: str) -> Any:
    """An answer that comes when the channel has another account already."""

    def answer(_: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        channel = Channel.objects.get()
        channel.secrets = {"key": "another"}
        channel.save()
        accounts.forget(channel)
        return 200 if said else 503, {}, said

    return answer


@pytest.mark.parametrize("said", [json.dumps([template()]), ""], ids=["a list", "a refusal"])
def test_a_list_of_the_former_account_is_not_kept_and_the_new_one_stays_due(account: None, said: str) -> None:
    channel = paper_channel()
    responses.add_callback(responses.GET, f"{URL}/templates", replaced(said))
    assert accounts.list_templates(channel) == 0
    assert (kept(channel).templates_problem, accounts.due()) == ("", [channel.pk])


def test_a_test_of_the_former_account_is_not_kept(account: None) -> None:
    channel = paper_channel()
    responses.add_callback(responses.GET, f"{URL}/check", replaced("{}"))
    responses.get(f"{URL}/balance", json={"left": "1"})
    accounts.test(channel)
    assert (kept(channel).checked_at, kept(channel).balance) == (None, "")


def test_an_answer_to_a_channel_that_was_deleted_is_not_kept(account: None) -> None:
    def answer_late(_: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        Channel.objects.all().delete()
        return 200, {}, json.dumps([template()])

    responses.add_callback(responses.GET, f"{URL}/templates", answer_late)
    assert accounts.list_templates(paper_channel()) == 0
