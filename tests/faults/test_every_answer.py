"""A provider that misbehaves in every way that a provider can: one table says what each answer does to the rows.

Each person of a broadcast meets one fault, among people who meet none. All providers at once, through the product's
own processes. `arrived` is how often the simulator has accepted the message in the end.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

import providers
from broadcaster import tasks
from broadcaster.models import Broadcast, Channel, Message, Template
from broadcaster.sending import schedule
from providers.adapters import imiconnect, kaleyra
from providers.simulator.documented import DOCUMENTED
from tests.audiences import phone
from tests.faults.answers import (
    ACCEPTED,
    ERRORS,
    FOR_A_WHILE,
    READ_TIMEOUT_S,
    UNKNOWN_AND_THERE,
    UNTIL_MENDED,
    WIRE,
    End,
)
from tests.faults.killing import Ticking, e164
from tests.running import Site, wait_for
from tests.sending.broadcasts import channel_and_template, group_of, people, states_of
from tests.simulating import Simulator

ENVIRONMENT = {"MAX_ATTEMPTS": "2", "PROVIDER_READ_TIMEOUT_S": str(READ_TIMEOUT_S)}
ORDINARY = range(40)  # people without a fault, at the beginning of each broadcast
MANY = 1_000  # times: always


@dataclass(slots=True)
class Case:
    """One person, the fault that this person's message meets, and what must come of it."""

    kind: str
    label: str
    fault: Mapping[str, Any]
    end: End
    number: int = 0

    @property
    def phone(self) -> str:
        return phone(self.number)


def cases_of(kind: str, first: int) -> list[Case]:
    """All that may happen to a message at this provider, each to a person of its own."""
    cases = [Case(kind, label, fault, end) for label, (fault, end) in WIRE.items()]
    for code, meaning in ERRORS[kind].items():
        if isinstance(meaning, str):
            continue
        for often, end in meaning.items():
            fault = {"kind": "error", "provider": kind, "code": code, "times": 1 if often == "once" else MANY}
            cases.append(Case(kind, f"{code} {often}", fault, end))
    for number, case in enumerate(cases, start=first):
        case.number = number
    return cases


def holding_cases(kind: str, first: int) -> list[tuple[str, Mapping[str, Any], str, int]]:
    """(Label, fault, how the channel is held, number of the person) for all that stops a channel."""
    faults: list[tuple[str, Mapping[str, Any], str]] = [
        (code, {"kind": "error", "provider": kind, "code": code}, meaning)
        for code, meaning in ERRORS[kind].items()
        if isinstance(meaning, str)
    ]
    faults.append(("redirect", {"kind": "redirect"}, UNTIL_MENDED))
    return [(f"{kind} {label}", fault, held, number) for number, (label, fault, held) in enumerate(faults, start=first)]


@contextmanager
def running(simulator: Simulator) -> Iterator[Site]:
    """The product, with the minute's schedule to be played by the test."""
    simulator.configure(latency_ms=0, receipt_delay_ms=3_600_000)  # no receipt shall change what is looked at
    try:
        with Site(simulator, environment=ENVIRONMENT) as site:
            yield site
    finally:
        simulator.configure(receipt_delay_ms=100)


def one_by_one(kind: str, simulator: Simulator) -> tuple[Channel, Template]:
    """The provider's channel, one message a request, so that a fault meets one person only."""
    channel, template = channel_and_template(kind, simulator.url, concurrency=4)
    if any(each.name == "batch_size" for each in channel.client_class.config_fields):
        channel.config["batch_size"] = 1
        channel.save()
    return channel, template


def sent(channel: Channel, template: Template, numbers: Iterable[int]) -> Broadcast:
    """A broadcast to the people of these numbers, on its way."""
    broadcast = Broadcast.objects.create(name=f"To {channel}", channel=channel, template=template)
    broadcast.groups.set([group_of(people(numbers), name=f"Audience {broadcast.pk}")])
    schedule.schedule(broadcast, send_at=timezone.now())
    tasks.wake(broadcast)
    return broadcast


def completed(broadcasts: Iterable[Broadcast]) -> None:
    """Return as soon as all of them are; the schedule is played meanwhile."""
    ids = {broadcast.pk for broadcast in broadcasts}
    schedule_of_the_minute = Ticking()

    def ended() -> bool:
        schedule_of_the_minute()
        return Broadcast.objects.filter(pk__in=ids, state="completed").count() == len(ids)

    wait_for(ended, seconds=120)


def ends(kind: str, cases: Iterable[Case], broadcast: Broadcast, simulator: Simulator) -> dict[str, End]:
    """What became of each case, by its label. RapidPro was asked about what it had not answered for, and knew it."""
    arrived = [e164(address) for address in simulator.addresses(kind)]
    states = dict(Message.objects.filter(broadcast=broadcast).values_list("address", "state"))
    found = {case.label: End(states[case.phone], arrived.count(case.phone)) for case in cases}
    if providers.client_class(kind).label == "RapidPro / TextIt":
        for case in cases:
            if case.end == UNKNOWN_AND_THERE and found[case.label] == ACCEPTED:
                found[case.label] = UNKNOWN_AND_THERE
    return found


def test_the_tables_leave_no_documented_error_out() -> None:
    assert {kind: set(codes) for kind, codes in ERRORS.items()} == {
        kind: set(codes) for kind, codes in DOCUMENTED.items()
    }
    assert set(ERRORS) == set(providers.kinds())
    assert kaleyra.ERRORS.keys() <= {code.replace("-", "") for code in ERRORS["kaleyra"]}
    assert imiconnect.ERRORS.keys() <= ERRORS["imiconnect"].keys()


def states_at(broadcast: Broadcast, numbers: Iterable[int]) -> set[str]:
    """What became of these people's messages."""
    messages = Message.objects.filter(broadcast=broadcast, address__in=map(phone, numbers))
    return set(messages.values_list("state", flat=True))


@pytest.mark.slow
@pytest.mark.usefixtures("transactional_db")
def test_an_answer_decides_about_its_own_message_only(simulator: Simulator) -> None:
    cases = {kind: cases_of(kind, 1_000 * place) for place, kind in enumerate(providers.kinds(), start=1)}
    planned = [{"whom": case.phone, **case.fault} for each in cases.values() for case in each]
    ordinary = {kind: [1_000 * place + 500 + n for n in ORDINARY] for place, kind in enumerate(cases, start=1)}
    with running(simulator):
        simulator.misbehave(*planned)
        broadcasts = {
            kind: sent(*one_by_one(kind, simulator), [*ordinary[kind], *(case.number for case in each)])
            for kind, each in cases.items()
        }
        completed(broadcasts.values())
    for kind, broadcast in broadcasts.items():
        found = ends(kind, cases[kind], broadcast, simulator)
        assert found == {case.label: case.end for case in cases[kind]}
        assert states_at(broadcast, ordinary[kind]) == {"accepted"}
        states_of(broadcast)  # compares the counts with the rows
    assert not Channel.objects.exclude(hold_reason="").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("transactional_db")
def test_a_connection_that_was_closed_while_it_rested_costs_nobody(simulator: Simulator) -> None:
    channel, template = one_by_one("kaleyra", simulator)
    numbers = range(1_000, 1_010)
    with running(simulator):
        simulator.misbehave(*({"whom": phone(number), "kind": "idle_close"} for number in numbers))
        for number in numbers:  # one after the other, so that each finds the connection that the last one left
            broadcast = sent(channel, template, [number])
            completed([broadcast])
            assert states_of(broadcast) == {"accepted": 1}


@pytest.mark.slow
@pytest.mark.usefixtures("transactional_db")
def test_a_refused_channel_is_held_and_loses_nobody(simulator: Simulator) -> None:
    cases = [
        case for place, kind in enumerate(providers.kinds(), start=1) for case in holding_cases(kind, 1_000 * place)
    ]
    with running(simulator):
        simulator.misbehave(*({"whom": phone(number), **fault} for _, fault, _, number in cases))
        broadcasts = {}
        for label, _, _, number in cases:
            channel, template = one_by_one(label.split()[0], simulator)
            broadcasts[label] = sent(another(channel, label), template, [number])
        wait_for(lambda: Channel.objects.exclude(hold_reason="").count() == len(cases))
        assert how_held() == {label: held for label, _, held, _ in cases}
        assert set(Message.objects.values_list("state", flat=True)) == {"pending"}
        assert list(simulator.addresses()) == []

        Channel.objects.update(hold_reason="", hold_until=None)  # a person has mended them all
        tasks.tick()
        completed(broadcasts.values())
    assert [label for label, broadcast in broadcasts.items() if states_of(broadcast) != {"accepted": 1}] == []
    assert sorted(map(e164, simulator.addresses())) == sorted(phone(number) for _, _, _, number in cases)


@pytest.mark.slow
@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("kind", providers.kinds())
def test_a_reset_before_reading_is_no_retry_for_the_request_had_left(kind: str, simulator: Simulator) -> None:
    channel, template = one_by_one(kind, simulator)
    with running(simulator):
        simulator.misbehave({"whom": kind, "kind": "reset_unread"})
        broadcast = sent(channel, template, [100])
        completed([broadcast])
    assert states_of(broadcast) == {"unknown": 1}
    assert list(simulator.addresses(kind)) == []


def another(channel: Channel, name: str) -> Channel:
    """A channel of its own, like this one."""
    return Channel.objects.create(
        name=name,
        kind=channel.kind,
        config=channel.config,
        secrets=channel.secrets,
        rate_per_second=channel.rate_per_second,
        concurrency=channel.concurrency,
    )


def how_held() -> dict[str, str]:
    """How each held channel is held, by its name."""
    held = Channel.objects.exclude(hold_reason="")
    return {channel.name: FOR_A_WHILE if channel.hold_until else UNTIL_MENDED for channel in held}
