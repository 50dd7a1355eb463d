"""The address that providers post to, behind the real web server: bodies in chunks, and bytes that are hardly HTTP."""

import contextlib
import socket
from collections.abc import Iterator

import requests

from broadcaster import gateway
from broadcaster.models import Channel, Receipt
from broadcaster.receipts import inbox
from tests.receipts.conftest import PHONES, on_their_way, states
from tests.receipts.test_apply import body
from tests.running import Site, wait_for

TIMEOUT_S = 30

CHUNKED = b"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
JUNK = {
    "no number for a length": b"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: abc\r\n\r\n{}",
    "a negative length": b"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n{}",
    "two lengths": b"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "less than its length": b"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\n{}",
    "a length and chunks": b"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "no number for a chunk": CHUNKED + b"zz\r\n{}\r\n",
    "a chunk that breaks off": CHUNKED + b"9\r\n{}",
    "chunks without an end": CHUNKED + b"2\r\n{}\r\n",
    "a long method": b"PROPPATCHPROPPATCH {path} HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a header that is none": b"POST {path} HTTP/1.1\r\nHost: localhost\r\nnothing\r\n\r\n",
    "bytes in a header": b"POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Name: \xff\xfe\r\nContent-Length: 2\r\n\r\n{}",
    "a charset that is none": b"POST {path}?a=b HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: text/plain; charset=hex\r\nContent-Length: 2\r\n\r\n{}",
    "bytes in the query": b"POST {path}?a=\xff HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}",
    "an old version": b"POST {path} HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}",
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


def chunks(total: int) -> Iterator[bytes]:
    """A body of so many bytes that does not tell its length."""
    while total > 0:
        yield b"x" * min(total, 65_536)
        total -= 65_536


def answer_to(site: Site, raw: bytes) -> bytes:
    """The status of the server's answer to these bytes, after which the caller says no more; empty where it hung up."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=TIMEOUT_S) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            return connection.recv(4_096).partition(b"\r\n")[0][9:12]
    return b""


def test_what_comes_through_the_web_server(site: Site, channel: Channel) -> None:
    url = f"{site.url}/receipts/{channel.receipts_token}/"
    path = url.removeprefix(site.url).encode()
    message, *_ = on_their_way(channel, PHONES[0])

    told = body(message, "delivered")
    assert requests.post(url, data=iter([told[:7], told[7:]]), timeout=TIMEOUT_S).status_code == 200
    assert bytes(Receipt.objects.get().body) == told
    wait_for(lambda: states(message) == ["delivered"])

    assert requests.post(url, data=chunks(inbox.BODY_LIMIT_BYTES), timeout=TIMEOUT_S).status_code == 200
    assert requests.post(url, data=chunks(inbox.BODY_LIMIT_BYTES + 1), timeout=TIMEOUT_S).status_code == 413
    assert gateway.receipts_url(channel).endswith(path.decode())

    answers = {name: answer_to(site, raw.replace(b"{path}", path)) for name, raw in JUNK.items()}
    assert {name: answer for name, answer in answers.items() if answer.startswith(b"5")} == {}
    assert answers["bytes in a header"] == b"200"
    assert answers["a charset that is none"] == b"400"
    assert requests.post(url, data=b"{}", timeout=TIMEOUT_S).status_code == 200
