"""Qiscus by file, and what its account can be asked, against the simulator over real HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

import providers
from providers import Approval, Client, Media, OutboundMessage, Outcome, Recipient, TemplateMessage
from tests.simulating import Simulator

INVOICE = TemplateMessage("invoice_update", "id", ("Nur", "Rp. 30.000"), namespace="6616bb93_d895", template_id=172)


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    with Simulator.start() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.reset()
    return running


def qiscus(simulator: Simulator, **config: Any) -> Client:
    settings = {"base_url": f"{simulator.url}/qiscus", "app_id": "demo-app", "channel_id": 534, **config}
    return providers.connect("qiscus", config=settings, secrets={"secret_key": "demo-secret"})


def to(count: int, ending: str = "1235", **changes: Any) -> list[OutboundMessage]:
    content = replace(INVOICE, **changes)
    return [OutboundMessage(f"ref-{n}", Recipient(f"+62812{n:05}{ending}", name="Nur"), content) for n in range(count)]


HEADERS = {
    "no header": None,
    "text": Media("text", "Harvest; harvest, harvest"),
    "image": Media("image", "https://example.org/a.png"),
}


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_file_is_accepted(simulator: Simulator, separator: str, header: Media | None) -> None:
    results = qiscus(simulator, mode="bulk", separator=separator).send(to(120, header=header))
    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert len({result.provider_id for result in results}) == 1
    assert len(simulator.accepted("qiscus")) == 120


@pytest.mark.parametrize(("count", "jobs"), [(20, 1), (19, 19), (1_019, 20), (1_020, 2)])
def test_enough_recipients_share_a_file(simulator: Simulator, count: int, jobs: int) -> None:
    results = qiscus(simulator, mode="auto").send(to(count))
    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert len({result.provider_id for result in results}) == jobs
    assert len(set(simulator.addresses("qiscus"))) == count


@pytest.mark.parametrize("separator", [",", ";"])
def test_what_stands_in_a_file_arrives_as_it_was_written(simulator: Simulator, separator: str) -> None:
    variables = ('=1+1, "two"; three', "+62\n@home\r\n नमस्ते 👋 ")
    qiscus(simulator, mode="bulk", separator=separator).send(to(1, variables=variables))
    [accepted] = simulator.accepted("qiscus")
    assert tuple(accepted["content"]["variables"]) == variables


@pytest.mark.parametrize("mode", ["bulk", "auto"])
def test_low_balance_holds_the_channel_before_the_file_is_sent(simulator: Simulator, mode: str) -> None:
    results = qiscus(simulator, mode=mode, bulk_from=2).send(to(2, "0008"))
    assert [result.outcome for result in results] == [Outcome.CHANNEL_HELD] * 2
    assert simulator.accepted() == []


@pytest.mark.parametrize("mode", ["individual", "auto", "bulk"])
@pytest.mark.parametrize(("quota", "enough"), [(1, ""), (2, "enough")])
def test_estimate_tells_what_messages_would_cost_and_sends_nothing(
    simulator: Simulator, mode: str, quota: int, enough: str
) -> None:
    amounts = {"free_session": 0, "quota": quota}
    requests.post(f"{simulator.url}/_simulator/qiscus/balance", json=amounts, timeout=10).raise_for_status()
    client = qiscus(simulator, mode=mode)
    estimate, balance = client.estimate(to(2)), client.balance()
    assert estimate
    assert estimate.is_enough == bool(enough)
    assert balance
    assert balance.amount == f"credits 0, free sessions 0, quota {quota}"
    assert simulator.accepted() == []


def test_templates_of_a_channel_are_listed(simulator: Simulator) -> None:
    found = {each.template_id: each for each in qiscus(simulator).templates()}
    assert {number: (each.name, each.language, each.approval, each.header) for number, each in found.items()} == {
        172: ("invoice_update", "id", Approval.APPROVED, ""),
        173: ("invoice_update", "en", Approval.APPROVED, ""),
        174: ("harvest_photo", "en", Approval.APPROVED, "image"),
        175: ("order_ready", "en", Approval.PENDING, "text"),
        176: ("flash_sale", "en", Approval.REJECTED, ""),
    }
    assert found[172].variables == 2
