"""A worker is killed while it looks at an account's templates: nobody twice, nobody lost, and no half of a list."""

from collections import Counter

import pytest

from broadcaster.models import Broadcast, Channel, ListedTemplate, Template
from broadcaster.sending import expansion, pump, recovery, schedule
from tests.audiences import phone
from tests.faults.test_death_at_each_step import die
from tests.sending.broadcasts import channel_and_template, preparing, reload, states_of
from tests.simulating import Simulator

PEOPLE = 6

STEPS = {
    "before the provider is asked": ("broadcaster.accounts:list_templates", 0),
    "after it has answered": ("broadcaster.accounts:_replace", 0),
    "in the middle of writing the list": ("broadcaster.accounts:_keep", 0),
    "before the list is held against the message": ("broadcaster.content.listed:faults", 5),
}


@pytest.fixture
def channel(transactional_db: None, simulator: Simulator) -> Channel:
    channel, _ = channel_and_template("qiscus", simulator.url)
    return channel


def go_on(broadcast: Broadcast) -> bool:
    """What the next minutes do: the lease runs out, and another worker prepares it. Whether it is prepared."""
    assert recovery.stalled_preparations() == []
    Broadcast.objects.update(prepare_until="2020-01-01T00:00Z")
    assert recovery.stalled_preparations() == [broadcast.pk]
    return expansion.expand(broadcast.pk, worker="alive")


@pytest.mark.parametrize(("function", "listed"), STEPS.values(), ids=STEPS)
def test_a_death_during_the_look(function: str, listed: int, channel: Channel, simulator: Simulator) -> None:
    broadcast = preparing(PEOPLE, kind="qiscus")
    die(function, 1, "expand", str(broadcast.pk))
    assert ListedTemplate.objects.count() == listed
    pump.run()
    assert simulator.accepted("qiscus") == []
    assert go_on(broadcast)
    pump.run()
    arrived = Counter(f"+{address.lstrip('+')}" for address in simulator.addresses("qiscus"))
    assert arrived == Counter(phone(100 + number) for number in range(PEOPLE))
    assert (reload(broadcast).state, states_of(broadcast)) == ("completed", {"accepted": PEOPLE})
    assert ListedTemplate.objects.count() == 5


@pytest.mark.parametrize("function", ["broadcaster.sending.approvals:_pause", "broadcaster.sending.states:move"])
def test_a_death_before_a_rejected_template_pauses_its_broadcast(
    function: str, channel: Channel, simulator: Simulator
) -> None:
    template = Template.objects.create(name="Sale", kind="template", base_language="eng")
    template.translations.create(language="eng", content={"name": "flash_sale", "language": "en"})
    broadcast = preparing(PEOPLE, kind="qiscus", template=template)
    die(function, 1, "expand", str(broadcast.pk))
    assert not go_on(broadcast)
    assert reload(broadcast).state == "paused"
    assert "It promises too much." in reload(broadcast).state_reason
    pump.run()
    assert simulator.accepted("qiscus") == []
    schedule.cancel(broadcast)
    assert states_of(broadcast) == {}
