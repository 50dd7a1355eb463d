"""What all five doors do alike once a request is found to be well formed: fate, record, receipts, latency, answer."""

import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from providers.simulator import faults as on_demand
from providers.simulator.faults import Fault, FaultBook, Kind
from providers.simulator.magic import Fate, fate_of, harshest, refusals_before_acceptance
from providers.simulator.receipts import Notice, ReceiptPoster
from providers.simulator.record import Entry, Recipient, Record
from providers.simulator.replies import Refused, Reply, cut, garble, hold, truncate
from providers.simulator.shapes import Rule, ShapeError

SLOW_S = 3.0
_SPOILED: dict[Fate, Callable[[web.Request, Reply], Awaitable[web.StreamResponse]]] = {
    Fate.CUT_OFF: cut,
    Fate.GARBLED: garble,
    Fate.TRUNCATED: truncate,
}


@dataclass(slots=True)
class Settings:
    """What can be changed while the simulator runs."""

    latency_ms: int = 0
    receipt_delay_ms: int = 1500


@dataclass(frozen=True, slots=True)
class Submission:
    """A well-formed request: what was to be sent to whom, and what the provider answers if all goes well."""

    provider: str
    kind: str
    content: Mapping[str, object]
    recipients: Sequence[Recipient]
    reply: Reply
    notice: Notice | None = None
    due_at: float = 0.0
    on_accepted: Callable[[Entry], None] | None = None


Faults = Mapping[Fate, Callable[[Submission], Reply]]


@dataclass(slots=True)
class Simulation:
    """All that the doors share."""

    settings: Settings
    record: Record
    receipts: ReceiptPoster
    faults: FaultBook = field(default_factory=FaultBook)
    turned_away: Counter[tuple[str, str]] = field(default_factory=Counter)
    on_reset: list[Callable[[], None]] = field(default_factory=list)
    _resting: set[asyncio.Task[object]] = field(default_factory=set)

    def fate(self, submission: Submission) -> Fate:
        """What happens to this request; a throttled address is let through after its one or two refusals."""
        addresses = [recipient.address for recipient in submission.recipients]
        fate = harshest(addresses)
        if fate is not Fate.THROTTLED:
            return fate
        if self._turn_away(submission.provider, [a for a in addresses if fate_of(a) is Fate.THROTTLED]):
            return Fate.THROTTLED
        return harshest(address for address in addresses if fate_of(address) is not Fate.THROTTLED)

    def accept(self, submission: Submission) -> None:
        """Put the messages on record and their receipts on the way."""
        entry = self.record.add(
            provider=submission.provider,
            kind=submission.kind,
            content=submission.content,
            recipients=submission.recipients,
            due_at=submission.due_at,
        )
        if submission.on_accepted is not None:
            submission.on_accepted(entry)
        if submission.notice is not None:
            due_at = max(entry.received_at, submission.due_at)
            self.receipts.schedule(
                submission.notice, submission.recipients, due_at, self.settings.receipt_delay_ms / 1000
            )

    async def rest(self, seconds: float) -> None:
        """Let time pass before an answer; the end of the server does not wait for it."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine always runs in one
        self._resting.add(task)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._resting.discard(task)

    def end_rests(self) -> None:
        """Give up all answers that are still being waited for: the server ends, their connections close."""
        for task in self._resting:
            task.cancel()

    def delays_since(self, due_at: float) -> float:
        """How many receipt delays have passed since `due_at` (seconds since the epoch); endless where there is none."""
        passed_s = time.time() - due_at
        delay_s = self.settings.receipt_delay_ms / 1000
        return passed_s / delay_s if delay_s else math.copysign(math.inf, passed_s)

    def reset(self) -> None:
        """Forget what came in and what was still to go out."""
        self.record.reset()
        self.receipts.reset()
        self.turned_away.clear()
        self.faults.clear()
        for forget in self.on_reset:
            forget()

    def _turn_away(self, provider: str, addresses: Sequence[str]) -> bool:
        waiting = [a for a in addresses if self.turned_away[provider, a] < refusals_before_acceptance(a)]
        if not waiting:
            for address in addresses:
                del self.turned_away[provider, address]
        self.turned_away.update((provider, address) for address in waiting)
        return bool(waiting)


async def settle(
    simulation: Simulation, request: web.Request, submission: Submission, faults: Faults
) -> web.StreamResponse:
    """Let the request meet its fate; `faults` words the refusals that this provider knows.

    A message is on record before the latency is slept off, as at a provider that is slow to answer: a client that
    dies meanwhile has been heard.
    """
    fault = simulation.faults.take(recipient.address for recipient in submission.recipients)
    if fault is not None:
        return await _misbehave(simulation, request, submission, fault)
    fate = simulation.fate(submission)
    if fate in faults:
        await simulation.rest(simulation.settings.latency_ms / 1000)
        raise Refused(faults[fate](submission))
    if fate is Fate.UNANSWERED:
        simulation.record.add(
            provider=submission.provider,
            kind=submission.kind,
            content=submission.content,
            recipients=submission.recipients,
            accepted=False,
        )
        return await hold(request, simulation.rest)
    simulation.accept(submission)
    await simulation.rest(simulation.settings.latency_ms / 1000 + (SLOW_S if fate is Fate.SLOW else 0))
    spoil = _SPOILED.get(fate)
    return submission.reply.response() if spoil is None else await spoil(request, submission.reply)


async def _misbehave(
    simulation: Simulation, request: web.Request, submission: Submission, fault: Fault
) -> web.StreamResponse:
    """What was asked for by the control endpoint, whatever the address' own fate."""
    await simulation.rest(simulation.settings.latency_ms / 1000)
    if fault.kind is Kind.REDIRECT:
        raise Refused(on_demand.redirect(request))
    if fault.reply is not None:
        raise Refused(fault.reply)
    simulation.accept(submission)
    return await on_demand.spoil(request, submission.reply, fault, simulation.rest)


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def door(simulation: Simulation, provider: str, handler: Handler) -> Handler:
    """Wrap a provider's handler: count its requests and refusals, and answer the latter in the provider's words."""

    async def enter(request: web.Request) -> web.StreamResponse:
        simulation.record.count(provider, "requests")
        if request.method == "POST" and simulation.faults.take([provider]):
            return await on_demand.reset(request)
        try:
            return await handler(request)
        except Refused as refusal:
            simulation.record.count(provider, "refused")
            return refusal.reply.response()

    return enter


def answering(handler: Handler) -> Handler:
    """Wrap a handler of our own: `Refused` becomes its answer, nothing is counted."""

    async def enter(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refusal:
            return refusal.reply.response()

    return enter


async def read_json(request: web.Request, refuse: Callable[[Exception], Reply]) -> Any:
    """The body as strict JSON (no NaN, no half surrogate pairs), refused in the provider's words where it is none."""
    body = await request.read()
    try:
        value = _STRICT_JSON.decode(body.decode())
        if _SURROGATE in body.lower():
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Refused(refuse(error)) from error
    return value


def check(rule: Rule, value: object, refuse: Callable[[ShapeError], Reply]) -> None:
    """Hold a body against its document's rule; a breach is refused in the provider's words."""
    try:
        rule(value, "body")
    except ShapeError as error:
        raise Refused(refuse(error)) from error


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


_STRICT_JSON = json.JSONDecoder(parse_constant=_refuse_constant)
_SURROGATE = b"\\ud"
