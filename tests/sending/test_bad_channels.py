"""A provider that is down and an account that is wrong: nobody is lost, and the operator is told why."""

import pytest

from broadcaster.models import Channel, Message
from broadcaster.sending import outcomes, pump
from tests.sending.broadcasts import NOWHERE, channel_and_template, prepared, send_all, send_next, states_of
from tests.simulating import Simulator

pytestmark = pytest.mark.django_db


def test_a_provider_that_is_down_keeps_everyone_waiting_with_the_reason() -> None:
    broadcast = prepared(3, url=NOWHERE)
    assert send_next() == 3
    assert states_of(broadcast) == {"pending": 3}
    reasons = set(Message.objects.values_list("error_text", flat=True))
    assert len(reasons) == 1
    assert "could not be reached" in reasons.pop()


def test_wrong_credentials_hold_the_channel_until_a_person_mends_it(simulator: Simulator) -> None:
    channel, _ = channel_and_template("kaleyra", simulator.url)
    channel.secrets = {"api_key": "bad-key"}
    channel.save()
    broadcast = prepared(3)
    pump.run()
    held = Channel.objects.get()
    assert "Incorrect SID or API key" in held.hold_reason
    assert held.hold_until is None
    assert states_of(broadcast) == {"pending": 3}

    held.secrets = {"api_key": "good-key"}
    held.save()
    outcomes.release(held)
    send_all(broadcast)
    assert states_of(broadcast) == {"accepted": 3}
