"""What a provider's adapter wants an operator to know before a kind of content goes out is said, and blocks nothing."""

from broadcaster.content.preflight import problems
from tests.content.conftest import Compose, make_channel, make_template


def test_a_text_through_a_bot_is_a_warning(compose: Compose) -> None:
    (problem,) = problems(compose(channel=make_channel("khoros")))
    assert (problem.step, problem.field, problem.blocking) == ("message", "channel", False)
    assert "let the bot answer" in problem.sentence


def test_an_event_is_none(compose: Compose) -> None:
    event = make_template("event", eng={"name": "Send template", "timezone": "7"})
    assert problems(compose(channel=make_channel("khoros"), template=event)) == []
