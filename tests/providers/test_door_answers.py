"""What comes through the door, both ways: the bytes of a request, the bounds of an answer, the record of both."""

import gzip
import socket

import pytest

from providers import http
from providers.errors import ProviderError
from providers.http import Answer, Door, Request
from tests.providers.scripted import ScriptedServer, answer, answer_for_ever

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

pytestmark = pytest.mark.usefixtures("no_proxy")


def call(url: str) -> Answer:
    return Door().call(Request.json(url, {"to": "+6281527975868"}, headers={}))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_an_answer_and_is_not_followed(status: int) -> None:
    moved = b"HTTP/1.1 %d Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n" % status
    with ScriptedServer(answer_for_ever(moved)) as server:
        assert call(server.url()).status == status


def test_head_that_is_cut_off_is_an_answer_without_words() -> None:
    with ScriptedServer(answer(b"HTTP/1.1 200 OK\r\nContent-Le")) as server:
        assert call(server.url()).value is None


def test_mark_of_the_byte_order_is_no_part_of_the_answer() -> None:
    with ScriptedServer(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\xef\xbb\xbf{}")) as server:
        assert call(server.url()).value == {}


def test_request_leaves_whole_and_with_few_headers() -> None:
    received: list[bytes] = []

    def listen(connection: socket.socket) -> None:
        received.append(connection.recv(65_536))
        connection.sendall(OK)

    with ScriptedServer(listen) as server:
        Door().call(Request.json(server.url(), {"name": "Zoë"}, headers={"key": "k"}))
        host = f"Host: localhost:{server.port}"
    [packet] = received
    assert packet.decode().split("\r\n") == [
        *("POST /messages HTTP/1.1", host, "User-Agent: broadcaster", "Accept: application/json"),
        *("Accept-Encoding: gzip, deflate", "Content-Type: application/json", "key: k", "Content-Length: 15"),
        *("", '{"name":"Zoë"}'),
    ]


def test_large_answer_is_cut_and_its_connection_given_up() -> None:
    body = b"x" * 3_000_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    with ScriptedServer(answer(head + body)) as server:
        assert len(call(server.url()).text) == http.ANSWER_LIMIT_BYTES


def test_compressed_answer_is_cut_at_its_full_size() -> None:
    body = gzip.compress(b"\0" * 50_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    with ScriptedServer(answer(head + body)) as server:
        assert len(call(server.url()).text) == http.ANSWER_LIMIT_BYTES


def test_record_holds_the_call_without_secrets_and_headers() -> None:
    door = Door(secrets=["s3cret", "", "s3cret-longer"])
    request = Request.json("http://localhost:1/s3cret", {"echo": "s3cret-longer"}, headers={"key": "s3cret"})
    with pytest.raises(ProviderError) as failure:
        door.call(request)
    exchange = failure.value.exchange
    assert exchange
    assert (exchange.method, exchange.url, exchange.request, exchange.status, exchange.response) == (
        *("POST", "http://localhost:1/[redacted]", '{"echo":"[redacted]"}'),
        *(None, ""),
    )


def test_record_of_a_form_reads_like_one() -> None:
    request = Request("POST", "/", form={"separator": ","}, files=(("file", "a.csv", b"1;2"), ("name", "", b"May")))
    assert request.record == "separator=,\nfile=a.csv:\n1;2\nname=May"


def test_record_is_bounded() -> None:
    with ScriptedServer(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9_000)) as server:
        exchange = Door().call(Request("POST", server.url(), body=b"y" * 9_000)).exchange
    assert (len(exchange.request), len(exchange.response)) == (4_000, 4_000)


@pytest.mark.parametrize(
    ("value", "seconds"), [("120", 120.0), (" 5 ", 5.0), ("0", 0.0), ("-1", None), ("1.5", None), ("9999999", None)]
)
def test_retry_after_is_read_as_whole_seconds(value: str, seconds: float | None) -> None:
    with ScriptedServer(answer(f"HTTP/1.1 429 Slow\r\nRetry-After: {value}\r\n\r\n".encode())) as server:
        assert call(server.url()).retry_after_s == seconds
