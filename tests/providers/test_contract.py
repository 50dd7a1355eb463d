"""What every provider keeps, whoever it is: a new adapter is tested here without being named."""

import json
import logging
import sys
from typing import Any

import pytest
import responses
from hypothesis import given

import providers
from providers import ConfigurationError, Outcome, Recipient
from tests.providers.junk import GARBAGE, JSON, STATUSES, any_answer
from tests.providers.samples import (
    ANYWHERE,
    CONTENTS,
    OTHER_CONTENTS,
    SECRET,
    Account,
    accounts,
    message,
    post,
    send_to,
    variants,
)

each_account = pytest.mark.parametrize("account", accounts(), ids=str)
each_variant = pytest.mark.parametrize("account", variants(), ids=str)


PADDING = "x" * 290  # so that a limit of 300 characters would cut the secret in two


def filled(secrets: dict[str, str]) -> list[str]:
    return [name for name, value in secrets.items() if value]


def required(account: Account) -> list[str]:
    fields = providers.client_class(account.kind).config_fields
    return [each.name for each in fields if each.required and each.default == ""]


def test_there_is_a_sample_of_every_kind_of_content() -> None:
    assert CONTENTS.keys() == providers.CONTENT_KINDS.keys()


@each_account
def test_module_opens_with_payloads_and_names_its_tables(account: Account) -> None:
    module = sys.modules[providers.client_class(account.kind).__module__]
    assert module.__doc__
    assert {"{", "POST", "Source"} <= {word for word in ("{", "POST", "Source") if word in module.__doc__}
    assert module.STATUSES
    assert all(issubclass(error, providers.ProviderError) for error in module.ERRORS.values())


@each_account
def test_capabilities_agree_with_the_settings(account: Account) -> None:
    client = account.client()
    capabilities = client.capabilities
    names = [each.name for each in client.config_fields]
    assert len(names) == len(set(names))
    assert "base_url" in names
    assert 1 <= capabilities.default_batch <= capabilities.max_batch
    assert 1 <= client.batch_limit() <= capabilities.max_batch
    assert capabilities.content_kinds <= CONTENTS.keys()


@each_account
def test_missing_setting_is_named(account: Account) -> None:
    client_class = providers.client_class(account.kind)
    for name in required(account):
        label = next(each.label for each in client_class.config_fields if each.name == name)
        with pytest.raises(ConfigurationError, match=label):
            account.client(**{name: ""}) if name in account.client().config else providers.connect(
                account.kind, config=account.client().config, secrets={}
            )


@each_account
@pytest.mark.parametrize("base_url", ["provider.test", "ftp://provider.test", "http://", "http://a b", "http://[", "x"])
def test_unusable_base_url_is_refused(account: Account, base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="Base URL must be a web address"):
        account.client(base_url=base_url)


@each_account
def test_secret_that_no_header_can_hold_is_refused_without_being_shown(account: Account) -> None:
    secrets = {
        each.name: "r0tten\r\nX: 1" for each in providers.client_class(account.kind).config_fields if each.secret
    }
    with pytest.raises(ConfigurationError) as refusal:
        providers.connect(account.kind, config=account.client().config, secrets=secrets)
    assert "r0tten" not in str(refusal.value)


@each_variant
def test_every_kind_of_content_is_sent_in_one_request(account: Account) -> None:
    client = account.client()
    for kind in client.capabilities.content_kinds:
        assert client.validate(message(CONTENTS[kind])) == []
        assert client.build([message(CONTENTS[kind])]).method == "POST"


@each_variant
def test_other_kinds_are_refused_unsent(account: Account) -> None:
    client = account.client()
    others = [message(CONTENTS[kind]) for kind in CONTENTS.keys() - client.capabilities.content_kinds]
    assert all(client.validate(other) for other in others)
    assert {result.outcome for result in client.send(others)} <= {Outcome.REJECTED}


@each_variant
def test_empty_batch_posts_nothing(account: Account) -> None:
    with responses.RequestsMock():
        assert account.client().send([]) == []


@each_variant
def test_no_group_is_larger_than_the_limit_and_order_is_kept(account: Account) -> None:
    client = account.client()
    limit = client.batch_limit()
    messages = account.messages(2 * limit + 1)
    groups = list(client.split(messages))
    assert [len(group) for group in groups] == [limit, limit, 1]
    assert [each for group in groups for each in group] == messages


@each_variant
def test_contents_that_differ_share_no_request(account: Account) -> None:
    client = account.client()
    kind = min(client.capabilities.content_kinds)
    groups = list(client.split([message(CONTENTS[kind]), message(OTHER_CONTENTS[kind], number=1)]))
    assert len(groups) == 2


@each_variant
@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_garbage_gives_one_result_for_each_message(account: Account, status: int, body: bytes) -> None:
    results = send_to(account, 3, status=status, body=body)
    assert len(results) == 3
    assert Outcome.ACCEPTED not in {result.outcome for result in results}


@each_variant
@pytest.mark.parametrize("secret", [SECRET, 'k3y/"+&<of>\\the channel'], ids=["plain", "to be escaped"])
@pytest.mark.parametrize("status", [200, 303, 400, 401, 429, 500, 502])
def test_secrets_stay_out_of_everything_that_is_kept(
    account: Account, status: int, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    usual = account.client()
    client = providers.connect(account.kind, config=usual.config, secrets=dict.fromkeys(filled(usual.secrets), secret))
    echo = dict.fromkeys(("message", "error", "detail", "description", "notes", "status"), f"{PADDING}{secret} is bad")
    body = json.dumps({**echo, "code": secret, "response": [{**echo, "code": secret}]}).replace("/", "\\/")
    with caplog.at_level(logging.DEBUG), responses.RequestsMock() as server:
        server.add("POST", ANYWHERE, status=status, body=body)
        results = client.send(account.messages(2))
    kept = [repr(client), caplog.text]
    kept += [f"{result!r} {result.error} {result.error and result.error.code}" for result in results]
    kept += [f"{result.exchange} {result.error and result.error.sentence}" for result in results]
    assert secret[:4] not in " ".join(kept)


@each_variant
def test_one_unusable_recipient_does_not_take_the_others_along(account: Account) -> None:
    client, messages = account.client(), account.messages(3)
    messages[1] = message(messages[1].content, number=1, recipient=Recipient("0812-nonsense"))
    with responses.RequestsMock() as server:
        server.add("POST", ANYWHERE, status=401)
        outcomes = [result.outcome for result in client.send(messages)]
    assert outcomes == [Outcome.CHANNEL_REJECTED, Outcome.REJECTED, Outcome.CHANNEL_REJECTED]


@each_variant
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"recipient": Recipient()}, "phone"),
        ({"recipient": Recipient("+0123456789")}, "phone"),
        ({"recipient": Recipient("+1234567890123456")}, "phone"),
        ({"recipient": Recipient("6281527975868")}, "phone"),
        ({"priority": 0}, "priority"),
        ({"priority": 4}, "priority"),
    ],
)
def test_unusable_address_or_priority_is_named(account: Account, changes: dict[str, Any], field: str) -> None:
    [sample] = account.messages()
    problems = account.client().validate(message(sample.content, **changes))
    assert [problem.field for problem in problems] == [field]


@each_variant
def test_request_over_the_size_limit_goes_out_in_halves(account: Account) -> None:
    client = account.client()
    size = min(client.batch_limit(), 4)
    with responses.RequestsMock() as server:
        server.add("POST", ANYWHERE, status=413)
        results = client.send(account.messages(size))
        assert len(server.calls) == 2 * size - 1
    assert {result.outcome for result in results} == {Outcome.REJECTED}


@each_variant
@any_answer
@given(value=JSON, status=STATUSES)
def test_no_answer_makes_sending_raise(account: Account, value: Any, status: int) -> None:
    results = send_to(account, 2, status=status, body=json.dumps(value))
    assert len(results) == 2
    for result in results:
        assert (result.error is None) == (result.outcome is Outcome.ACCEPTED)
        assert len(result.provider_id) <= 128
        assert result.error is None or (len(result.error.code) <= 64 and len(result.error.sentence) <= 300)


@each_account
def test_balance_is_asked_for_only_where_there_is_one(account: Account) -> None:
    client = account.client()
    assert client.capabilities.balance or client.balance() is None


@each_account
def test_health_is_told_in_a_sentence(account: Account) -> None:
    client = account.client()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as server:
        server.add("GET", ANYWHERE, status=401)
        health = client.check()
    assert health.ok is not True
    assert health.sentence.endswith(".")


def test_helper_refuses_answers_that_nobody_asked_for() -> None:
    account = accounts()[0]
    with pytest.raises(AssertionError):
        post(account.client(), [], {"status": 200})
