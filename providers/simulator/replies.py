"""The way back to the client: a reply as its provider words it, whole, or spoiled as the wire spoils answers."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

GARBAGE = b"<html><body><h1>It works!</h1></body></html>"
# How often a held connection is looked at; nothing but the end of a test waits for it.
_HOLD_CHECK_S = 0.1


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, a body (an object goes out as JSON, a string as plain text) and further headers."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """The reply as it should arrive."""
        if isinstance(self.body, str):
            return web.Response(status=self.status, text=self.body, headers=self.headers)
        return web.Response(
            status=self.status,
            body=json.dumps(self.body).encode(),
            content_type="application/json",
            headers=self.headers,
        )


class Refused(Exception):  # noqa: N818 - a refusal is an answer of the provider, not an error of ours
    """Ends a request early with the provider's own words."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


async def hold(request: web.Request, rest: Callable[[float], Awaitable[None]]) -> web.StreamResponse:
    """Answer nothing until the client gives up; `rest` lets time pass."""
    # There is no event to wait for: aiohttp tells of a lost connection only by its transport.
    while request.transport is not None and not request.transport.is_closing():
        await rest(_HOLD_CHECK_S)
    return web.Response(status=499)


async def cut(request: web.Request, _reply: Reply) -> web.StreamResponse:
    """Close the connection where the answer should have come."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


async def garble(_request: web.Request, _reply: Reply) -> web.StreamResponse:
    """Answer 200 with what some proxy on the way might have said."""
    return web.Response(body=GARBAGE, content_type="text/html")


async def truncate(request: web.Request, reply: Reply) -> web.StreamResponse:
    """Promise the whole body, send half of it, and close."""
    whole = reply.response()
    body = bytes(whole.body or b"") if isinstance(whole.body, bytes) else b""
    broken = web.StreamResponse(status=reply.status, headers={"Content-Type": "application/json"})
    broken.content_length = len(body)
    await broken.prepare(request)
    await broken.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return broken
