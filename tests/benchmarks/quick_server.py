"""The quickest provider that Python allows: `python -m tests.benchmarks.quick_server <latency ms>`; prints its address.

The simulator checks every field, which takes longer than the posting that the benchmarks measure; this server only
finds where a request ends, waits for the latency, and answers as Kaleyra and IMIconnect do when they accept.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
BODY = b'{"code":"WA202","message":"Request Accepted","data":{"message_id":"%016d"},"error":{}}'
MANY_BODY = b'{"response":[{"code":"1001","description":"Queued","transid":"%016d","correlationid":""}]}'
HEAD = b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Quick(asyncio.Protocol):
    """One connection."""

    count = 0

    def __init__(self, latency_s: float) -> None:
        self.latency_s = latency_s
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self.buffer += data
        while request := self._whole():
            if self.latency_s:
                asyncio.get_running_loop().call_later(self.latency_s, self._answer, request)
            else:
                self._answer(request)

    def _whole(self) -> bytes:
        head, end, body = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return b""
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
        if len(body) < length:
            return b""
        self.buffer = body[length:]
        return head

    def _answer(self, head: bytes) -> None:
        Quick.count += 1
        body = (BODY if b"/whatsapp/" in head else MANY_BODY) % Quick.count
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.write(HEAD % len(body) + body)


async def serve(latency_s: float) -> None:
    """Listen on a free port until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Quick(latency_s), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


@contextmanager
def quick_server(latency_ms: int = 0) -> Iterator[str]:
    """Run one in a process of its own; its address."""
    command = [sys.executable, "-m", "tests.benchmarks.quick_server", str(latency_ms)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]) / 1000))
