"""Faults on demand: what the next requests to an address, or to a provider, meet instead of a proper answer.

not accepted    ERROR  REDIRECT  RESET_UNREAD
accepted, then  RESET_READ  SILENCE  GARBAGE  HALF  EMPTY  WRONG_JSON  GZIP_BOMB  LONG_HEADERS  IDLE_CLOSE
"""

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

from providers.simulator.replies import GARBAGE, Reply, truncate

BOMB = gzip.compress(b" " * 1_000_000) * 100  # a gzip file may have many members
LONG_HEADER_CHARACTERS = 100_000
IDLE_S = 0.05


class Kind(StrEnum):
    """What a request meets."""

    ERROR = "error"  # one of the provider's documented errors
    REDIRECT = "redirect"
    RESET_UNREAD = "reset_unread"  # the connection is reset before the body was read; for the provider's next request
    RESET_READ = "reset_read"
    SILENCE = "silence"
    GARBAGE = "garbage"
    HALF = "half"
    EMPTY = "empty"
    WRONG_JSON = "wrong_json"
    GZIP_BOMB = "gzip_bomb"
    LONG_HEADERS = "long_headers"
    IDLE_CLOSE = "idle_close"  # a proper answer, after which the kept-alive connection is closed


@dataclass(slots=True)
class Fault:
    """One planned fault: for how many requests, for how many seconds of silence, and the answer where it has one."""

    kind: Kind
    times: int = 1
    seconds: float = 30.0
    reply: Reply | None = None


class FaultBook:
    """The faults that are still to come, by address or by provider."""

    def __init__(self) -> None:
        self._planned: dict[str, Fault] = {}

    def plan(self, whom: str, fault: Fault) -> None:
        """Let the next requests to an address (in any spelling) or to a provider meet this fault."""
        self._planned[_key(whom)] = fault

    def take(self, whom: Iterable[str]) -> Fault | None:
        """The fault that a request to these meets, if any; it is used up by that."""
        for key in map(_key, whom):
            fault = self._planned.get(key)
            if fault is not None:
                fault.times -= 1
                if fault.times <= 0:
                    del self._planned[key]
                return fault
        return None

    def clear(self) -> None:
        """Plan nothing any more."""
        self._planned.clear()


def redirect(request: web.Request) -> Reply:
    """To another host's name for the same place, so that a client that follows it would post twice."""
    return Reply(307, "", {"Location": str(request.url.with_host("localhost"))})


async def reset(request: web.Request) -> web.StreamResponse:
    """Reset the connection: the client gets no orderly end but an error."""
    transport = request.transport
    if transport is not None:
        linger = struct.pack("ii", 1, 0)  # on, for no time at all: what makes an end a reset
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    return web.Response()


async def spoil(
    request: web.Request, reply: Reply, fault: Fault, rest: Callable[[float], Awaitable[None]]
) -> web.StreamResponse:
    """Answer a request that was accepted as the fault says."""
    if fault.kind is Kind.RESET_READ:
        return await reset(request)
    if fault.kind is Kind.HALF:
        return await truncate(request, reply)
    if fault.kind is Kind.SILENCE:
        await rest(fault.seconds)
        return reply.response()
    if fault.kind is Kind.IDLE_CLOSE:
        _close_soon(request)
        return reply.response()
    return ANSWERS[fault.kind](reply)


def _close_soon(request: web.Request) -> None:
    if request.transport is not None:
        asyncio.get_running_loop().call_later(IDLE_S, request.transport.close)


def _bomb(reply: Reply) -> web.Response:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    return web.Response(status=reply.status, body=BOMB, headers=headers)


def _long_headers(reply: Reply) -> web.Response:
    answer = reply.response()
    answer.headers["X-Padding"] = "x" * LONG_HEADER_CHARACTERS
    return answer


def _wrong_json(reply: Reply) -> web.Response:
    body = json.dumps({"welcome": ["to", "another", "service"]}).encode()
    return web.Response(status=reply.status, body=body, content_type="application/json")


ANSWERS: Mapping[Kind, Callable[[Reply], web.Response]] = {
    Kind.GARBAGE: lambda _: web.Response(body=GARBAGE, content_type="text/html"),
    Kind.EMPTY: lambda reply: web.Response(status=reply.status),
    Kind.WRONG_JSON: _wrong_json,
    Kind.GZIP_BOMB: _bomb,
    Kind.LONG_HEADERS: _long_headers,
}


def _key(whom: str) -> str:
    """A phone by its digits, for providers spell it in three ways; anything else as it stands."""
    digits = whom.removeprefix("tel:").removeprefix("+")
    return digits if digits.isdecimal() else whom
