"""Ports that are free, taken or not ours to take, and servers that answer or do not."""

import errno
import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from broadcaster.bootstrap import ports
from broadcaster.bootstrap.console import LaunchError

LOOPBACK = "127.0.0.1"


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(request.param)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  the library's name
            """Tests are quiet."""

    with http.server.HTTPServer((LOOPBACK, 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://{LOOPBACK}:{httpd.server_port}/"
        httpd.shutdown()


def test_a_taken_port_that_was_asked_for_is_refused_in_a_sentence(taken: int) -> None:
    with pytest.raises(LaunchError, match=rf"Port {taken} of 127.0.0.1 is taken .* name another port with --port"):
        ports.choose_port(LOOPBACK, taken)


def test_a_free_port_that_was_asked_for_is_given(taken: int) -> None:
    free = ports.next_free_port(LOOPBACK, taken)

    assert ports.choose_port(LOOPBACK, free) == free


def test_the_next_port_is_taken_when_the_first_is_not_free(taken: int) -> None:
    assert taken < ports.next_free_port(LOOPBACK, taken) < taken + 100


def test_without_a_wish_the_search_begins_at_8000(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "bind_error", lambda host, port: busy() if port < 8003 else None)

    assert ports.choose_port(LOOPBACK, None) == 8003


def test_a_machine_without_a_free_port_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "bind_error", lambda host, port: busy())

    with pytest.raises(LaunchError, match="No port from 8000 to 8099 is free"):
        ports.choose_port(LOOPBACK, None)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
@pytest.mark.parametrize("port", [None, 8000])
def test_a_host_that_is_not_this_machine_is_refused(host: str, port: int | None) -> None:
    with pytest.raises(LaunchError, match=f"'{host}' is not an address of this machine"):
        ports.choose_port(host, port)


def test_a_reserved_port_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "bind_error", lambda host, port: PermissionError(errno.EACCES, "Permission denied"))

    with pytest.raises(LaunchError, match=r"Port 80 is reserved .* above 1023"):
        ports.choose_port(LOOPBACK, 80)


def test_a_port_is_kept_between_starts(tmp_path: Path, taken: int) -> None:
    first = ports.kept_port(tmp_path / "port", LOOPBACK, taken)

    assert ports.kept_port(tmp_path / "port", LOOPBACK, 1) == first


def test_a_kept_port_gives_way_when_it_has_been_taken(tmp_path: Path, taken: int) -> None:
    (tmp_path / "port").write_text(f"{taken}\n")

    assert ports.kept_port(tmp_path / "port", LOOPBACK, 1) > taken


def test_a_damaged_note_of_the_port_is_ignored(tmp_path: Path, taken: int) -> None:
    (tmp_path / "port").write_text("?")

    assert ports.kept_port(tmp_path / "port", LOOPBACK, taken) > taken


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1", "127.0.0.1:80"), ("a.example", "a.example:80"), ("::1", "[::1]:80")]
)
def test_an_address_is_written_as_urls_want_it(host: str, expected: str) -> None:
    assert ports.address(host, 80) == expected


def test_a_named_host_is_reached_by_its_name() -> None:
    assert ports.reachable_host("a.example") == "a.example"


@pytest.mark.parametrize("host", ports.WILDCARDS)
def test_all_interfaces_are_reached_by_one_of_them(host: str) -> None:
    assert ports.bind_error(ports.reachable_host(host), 0) is None


@pytest.mark.parametrize("server", [200, 302, 404], indirect=True)
def test_any_answer_of_a_server_counts(server: str) -> None:
    assert ports.wait_until_answers(server, limit_s=30, meanwhile=lambda: None)


@pytest.mark.parametrize("server", [500, 503], indirect=True)
def test_a_failing_server_has_not_answered(server: str) -> None:
    assert not ports.wait_until_answers(server, limit_s=0, meanwhile=lambda: None)


def test_somebody_looks_after_the_services_while_nothing_answers() -> None:
    with pytest.raises(LaunchError, match="died meanwhile"):
        ports.wait_until_answers(f"http://{LOOPBACK}:{free_port()}", limit_s=30, meanwhile=died)


def died() -> None:
    raise LaunchError("died meanwhile")


def busy() -> OSError:
    return OSError(errno.EADDRINUSE, "Address already in use")


def free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as server:
        return int(server.getsockname()[1])
