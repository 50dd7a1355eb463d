"""Below the door: connections that tell how far a request got, and that are not used again after a short rest.

urllib3's exceptions alone cannot say whether a request was written: a TLS handshake that times out and an answer that
never comes raise the same one. So each connection leaves its mark with the thread that uses it.

    unseen -> preparing -> writing          a failure while preparing is the only one that surely wrote nothing

Preparing is all that comes before the first byte of the request: the name, the connection, a tunnel through a proxy,
the TLS handshake, and putting the request together, which then leaves in one piece.
"""

import threading
import time
from enum import Enum
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

# Servers close idle connections after 15 to 60 s. A request written at that very moment would be lost in silence.
IDLE_LIMIT_S = 10.0
# A file of 25 MB over a line of 5 Mbit/s; no request without a file is as large as that.
LARGE_BYTES = 1024 * 1024
WRITE_TIMEOUT_S = 45.0


class Stage(Enum):
    """How far the thread's present call got."""

    UNSEEN = "unseen"
    PREPARING = "preparing"
    WRITING = "writing"


class Progress(threading.local):
    """Each thread's own mark."""

    stage = Stage.UNSEEN


progress = Progress()


class WatchedConnection(HTTPConnection):
    """Marks its stages, and counts as dropped once it has rested too long."""

    used_at = 0.0
    held: list[bytes] | None = None

    def connect(self) -> None:
        """Resolve, connect, tunnel through a proxy, shake hands: none of it carries the request."""
        progress.stage = Stage.PREPARING
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Write the request; from then on only the provider can say that it was not accepted."""
        progress.stage = Stage.PREPARING
        if self.is_closed:
            self.connect()
        self.held = []
        try:
            super().request(*args, **kwargs)
            message = b"".join(self.held)
        finally:
            self.held = None
        progress.stage = Stage.WRITING
        if self.sock is not None and len(message) > LARGE_BYTES:
            self.sock.settimeout(WRITE_TIMEOUT_S)  # it stands for all of the writing; until now it is the connection's
        self.send(message)
        self.used_at = time.monotonic()

    def send(self, data: Any) -> None:
        """Write, or hold back until the request is whole: head and body in one packet cost a sixth less."""
        if self.held is None:
            super().send(data)
        else:
            self.held.append(data)

    @property
    def is_connected(self) -> bool:
        """Whether the pool may use it again."""
        return super().is_connected and time.monotonic() - self.used_at < IDLE_LIMIT_S


class WatchedTLSConnection(WatchedConnection, HTTPSConnection):
    """The same over TLS."""


class WatchedPool(HTTPConnectionPool):
    """A pool of watched connections."""

    ConnectionCls = WatchedConnection


class WatchedTLSPool(HTTPSConnectionPool):
    """A pool of watched connections over TLS."""

    ConnectionCls = WatchedTLSConnection


class WatchedAdapter(HTTPAdapter):
    """requests' adapter on watched connections, directly and through a proxy; it never tries anything twice.

    One adapter serves one account, whose route to an origin never changes. So what requests finds out anew for each
    call (pool, proxy, certificates: a third of a call's cost) is found out once.
    """

    def __init__(self, pool_size: int) -> None:
        super().__init__(pool_connections=4, pool_maxsize=pool_size, max_retries=0)
        self._pools: dict[str, Any] = {}

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools for direct connections."""
        super().init_poolmanager(*args, **kwargs)
        _watch(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Make, or find, the pools for one proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        _watch(manager)
        return manager

    def get_connection_with_tls_context(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Find the pool for the request's origin."""
        origin = origin_of(request.url or "")
        pool = self._pools.get(origin)
        if pool is None or pool.pool is None:  # the manager closes what it has not used for long
            pool = super().get_connection_with_tls_context(request, *args, **kwargs)
            self._pools[origin] = pool
        return pool

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Tell a new pool which certificates to trust."""
        if conn.num_requests == 0:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        """Write the path, or all of the address where a proxy must know it."""
        return super().request_url(request, proxies) if proxies else request.path_url

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Make a response of what is read here: status, headers and the raw body; no cookies, no encoding."""
        response = Response()
        response.status_code, response.headers, response.raw = resp.status, resp.headers, resp
        response.url, response.request = req.url or "", req
        return response


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, as they are written there."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _watch(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": WatchedPool, "https": WatchedTLSPool}
