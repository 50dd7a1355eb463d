"""A provider that is down and an account that is wrong: nobody is lost, and the operator is told why."""

import pytest
from django.db import connection

from broadcaster import gateway, tasks
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


@pytest.mark.parametrize("stored", ["", "gAAAAA", "nonsense \u00e9"])
def test_a_channel_whose_key_is_lost_is_held_and_keeps_no_other_from_sending(simulator: Simulator, stored: str) -> None:
    channel_and_template("kaleyra", simulator.url)
    good = prepared(2)
    bad = prepared([500, 501], kind="imiconnect", url=simulator.url, priority=3)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE broadcaster_channel SET secrets = %s WHERE id = %s", [stored, bad.channel_id])
    tasks.tick()
    pump.run()
    assert (states_of(good), states_of(bad)) == ({"accepted": 2}, {"pending": 2})
    held = Channel.objects.exclude(hold_reason="").get()
    assert (held.pk, held.hold_reason) == (bad.channel_id, gateway.UNREADABLE)

    held.secrets = {"service_key": "demo-key"}
    held.save()
    outcomes.release(held)
    send_all(bad)
    assert states_of(bad) == {"accepted": 2}
