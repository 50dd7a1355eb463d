"""The one question that the promise rests on, asked over real sockets: was the request written, or surely not?"""

import socket
import ssl
from pathlib import Path

import pytest
import requests
import responses

from providers import http, transport
from providers.errors import AnswerLost, NotPosted
from providers.http import Answer, Door, Request
from tests.providers.scripted import (
    Script,
    ScriptedServer,
    answer,
    answer_for_ever,
    answer_late,
    broken_tls,
    drip,
    hang_up,
    hang_up_on_hello,
    over_tls,
    refusing_port,
    reset_after_request,
    reset_on_hello,
    silence,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

LOST: dict[str, Script] = {
    "closed after the request": answer(b""),
    "reset after the request": reset_after_request,
    "never answered": silence,
    "half of a status line": answer(b"HTTP/1.1 2"),
    "not HTTP": answer(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "no body": answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
    "half of a body": answer(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id":'),
    "half of a chunk": answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc"),
    "no last chunk": answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
    "chunks that are none": answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"),
    "not gzip": answer(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
    "drop by drop": drip,
    "endless head": answer(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200),
}


pytestmark = pytest.mark.usefixtures("no_proxy")


@pytest.fixture
def short_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a connection; only where none is expected, for a busy machine is slow to make one."""
    monkeypatch.setattr(http, "CONNECT_TIMEOUT_S", 0.3)


@pytest.fixture
def short_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for an answer; only where none is expected."""
    monkeypatch.setattr(http, "READ_TIMEOUT_S", 0.3)


def call(url: str) -> Answer:
    return Door().call(Request.json(url, {"to": "+6281527975868"}, headers={}))


@pytest.mark.usefixtures("short_read")
@pytest.mark.parametrize("script", LOST.values(), ids=LOST)
def test_whatever_happens_after_the_request_leaves_it_unknown(script: Script) -> None:
    with ScriptedServer(script) as server, pytest.raises(AnswerLost) as lost:
        call(server.url())
    assert lost.value.may_be_accepted
    assert server.connections == 1


IN_TIME: dict[str, Script] = {"answered late": answer_late(OK), "drop by drop": drip}


@pytest.mark.parametrize("script", IN_TIME.values(), ids=IN_TIME)
def test_a_door_that_is_hurried_waits_for_no_slow_answer(script: Script) -> None:
    door = Door()
    door.hurry(within_s=1)
    with ScriptedServer(script) as server, pytest.raises(AnswerLost):
        door.call(Request.get(server.url(), headers={}))


def test_a_door_whose_time_is_over_still_asks_once_for_a_moment() -> None:
    door = Door()
    door.hurry(within_s=0)
    with ScriptedServer(answer_late(OK)) as server:
        with pytest.raises(AnswerLost):
            door.call(Request.get(server.url(), headers={}))
        assert server.connections == 1


def test_refused_connection_posted_nothing() -> None:
    with refusing_port() as port, pytest.raises(NotPosted) as refused:
        call(f"http://127.0.0.1:{port}/")
    assert refused.value.retryable
    assert not refused.value.may_be_accepted


def test_unknown_host_posted_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NotPosted):
        call("http://no-such-host.invalid/")


def test_connection_that_is_never_taken_posted_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> socket.socket:
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib3.util.connection.create_connection", never)
    with pytest.raises(NotPosted) as refused:
        call("http://localhost:1/")
    assert refused.value.code == "ConnectTimeout"


@pytest.mark.parametrize(
    "url", ["", "no-scheme", "ftp://localhost/", "http://", "http://[/", "http://localhost:99999/"]
)
def test_address_that_is_none_posted_nothing(url: str) -> None:
    with pytest.raises(NotPosted) as refused:
        call(url)
    assert refused.value.exchange


@pytest.mark.usefixtures("short_connect")
@pytest.mark.parametrize(
    "script", [hang_up_on_hello, silence, reset_on_hello, answer(OK)], ids=["closed", "silent", "reset", "no TLS"]
)
def test_failed_handshake_posted_nothing(script: Script) -> None:
    with ScriptedServer(script) as server, pytest.raises(NotPosted):
        call(server.url("https"))


def test_certificate_that_nobody_signed_posted_nothing(server_tls: ssl.SSLContext) -> None:
    with ScriptedServer(over_tls(server_tls, answer(OK))) as server, pytest.raises(NotPosted) as refused:
        call(server.url("https"))
    assert refused.value.code == "SSLError"


@pytest.fixture
def trusted(no_proxy: None, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names the test's certificate as one to trust, as an operator's would."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))


@pytest.mark.usefixtures("trusted")
def test_trusted_certificate_is_used(server_tls: ssl.SSLContext) -> None:
    with ScriptedServer(over_tls(server_tls, answer(OK))) as server:
        assert call(server.url("https")).status == 200


@pytest.mark.usefixtures("trusted")
def test_tls_that_breaks_after_the_request_leaves_it_unknown(server_tls: ssl.SSLContext) -> None:
    with ScriptedServer(broken_tls(server_tls)) as server, pytest.raises(AnswerLost) as lost:
        call(server.url("https"))
    assert "SSL" in f"{lost.value.code} {lost.value.__cause__}"


@pytest.mark.usefixtures("trusted", "short_read")
def test_silence_after_the_handshake_leaves_it_unknown(server_tls: ssl.SSLContext) -> None:
    with ScriptedServer(over_tls(server_tls, silence)) as server, pytest.raises(AnswerLost):
        call(server.url("https"))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_unreachable_proxy_posted_nothing(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing_port() as port:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://127.0.0.1:{port}")
        with pytest.raises(NotPosted):
            call(f"{scheme}://provider.test/")


@pytest.mark.usefixtures("short_connect")
@pytest.mark.parametrize(
    "script", [answer(b"HTTP/1.1 407 No\r\n\r\n"), answer(b"HTTP/1.1 502 No\r\n\r\n"), hang_up, silence]
)
def test_proxy_that_opens_no_tunnel_posted_nothing(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(script) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(NotPosted):
            call("https://provider.test/")


def test_proxy_that_loses_a_plain_request_leaves_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(reset_after_request) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(AnswerLost):
            call("http://provider.test/")


def test_connection_is_used_again() -> None:
    door = Door()
    with ScriptedServer(answer_for_ever(OK)) as server:
        answers = [door.call(Request.get(server.url(), headers={})) for _ in range(3)]
        del door
    assert [each.status for each in answers] == [200, 200, 200]
    assert server.connections == 1


def test_connection_that_has_rested_too_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "IDLE_LIMIT_S", 0.0)
    door = Door()
    with ScriptedServer(answer_for_ever(OK)) as server:
        for _ in range(3):
            door.call(Request.get(server.url(), headers={}))
        del door
    assert server.connections == 3


def test_connection_that_the_server_closed_while_idle_is_replaced() -> None:
    door = Door()
    with ScriptedServer(answer(OK), answer(OK)) as server:
        request = Request.get(server.url(), headers={})
        door.call(request)
        server.wait_until_closed(1)
        assert door.call(request).status == 200
    assert server.connections == 2


def test_earlier_success_does_not_hide_a_later_refusal() -> None:
    door = Door()
    with ScriptedServer(answer(OK)) as server:
        request = Request.get(server.url(), headers={})
        door.call(request)
    with pytest.raises(NotPosted):
        door.call(request)


def test_earlier_refusal_does_not_hide_a_later_loss() -> None:
    with refusing_port() as port, pytest.raises(NotPosted):
        call(f"http://127.0.0.1:{port}/")
    with responses.RequestsMock() as server:
        server.post("http://provider.test/", body=requests.ReadTimeout())
        with pytest.raises(AnswerLost):
            call("http://provider.test/")


def test_request_that_cannot_be_put_together_posted_nothing() -> None:
    door = Door()
    with ScriptedServer(answer_for_ever(OK)) as server:
        door.call(Request.get(server.url(), headers={}))
        with pytest.raises(NotPosted):
            door.call(Request.get(server.url(), headers={"key": "schlüssel€"}))
        del door
    assert server.connections == 1


def test_failure_on_a_reused_connection_is_unknown() -> None:
    def once_then_reset(connection: socket.socket) -> None:
        answer(OK)(connection)
        reset_after_request(connection)

    door = Door()
    with ScriptedServer(once_then_reset) as server:
        door.call(Request.get(server.url(), headers={}))
        with pytest.raises(AnswerLost):
            door.call(Request.get(server.url(), headers={}))
    assert server.connections == 1
