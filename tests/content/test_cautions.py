"""What an operator should know of a channel before content or people go its way is said, and blocks nothing."""

import pytest

from broadcaster.content.preflight import problems
from broadcaster.models import Broadcast, Channel, Contact
from tests.content.conftest import Compose, make_channel, make_template, make_upload


def rcs(name: str = "rbm") -> Channel:
    """Khoros sends to mobile phones only, over some of its channels."""
    channel = make_channel("khoros", "Promotions")
    channel.config |= {"channel_name": name}
    channel.save()
    return channel


def to_file(compose: Compose, contact: Contact, channel: Channel, fixed_line: int) -> Broadcast:
    event = make_template("event", eng={"name": "Send template", "timezone": "7"})
    return compose(channel=channel, template=event, upload=make_upload(contact, fixed_line=fixed_line))


def test_a_text_through_a_bot_is_a_warning(compose: Compose) -> None:
    (problem,) = problems(compose(channel=make_channel("khoros")))
    assert (problem.step, problem.field, problem.blocking) == ("message", "channel", False)
    assert "let the bot answer" in problem.sentence


def test_an_event_is_none(compose: Compose) -> None:
    event = make_template("event", eng={"name": "Send template", "timezone": "7"})
    assert problems(compose(channel=make_channel("khoros"), template=event)) == []


@pytest.mark.parametrize(
    ("rows", "words"),
    [(1_203, "1,203 rows of june.csv hold landlines"), (1, "1 row of june.csv holds a landline")],
)
def test_landlines_for_a_channel_of_mobile_phones_are_a_warning(
    compose: Compose, ann: Contact, rows: int, words: str
) -> None:
    (problem,) = problems(to_file(compose, ann, rcs(), rows))
    assert problem.sentence.startswith(f"{words}, and Promotions reaches mobile phones only.")
    assert (problem.step, problem.field, problem.blocking) == ("audience", "upload", False)


def test_landlines_for_a_channel_that_may_reach_them_are_none(compose: Compose, ann: Contact) -> None:
    assert problems(to_file(compose, ann, rcs("whatsapp"), 1_203)) == []


def test_a_file_without_landlines_is_none(compose: Compose, ann: Contact) -> None:
    assert problems(to_file(compose, ann, rcs(), 0)) == []
