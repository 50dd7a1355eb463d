"""A provider that takes files, and single messages where a file is not worth it: what becomes of a whole broadcast."""

import json
import time
from collections import Counter

import pytest

from broadcaster.models import Channel, Receipt
from broadcaster.receipts import apply, polling
from broadcaster.sending import pacing, pump, refusals
from tests.audiences import phone
from tests.sending.broadcasts import ORDINARY, channel_and_template, prepared, reload, rows, states_of
from tests.simulating import Simulator, wait_until

pytestmark = pytest.mark.django_db

PACE = 100


@pytest.fixture
def channel(simulator: Simulator) -> Channel:
    """A Qiscus channel that chooses by itself."""
    found, _ = channel_and_template("qiscus", simulator.url, rate_per_second=PACE)
    found.config["mode"] = "auto"
    found.save()
    return found


def test_a_broadcast_goes_by_file_once_the_first_few_went_well(channel: Channel, simulator: Simulator) -> None:
    broadcast = prepared(60, kind="qiscus")
    pump.run()
    sent = simulator.accepted("qiscus")
    assert Counter(message["address"] for message in sent) == Counter(phone(ORDINARY + n)[1:] for n in range(60))
    shared = Counter(Counter(message["request"] for message in sent).values())
    assert shared == {1: refusals.FIRST, 60 - refusals.FIRST: 1}
    assert reload(broadcast).state == "completed"


def test_a_file_is_not_cut_to_a_second_of_the_pace(channel: Channel, simulator: Simulator) -> None:
    Channel.objects.update(rate_per_second=20)
    prepared(60, kind="qiscus")
    pump.run()
    shared = Counter(Counter(message["request"] for message in simulator.accepted("qiscus")).values())
    assert shared == {1: refusals.FIRST, 60 - refusals.FIRST: 1}


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages each window took slots for."""
    counts: list[int] = []
    reserve = pacing.reserve

    def counted(channel: Channel, count: int) -> pacing.Slots:
        counts.append(count)
        return reserve(channel, count)

    monkeypatch.setattr(pacing, "reserve", counted)
    return counts


def test_messages_that_share_no_request_go_in_windows_of_a_second(simulator: Simulator, windows: list[int]) -> None:
    _, template = channel_and_template("rapidpro", simulator.url, rate_per_second=20)
    template.translations.update(content={"text": "Hello @contact.name"})
    prepared(60, kind="rapidpro")
    pump.run()
    assert max(windows) <= 20


def test_a_channel_that_was_slowed_down_bursts_no_more(simulator: Simulator, windows: list[int]) -> None:
    channel_and_template("imiconnect", simulator.url, rate_per_second=20)
    Channel.objects.update(rate_factor=0.5)
    prepared(40, kind="imiconnect")
    pump.run()
    assert max(windows) <= refusals.FIRST
    requests = Counter(message["request"] for message in simulator.accepted("imiconnect"))
    assert max(requests.values()) <= 10


def test_everybody_of_a_file_has_a_fate_of_their_own(channel: Channel) -> None:
    broadcast = prepared(60, kind="qiscus")
    pump.run()

    def is_told() -> bool:
        polling.poll(channel.pk)
        return "accepted" not in states_of(broadcast)

    wait_until(is_told)
    assert states_of(broadcast).keys() <= {"sent", "delivered", "read"}


def test_a_forwarded_status_finds_its_message_by_address(channel: Channel) -> None:
    broadcast = prepared(30, kind="qiscus")
    pump.run()
    row = rows(broadcast)[-1]
    status = {
        "id": "wamid.X",
        "status": "read",
        "recipient_id": row.address.removeprefix("+"),
        "timestamp": str(int(time.time())),
    }
    body = json.dumps({"app_code": "demo-app", "statuses": [status]}).encode()
    Receipt.objects.create(channel=channel, method="POST", body=body)
    apply.apply_waiting()
    assert {each.address: each.state for each in rows(broadcast)}[row.address] == "read"
    assert states_of(broadcast) == {"accepted": 29, "read": 1}
