"""Which port a server may have, and when it answers there."""

import errno
import http.client
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from broadcaster.bootstrap.console import LaunchError

WEB, SIMULATOR = 8000, 8700
TRIED = 100
LOOK_S = 0.1
WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104  compared with, not bound to


def choose_port(host: str, wanted: int | None) -> int:
    """Return the wanted port, or else the first free one from 8000 on. Raises `LaunchError` where there is none."""
    if wanted is None:
        return next_free_port(host, WEB)
    refusal = bind_error(host, wanted)
    if refusal:
        raise LaunchError(_sentence(host, wanted, refusal))
    return wanted


def next_free_port(host: str, first: int) -> int:
    """Return the first port from `first` on that nobody listens on."""
    for port in range(first, first + TRIED):
        refusal = bind_error(host, port)
        if refusal is None:
            return port
        if refusal.errno != errno.EADDRINUSE:
            raise LaunchError(_sentence(host, port, refusal))
    raise LaunchError(f"No port from {first} to {port} is free; name one with --port.")


def kept_port(path: Path, host: str, first: int) -> int:
    """Return the port that was used the last time, so that stored addresses stay right, or another if it is taken."""
    stored = path.read_text(encoding="ascii").strip() if path.exists() else ""
    port = next_free_port(host, int(stored) if stored.isdigit() else first)
    path.write_text(f"{port}\n", encoding="ascii")
    return port


def bind_error(host: str, port: int) -> OSError | None:
    """Return why no server can listen there, or None."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as refusal:
        return refusal
    return None


def reachable_host(host: str) -> str:
    """Return an address under which a server bound to `host` is reached: for all interfaces, the outward one."""
    if host not in WILDCARDS:
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # chooses a route and sends nothing (RFC 5737: an address of nobody)
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def address(host: str, port: int) -> str:
    """Return host and port as a URL and gunicorn write them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def wait_until_answers(url: str, *, limit_s: float, meanwhile: Callable[[], object]) -> bool:
    """Ask until a web server answers, and return whether it did within `limit_s` seconds."""
    deadline = time.monotonic() + limit_s
    while not answers(url):
        if time.monotonic() > deadline:
            return False
        meanwhile()
        time.sleep(LOOK_S)
    return True


def answers(url: str) -> bool:
    """Tell whether a web server gives any answer but its own failure."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _sentence(host: str, port: int, refusal: OSError) -> str:
    if refusal.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken by another program; stop that one, or name another port with --port."
    if refusal.errno == errno.EACCES:
        return f"Port {port} is reserved for the administrator; name one above 1023 with --port."
    return f"{host!r} is not an address of this machine ({refusal.strerror}); name another with --host."
