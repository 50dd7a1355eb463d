"""A server on a real socket that does exactly what a test scripts for each connection, however rude it is."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Self

Script = Callable[[socket.socket], None]


class ScriptedServer:
    """Runs one script after the other, one for each connection; the last one for all further connections."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.connections = 0
        self._closed = threading.Semaphore(0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._run)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._listener.getsockname()[1])

    def url(self, scheme: str = "http") -> str:
        """The address to post to."""
        return f"{scheme}://localhost:{self.port}/messages"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
            # The client may have gone first, or broken off: that is what these scripts are for.
            with connection, contextlib.suppress(OSError):
                script(connection)
            self._closed.release()

    def wait_until_closed(self, count: int) -> None:
        """Return once so many connections are over."""
        assert all(self._closed.acquire(timeout=10) for _ in range(count))


def read_request(connection: socket.socket) -> bytes:
    """One request: its head, and as much body as the head announces."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65_536)
        if not chunk:
            return data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length and (chunk := connection.recv(65_536)):
        body += chunk
    return head + b"\r\n\r\n" + body


def answer(data: bytes) -> Script:
    """Read a request, answer with these bytes, close."""

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(data)

    return script


def answer_for_ever(data: bytes) -> Script:
    """Keep the connection open and answer every request on it."""

    def script(connection: socket.socket) -> None:
        while read_request(connection):
            connection.sendall(data)

    return script


def reset(connection: socket.socket) -> None:
    """Close with a reset instead of a farewell."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def reset_after_request(connection: socket.socket) -> None:
    """Read the request, then reset."""
    read_request(connection)
    reset(connection)


def silence(connection: socket.socket) -> None:
    """Read whatever comes and say nothing until the client has gone."""
    while connection.recv(65_536):
        pass


def answer_late(data: bytes) -> Script:
    """Read a request and answer it after five seconds, unless the client has gone by then."""

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.settimeout(5)
        with contextlib.suppress(TimeoutError):
            connection.recv(1)
        connection.sendall(data)

    return script


def hang_up(connection: socket.socket) -> None:
    """Close at once."""


def hang_up_on_hello(connection: socket.socket) -> None:
    """Read the first words of a handshake, then close."""
    connection.recv(65_536)


def reset_on_hello(connection: socket.socket) -> None:
    """Read the first words of a handshake, then reset."""
    connection.recv(65_536)
    reset(connection)


def drip(connection: socket.socket) -> None:
    """Answer so slowly that no single wait is long."""
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1_000):
        connection.sendall(b"x")
        threading.Event().wait(0.02)


def over_tls(context: ssl.SSLContext, script: Script) -> Script:
    """The script behind a TLS handshake."""

    def secured(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            script(tls)

    return secured


def broken_tls(context: ssl.SSLContext) -> Script:
    """Shake hands, read the request, then go on in plain text: the client's read fails with an SSL error."""

    def script(connection: socket.socket) -> None:
        tls = context.wrap_socket(connection, server_side=True)
        read_request(tls)
        with socket.socket(fileno=tls.detach()) as plain:
            plain.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    return script


@contextlib.contextmanager
def refusing_port() -> Iterator[int]:
    """A port on which nobody listens, held so that nobody can begin to."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])
