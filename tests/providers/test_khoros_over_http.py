"""Khoros Flow's adapter against its strict simulator: profiles, all metadata, many in a request, and its key."""

import pytest

from providers import Client, Event, OutboundMessage, Outcome, Recipient, connect
from tests.providers.samples import message
from tests.simulating import Simulator


def khoros(simulator: Simulator, key: str = "key", **config: object) -> Client:
    settings = {"base_url": f"{simulator.url}/khoros", "external_id": "+12345678902", **config}
    return connect("khoros", config=settings, secrets={"api_key": key})


def people(count: int) -> list[OutboundMessage]:
    event = Event("Send template", "ind", (("customerId", "1"), ("item", "a"), ("item", "b")), "7")
    languages = ("ind", "eng", "ban", "")
    return [
        message(event, number=n, recipient=Recipient(f"+62815279758{n}9", name=f"Nur {n}", language=languages[n % 4]))
        for n in range(count)
    ]


def test_all_that_an_event_may_hold_is_taken(simulator: Simulator) -> None:
    results = khoros(simulator, send_profile=True, batch_size=3).send(people(4))
    assert [result.outcome for result in results] == [Outcome.ACCEPTED] * 4
    assert [said["request"] for said in simulator.accepted("khoros")] == [1, 1, 1, 2]
    params = {"customerId": [{"value": "1"}], "item": [{"value": "a"}, {"value": "b"}]}
    assert simulator.accepted("khoros")[0]["content"] == {
        "event": "Send template",
        "channel": "whatsapp",
        "metadata": {"language": "id", "timezone": "7", "params": params},
    }


@pytest.mark.parametrize(
    ("key", "words"), [("key", "takes the key"), ("bad-key", "does not know the key"), ("unselected", "may not send")]
)
def test_a_test_of_the_connection_tells_keys_apart_and_sends_nothing(
    simulator: Simulator, key: str, words: str
) -> None:
    health = khoros(simulator, key).check()
    assert health.ok is (key == "key")
    assert words in health.sentence
    assert simulator.accepted("khoros") == []


def test_a_wrong_key_sends_nothing_and_says_what_to_do(simulator: Simulator) -> None:
    [result] = khoros(simulator, "unselected").send(people(1))
    assert result.outcome is Outcome.CHANNEL_REJECTED
    assert result.error
    assert "Outbound section" in result.error.sentence
