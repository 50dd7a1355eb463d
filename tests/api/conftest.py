"""Programs with a token, on a channel that takes texts."""

import pytest

from broadcaster.models import Channel
from tests.api.calling import Program
from tests.sending.broadcasts import channel_and_template


@pytest.fixture
def channel(db: None) -> Channel:
    """A channel that takes texts."""
    return channel_and_template("rapidpro")[0]


@pytest.fixture
def program(channel: Channel) -> Program:
    """A program that may send."""
    return Program()


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was put into the queue."""
    tasks: list[object] = []
    monkeypatch.setattr("broadcaster.queue.enqueue", lambda *args: tasks.append(args))
    return tasks
