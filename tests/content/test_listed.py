"""Provider templates against the account's list: what it will not send keeps a broadcast from being scheduled."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from broadcaster.content.listed import faults
from broadcaster.content.preflight import problems
from broadcaster.models import Channel, ListedTemplate
from tests.content.conftest import Compose, make_template
from tests.papering import paper, paper_channel

SEEN = datetime(2026, 11, 21, 18, 20, tzinfo=UTC)
WELCOME = {"name": "welcome", "language": "id", "variables": ["@contact.name"]}


@pytest.fixture(autouse=True)
def provider(db: None) -> Iterator[None]:
    with paper():
        yield


@pytest.fixture
def channel() -> Channel:
    return paper_channel(templates_at=SEEN)


def hold(channel: Channel, name: str = "welcome", language: str = "id", **fields: Any) -> None:
    said = {"approval": "approved", "variables": 1, "body": "Hi {{1}}"} | fields
    ListedTemplate.objects.create(channel=channel, name=name, language=language, **said)


def said_of(channel: Channel, **translations: dict[str, Any]) -> list[tuple[bool, str]]:
    content = {"kind": "template", "base_language": "eng", "translations": translations or {"eng": WELCOME}}
    return [(fault.blocking, fault.sentence) for fault in faults(channel, content)]


def test_an_approved_template_has_no_fault(channel: Channel) -> None:
    hold(channel)
    assert said_of(channel) == []


NOT_SENT = {
    "pending": "is not approved yet on Post, as of 21 Nov 2026, 18:20 UTC. Choose another. After",
    "rejected": "was rejected on Post, as of 21 Nov 2026, 18:20 UTC: Too loud. Choose another. After",
    "paused": "is paused on Post, as of 21 Nov 2026, 18:20 UTC: Too loud. Choose another. After",
    "disabled": "is disabled on Post, as of 21 Nov 2026, 18:20 UTC: Too loud. Choose another. After",
}


@pytest.mark.parametrize("approval", NOT_SENT)
def test_a_template_that_may_not_be_sent_blocks_with_reason_and_time(channel: Channel, approval: str) -> None:
    hold(channel, approval=approval, reason="" if approval == "pending" else "Too loud.")
    ((blocking, sentence),) = said_of(channel)
    assert blocking
    assert sentence.startswith(f"The template welcome (id) {NOT_SENT[approval]}")


def test_a_template_in_a_state_that_nobody_knows_is_a_warning(channel: Channel) -> None:
    hold(channel, approval="unknown")
    assert said_of(channel) == [
        (False, "The template welcome (id) may not be approved on Post: the provider does not say.")
    ]


@pytest.mark.parametrize("held", [("Welcome", "id"), ("other", "id")])
def test_a_name_and_language_that_the_account_has_not_block(channel: Channel, held: tuple[str, str]) -> None:
    hold(channel, *held)
    ((blocking, sentence),) = said_of(channel)
    assert blocking
    assert sentence == (
        "The template welcome (id) is not in the account of Post, as of 21 Nov 2026, 18:20 UTC. "
        "Check its name and language. After a change at the provider, look again under Account templates."
    )


def test_a_language_that_the_account_has_not_is_told_with_those_that_it_has(channel: Channel) -> None:
    hold(channel, "welcome", "id_ID")
    hold(channel, "welcome", "en")
    ((blocking, sentence),) = said_of(channel)
    assert blocking
    assert "is not in the account of Post, as of 21 Nov 2026, 18:20 UTC; there it is in: en, id_ID." in sentence


def test_the_templates_of_another_channel_do_not_count(channel: Channel) -> None:
    hold(paper_channel("Other", templates_at=SEEN))
    assert [blocking for blocking, _ in said_of(channel)] == [True]


@pytest.mark.parametrize(
    ("wanted", "given", "said"),
    [
        (2, ["a"], "takes 2 variables on Post, and is given 1."),
        (1, ["a", "b"], "takes 1 variable on Post, and is given 2."),
        (0, ["a"], "takes no variables on Post, and is given 1."),
        (1, [], "takes 1 variable on Post, and is given none."),
    ],
)
def test_too_many_or_too_few_variables_block(channel: Channel, wanted: int, given: list[str], said: str) -> None:
    hold(channel, variables=wanted)
    ((blocking, sentence),) = said_of(channel, eng=WELCOME | {"variables": given})
    assert blocking
    assert said in sentence


def test_where_the_provider_tells_no_body_nobody_knows_the_variables(channel: Channel) -> None:
    hold(channel, variables=0, body="")
    assert said_of(channel) == []


def test_each_translation_is_looked_at(channel: Channel) -> None:
    hold(channel)
    hold(channel, "welcome", "en", approval="paused")
    found = said_of(channel, ind=WELCOME, eng=WELCOME | {"language": "en"}, zho=WELCOME | {"language": "zh"})
    assert [sentence.partition(")")[0] for _, sentence in found] == [
        "The template welcome (en",
        "The template welcome (zh",
    ]


@pytest.mark.parametrize("problem", ["", "The key was refused."])
def test_an_account_that_nobody_has_looked_at_is_a_warning(channel: Channel, problem: str) -> None:
    channel.templates_at, channel.templates_problem = None, problem
    ((blocking, sentence),) = said_of(channel)
    assert not blocking
    assert (problem or "were never looked at") in sentence


def test_other_contents_and_other_providers_have_no_list(channel: Channel) -> None:
    text = {"kind": "text", "translations": {"eng": {"text": "Hi"}}}
    assert list(faults(channel, text)) == []
    channel.kind = "imiconnect"
    assert said_of(channel) == []


def test_preflight_says_it_at_the_step_of_the_message(channel: Channel, compose: Compose) -> None:
    hold(channel, approval="paused")
    (problem,) = problems(compose(channel=channel, template=make_template("template", eng=WELCOME)))
    assert (problem.step, problem.field, problem.blocking) == ("message", "template", True)
    assert "is paused on Post" in problem.sentence
