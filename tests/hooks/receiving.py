"""A receiver of webhooks on a real socket, and the ways to make events for it."""

import contextlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from broadcaster.hooks import register
from broadcaster.models import Event, Webhook


@dataclass(frozen=True, slots=True)
class Post:
    """One request that arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)

    @property
    def delivery(self) -> str:
        """The id by which the receiver knows what it has already."""
        return self.headers["X-Broadcaster-Delivery"]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b"thanks"
    headers: tuple[tuple[str, str], ...] = ()


class Receiver:
    """Keeps what is posted, and answers with the next of `replies`, or with 200 where none is left."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.replies: list[Reply] = []
        self.on_post: Callable[[Post], object] = lambda post: None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self._server.server_port}/events?from=us"

    @property
    def events(self) -> list[str]:
        """The names of what arrived."""
        return [post.json["event"] for post in self.posts]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)

    def reply(self, *statuses: int, **headers: str) -> None:
        """Answer the next posts so."""
        named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        self.replies += [Reply(status, headers=named) for status in statuses]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                post = Post(self.path, dict(self.headers), body)
                receiver.posts.append(post)
                reply = receiver.replies.pop(0) if receiver.replies else Reply()
                receiver.on_post(post)
                with contextlib.suppress(OSError):
                    self.send_response(reply.status)
                    for name, value in reply.headers:
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(reply.body)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler


def webhook(url: str, *events: Event) -> Webhook:
    """A webhook that is told of these events, or of all."""
    return register.create(url=url, events=events or list(Event))
