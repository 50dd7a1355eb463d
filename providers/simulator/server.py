"""The simulator's process: one aiohttp server with a door for each provider, the control endpoints and the page."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress

from aiohttp import web

from providers.simulator import imiconnect, kaleyra, khoros, qiscus, rapidpro
from providers.simulator.control import Control
from providers.simulator.doors import Settings, Simulation
from providers.simulator.pages import Pages
from providers.simulator.receipts import CallbackBook, CallbackLookup, ReceiptPoster
from providers.simulator.record import Record

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8010
# RapidPro takes media up to 25 MB; the rest is room for the multipart frame around it.
_BODY_LIMIT = 27 * 1024 * 1024
# Held connections (never answered, slow) must not hold up the end.
_SHUTDOWN_S = 0.5
_BACKLOG = 4096


def no_callbacks(_account: str) -> str | None:
    """The lookup where there is no database to ask: only registered URLs count."""
    return None


def create_app(
    *,
    latency_ms: int = 0,
    receipt_delay_ms: int = 1500,
    callbacks: CallbackLookup = no_callbacks,
    registered: Mapping[str, str] | None = None,
) -> web.Application:
    """The application, with an empty record.

    `callbacks` gives the receipt URL of an account (Kaleyra SID, Qiscus app id) or None; it is called in a thread, at
    most about once a second for each account. `registered` URLs, and those set by the control endpoint, win over it.
    """
    record = Record()
    simulation = Simulation(
        settings=Settings(latency_ms, receipt_delay_ms),
        record=record,
        receipts=ReceiptPoster(record, CallbackBook(callbacks, registered or {})),
    )
    app = web.Application(client_max_size=_BODY_LIMIT)
    for provider in (khoros, rapidpro, kaleyra, qiscus, imiconnect):
        app.add_routes(provider.routes(simulation))
    app.add_routes(Control(simulation).routes())
    app.add_routes(Pages(simulation).routes())
    app.cleanup_ctx.append(_poster(simulation.receipts))
    app.on_shutdown.append(_end_rests(simulation))
    return app


def run(
    *,
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    latency_ms: int = 0,
    receipt_delay_ms: int = 1500,
    callbacks: CallbackLookup = no_callbacks,
    registered: Mapping[str, str] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; writes one line with the address once connections are taken (port 0: any free).

    Raises SystemExit with one clear sentence (exit status 1) where the port cannot be had.
    """
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=_BACKLOG
        )
    except OSError as error:
        raise SystemExit(
            f"The simulator cannot listen on {host}:{port} ({error.strerror or error}): "
            "end what uses that port, or choose another with --port."
        ) from error
    app = create_app(
        latency_ms=latency_ms, receipt_delay_ms=receipt_delay_ms, callbacks=callbacks, registered=registered
    )
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"Simulator ready at http://{shown}:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    web.run_app(app, sock=listener, print=None, access_log=None, shutdown_timeout=_SHUTDOWN_S, backlog=_BACKLOG)


def _end_rests(simulation: Simulation) -> Callable[[web.Application], Awaitable[None]]:
    async def end(_app: web.Application) -> None:
        simulation.end_rests()

    return end


def _poster(receipts: ReceiptPoster) -> Callable[[web.Application], AsyncIterator[None]]:
    async def post_while_serving(_app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(receipts.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return post_while_serving
