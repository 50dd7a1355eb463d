"""What every provider keeps where it is asked about an account: templates, groups, balance, cost, files."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import responses
from hypothesis import given

import providers
from providers import (
    Approval,
    Balance,
    Client,
    Estimate,
    Health,
    ListedGroup,
    ListedTemplate,
    ProviderError,
    Recipient,
)
from tests.providers.junk import GARBAGE, JSON, STATUSES, any_answer
from tests.providers.samples import ANYWHERE, SECRET, SINCE, Account, accounts, variants

each_account = pytest.mark.parametrize("account", accounts(), ids=str)
each_variant = pytest.mark.parametrize("account", variants(), ids=str)

SENTENCE_CHARACTERS = 400  # what a channel keeps of it
GROUP = "09d23a05-47fe-11e4-bfe9-b8f6b119e9ab"
PAGES = 1_000  # more than any account is asked for at once


def asked_for_templates(account: Account) -> None:
    for template in account.client().templates():
        assert isinstance(template, ListedTemplate)
        assert isinstance(template.approval, Approval)
        assert template.name
        assert template.variables >= 0


def asked_for_groups(account: Account) -> None:
    for group in account.client().groups():
        assert isinstance(group, ListedGroup)
        assert group.group_id
        assert group.count is None or group.count >= 0


def asked_for_the_balance(account: Account) -> None:
    balance = account.client().balance()
    assert balance is None or (isinstance(balance, Balance) and balance.amount)


def asked_for_the_cost(account: Account) -> None:
    estimate = account.client().estimate(account.messages(2))
    assert estimate is None or (isinstance(estimate, Estimate) and estimate.sentence.endswith("."))


def asked_whether_it_works(account: Account) -> None:
    health = account.client().check()
    assert isinstance(health, Health)
    assert 0 < len(health.sentence) <= SENTENCE_CHARACTERS


def asked_to_keep_a_file(account: Account) -> None:
    client = account.client()
    if client.capabilities.media:
        assert client.upload("terms.pdf", "application/pdf", b"%PDF-")
    else:
        with pytest.raises(NotImplementedError):
            client.upload("terms.pdf", "application/pdf", b"%PDF-")


def asked_for_lost_messages(account: Account) -> None:
    messages = account.messages(2)
    found = account.client().lookup(messages, SINCE, SINCE)
    assert len(found) == len(messages)
    assert all(isinstance(each, str) for ids in found for each in ids)


QUESTIONS: dict[str, Callable[[Account], None]] = {
    "templates": asked_for_templates,
    "groups": asked_for_groups,
    "balance": asked_for_the_balance,
    "estimate": asked_for_the_cost,
    "check": asked_whether_it_works,
    "upload": asked_to_keep_a_file,
    "lookup": asked_for_lost_messages,
}
each_question = pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)


def answering(ask: Callable[[Account], None], account: Account, **answer: Any) -> tuple[int, str]:
    """The number of calls that it took, and the error's words; any error but the providers' own passes through."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as server:
        for method in ("GET", "POST"):
            server.add(method, ANYWHERE, **answer)
        try:
            ask(account)
        except ProviderError as error:
            return len(server.calls), f"{error} {error.sentence} {error.code} {error.exchange}"
        return len(server.calls), ""


@each_variant
@each_question
@any_answer
@given(value=JSON, status=STATUSES)
def test_no_answer_makes_asking_raise_anything_of_its_own(
    account: Account, ask: Callable[[Account], None], value: Any, status: int
) -> None:
    answering(ask, account, status=status, body=json.dumps(value))


@each_account
@each_question
@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_no_answer(account: Account, ask: Callable[[Account], None], body: bytes) -> None:
    answering(ask, account, body=body)


@each_account
@each_question
def test_asking_comes_to_an_end_however_many_pages_there_are(account: Account, ask: Callable[[Account], None]) -> None:
    more = {"next": "http://provider.test/api/next?cursor=again", "total": 10**9, "total_page": 10**9}
    rows = {name: [{"id": 1, "name": "x"}] for name in ("results", "data", "message_templates", "templates", "logs")}
    calls, _ = answering(ask, account, json={**more, **rows, "meta": more, "paging": more})
    assert calls < PAGES


@each_account
@each_question
@pytest.mark.parametrize("status", [200, 401, 500])
def test_asking_says_no_secret(
    account: Account, ask: Callable[[Account], None], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    echo = dict.fromkeys(("message", "error", "detail", "description", "name", "status", "next"), f"{SECRET} is bad")
    _, words = answering(ask, account, status=status, json={**echo, "code": SECRET, "data": [echo], "results": [echo]})
    assert SECRET[:5] not in words + caplog.text


@each_account
def test_health_says_no_secret(account: Account) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as server:
        server.add("GET", ANYWHERE, status=401, json={"message": f"The key {SECRET} is bad."})
        assert SECRET not in account.client().check().sentence


# -- capabilities


OFFERS = {
    "templates": ("templates",),
    "groups": ("groups",),
    "balance": ("balance",),
    "estimate": ("estimate",),
    "media": ("upload",),
    "lookup": ("lookup",),
}


def writes(client_class: type[Client], method: str) -> bool:
    """Whether the adapter has a method of its own where the base class offers nothing."""
    return getattr(client_class, method) is not getattr(Client, method)


@each_account
def test_capabilities_say_what_is_written_and_nothing_else(account: Account) -> None:
    client_class = providers.client_class(account.kind)
    can = client_class.capabilities
    offered = {name for name in OFFERS if getattr(can, name)}
    assert offered == {name for name, methods in OFFERS.items() if all(writes(client_class, each) for each in methods)}
    assert writes(client_class, "poll") == (can.receipts == "poll")
    assert writes(client_class, "parse_receipts") == (can.inbound or can.receipts == "webhook")
    assert writes(client_class, "reaches_mobile_only") == (can.mobile_only == "by setting")
    assert set(can.cautions) <= can.content_kinds
    assert can.channels


@each_account
def test_group_of_the_provider_is_a_recipient_by_its_id(account: Account) -> None:
    client, [sample] = account.client(), account.messages()
    if client.capabilities.groups:
        to_group = sample._replace(recipient=Recipient(identifier=f"group:{GROUP}"))
        assert client.validate(to_group) == []
        assert GROUP in client.build([to_group]).record


@each_account
def test_only_what_is_offered_is_asked_for(account: Account) -> None:
    client = account.client()
    for name, [method] in OFFERS.items():
        if not getattr(client.capabilities, name) and method != "upload":
            calls, words = answering(QUESTIONS[method], account, status=500)
            assert (calls, words) == (0, "")
