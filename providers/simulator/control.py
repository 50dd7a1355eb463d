"""The simulator's own endpoints, `/_simulator/...`: what arrived, where receipts go, how slow to be; no provider's."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from providers.simulator.credentials import REGISTERED, Credentials
from providers.simulator.documented import DOCUMENTED
from providers.simulator.doors import Simulation, answering, check, read_json
from providers.simulator.faults import Fault, Kind
from providers.simulator.magic import Status, status_after
from providers.simulator.record import PAGE_LIMIT, PROVIDERS, Row
from providers.simulator.replies import Refused, Reply
from providers.simulator.shapes import ShapeError, array, fields, mapping, number, one_of, satisfies, string, text


def _callbacks(value: object, path: str) -> None:
    """An object of URLs, or of objects with a URL and what each receipt has to show."""
    mapping(value, path)
    for account, registered in value.items() if isinstance(value, dict) else ():
        (string if isinstance(registered, str) else REGISTERED)(registered, f"{path}.{account}")


_MILLISECONDS = satisfies(lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0)
_SETTINGS = fields({}, {"latency_ms": _MILLISECONDS, "receipt_delay_ms": _MILLISECONDS})
# `whom` is an address or a provider; `code` one of the provider's documented errors.
_FAULTS = array(
    fields(
        {"whom": text, "kind": one_of(*Kind)},
        {"provider": one_of(*PROVIDERS), "code": text, "times": _MILLISECONDS, "seconds": number},
    )
)


class Control:
    """Answers questions about the record, and turns the few knobs."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def routes(self) -> list[web.RouteDef]:
        """Three endpoints to read, four that change something."""
        return [
            web.get("/_simulator/accepted", answering(self.accepted)),
            web.get("/_simulator/received", answering(self.received)),
            web.get("/_simulator/totals", answering(self.totals)),
            web.post("/_simulator/reset", answering(self.reset)),
            web.post("/_simulator/callbacks", answering(self.callbacks)),
            web.post("/_simulator/settings", answering(self.settings)),
            web.post("/_simulator/faults", answering(self.faults)),
        ]

    async def accepted(self, request: web.Request) -> web.Response:
        """Accepted messages, one for each recipient: `?provider=&address=&after=<n>&limit=`, in order of arrival."""
        return self._messages(request, accepted=True)

    async def received(self, request: web.Request) -> web.Response:
        """Messages that were read but never answered, with the same filters."""
        return self._messages(request, accepted=False)

    async def totals(self, _request: web.Request) -> web.Response:
        """Counts by provider, and the receipts still to be posted."""
        return web.json_response(
            {"providers": self._simulation.record.totals(), "receipts_pending": self._simulation.receipts.pending()}
        )

    async def reset(self, request: web.Request) -> web.Response:
        """Forget all messages, receipts to come and throttled numbers; callbacks and settings stay."""
        await self._command(request)
        self._simulation.reset()
        return web.json_response({"reset": True})

    async def callbacks(self, request: web.Request) -> web.Response:
        """Register receipt URLs: `{"<account sid, app id or service key>": "<url>"}`; an empty URL takes one back.

        Instead of the URL there may be an object with it and with what each receipt has to show; see `credentials`.
        """
        body = await self._command(request)
        check(_callbacks, body, _complaint)
        book = self._simulation.receipts.book
        for account, registered in body.items():
            whole = {"url": registered} if isinstance(registered, str) else registered
            book.register(account, whole.get("url", ""), Credentials.of(whole))
        return web.json_response(book.registered)

    async def settings(self, request: web.Request) -> web.Response:
        """Change `latency_ms` and `receipt_delay_ms` from the next request on."""
        body = await self._command(request)
        check(_SETTINGS, body, _complaint)
        settings = self._simulation.settings
        settings.latency_ms = body.get("latency_ms", settings.latency_ms)
        settings.receipt_delay_ms = body.get("receipt_delay_ms", settings.receipt_delay_ms)
        return web.json_response({"latency_ms": settings.latency_ms, "receipt_delay_ms": settings.receipt_delay_ms})

    async def faults(self, request: web.Request) -> web.Response:
        """Plan faults: `[{"whom": "<address or provider>", "kind": "garbage", "times": 1}]`; see `faults.Kind`.

        `reset_unread` is for a provider's next request, all others are for an address. `error` takes the provider and
        the code of one of its documented errors; `silence` takes seconds.
        """
        body = await self._command(request)
        check(_FAULTS, body, _complaint)
        for planned in body:
            self._simulation.faults.plan(planned["whom"], _fault(planned))
        return web.json_response({"planned": len(body)})

    async def _command(self, request: web.Request) -> Any:
        # A page on another site can post text to a local port, but not JSON without asking first.
        if request.content_type != "application/json":
            raise Refused(Reply(415, {"error": "Send the body as Content-Type: application/json."}))
        return await read_json(request, lambda _: Reply(400, {"error": "The body must be JSON."}))

    def _messages(self, request: web.Request, *, accepted: bool) -> web.Response:
        provider = request.query.get("provider", "")
        if provider and provider not in PROVIDERS:
            raise Refused(Reply(400, {"error": f"provider must be one of {', '.join(PROVIDERS)}."}))
        rows = self._simulation.record.rows(
            provider=provider,
            address=request.query.get("address", ""),
            after=_whole_number(request, "after", 0),
            accepted=accepted,
            limit=min(_whole_number(request, "limit", PAGE_LIMIT), PAGE_LIMIT),
        )
        return web.json_response({"messages": [as_json(row, self._simulation) for row in rows]})


def as_json(row: Row, simulation: Simulation) -> dict[str, object]:
    """One message as tests and page read it."""
    return {
        "n": row.n,
        "request": row.request,
        "provider": row.provider,
        "address": row.address,
        "reference": row.reference,
        "provider_id": row.provider_id,
        "kind": row.kind,
        "content": row.content,
        "text": row.content.get("text") or row.content.get("template") or row.content.get("event") or "",
        "status": _status(row, simulation),
        "received_at": datetime.fromtimestamp(row.received_at, UTC).isoformat(),
        "due_at": datetime.fromtimestamp(row.due_at, UTC).isoformat(),
    }


def _fault(planned: Mapping[str, Any]) -> Fault:
    kind, reply = Kind(planned["kind"]), None
    if (kind is Kind.RESET_UNREAD) != (planned["whom"] in PROVIDERS):
        raise Refused(Reply(400, {"error": "reset_unread is for a provider, every other fault for an address."}))
    if kind is Kind.ERROR:
        reply = DOCUMENTED.get(planned.get("provider", ""), {}).get(planned.get("code", ""))
        if reply is None:
            raise Refused(Reply(400, {"error": "Give a provider and the code of one of its documented errors."}))
    return Fault(kind, planned.get("times", 1), planned.get("seconds", 30.0), reply)


def _status(row: Row, simulation: Simulation) -> Status:
    if row.content.get("expired"):
        return Status.FAILED
    return status_after(row.address, simulation.delays_since(row.due_at))


def _complaint(error: ShapeError) -> Reply:
    return Reply(400, {"error": f"{error.path} is {error.breach}."})


def _whole_number(request: web.Request, name: str, default: int) -> int:
    value = request.query.get(name, "")
    if value and not (value.isascii() and value.isdigit()):
        raise Refused(Reply(400, {"error": f"{name} must be a whole number."}))
    return int(value) if value else default
