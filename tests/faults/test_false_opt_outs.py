"""An outage at the provider reports everybody as opted out: its receipts hold the channel, and none of it sticks."""

import pytest
from django.contrib.auth.models import User

from broadcaster import queue
from broadcaster.audience import consent
from broadcaster.models import Broadcast, Channel, Contact, Message, OptOutSpike, Suppression
from broadcaster.receipts import spikes
from tests.running import Site, wait_for
from tests.sending.broadcasts import channel_and_template, prepared, rows, states_of
from tests.simulating import Simulator

PEOPLE = 30


def reported_as_opted_out(simulator: Simulator) -> Broadcast:
    """A broadcast to people of whom the simulator will report that they opted out."""
    broadcast = prepared(PEOPLE, url=simulator.url)
    for number, message in enumerate(rows(broadcast)):
        address = f"+62812{number:04}0004"
        Contact.objects.filter(pk=message.contact_id or 0).update(phone=address)
        Message.objects.filter(pk=message.pk).update(address=address)
    return broadcast


@pytest.mark.django_db(transaction=True)
def test_a_false_word_about_everybody_is_taken_back_with_one_decision(simulator: Simulator) -> None:
    person = User.objects.create_user("Rini")
    channel, _ = channel_and_template("kaleyra", simulator.url)
    broadcast = reported_as_opted_out(simulator)
    with Site(simulator, environment={"OPT_OUT_SPIKE": "10"}) as site:
        site.take_receipts(channel)
        queue.enqueue_pumps()
        wait_for(lambda: Suppression.objects.count() == PEOPLE, told=lambda: states_of(broadcast))
        assert Channel.objects.get(pk=channel.pk).hold_reason == spikes.HELD
        spike = spikes.waiting().get()
        assert spikes.decide(spike, OptOutSpike.Decision.TAKEN_BACK, author=person, reason="Outage") == PEOPLE
    assert not Channel.objects.get(pk=channel.pk).is_held()
    assert consent.suppressed({message.address for message in rows(broadcast)}, channel) == set()
