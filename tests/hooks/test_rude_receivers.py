"""Receivers that are slow, silent, endless, lying or gone: each call ends in time, with a sentence."""

import socket
import ssl
import threading
import time
from typing import Any

import pytest

from broadcaster.hooks import door, posting
from broadcaster.hooks.door import ANSWER_BYTES
from tests.hooks.receiving import Receiver, Reply
from tests.providers import scripted
from tests.providers.scripted import Script, ScriptedServer

LIMIT_S = 0.5
PATIENCE_S = 5.0  # of the test, on a busy machine
OK = b"HTTP/1.1 200 OK\r\n"
LATE = "It did not answer within 0.5 seconds."


def post(url: str) -> door.Answer:
    return door.post(url, b"{}", {}, timeout_s=LIMIT_S)


def drip_head(connection: socket.socket) -> None:
    """A head that never ends, byte by byte."""
    scripted.read_request(connection)
    connection.sendall(OK + b"X-Long: ")
    for _ in range(1_000):
        connection.sendall(b"x")
        threading.Event().wait(0.02)


def ask_to_go_on(connection: socket.socket) -> None:
    """Say `100 Continue`, again and again."""
    scripted.read_request(connection)
    for _ in range(1_000):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        threading.Event().wait(0.02)


def flood(head: bytes) -> Script:
    """A body without an end."""

    def script(connection: socket.socket) -> None:
        scripted.read_request(connection)
        connection.sendall(head)
        while True:
            connection.sendall(b"x" * 65_536)

    return script


SILENT: dict[str, Script] = {
    "says nothing": scripted.silence,
    "drips its head": drip_head,
    "asks to go on": ask_to_go_on,
}


@pytest.mark.parametrize("script", SILENT.values(), ids=SILENT)
def test_who_does_not_answer_in_time_is_cut_off(script: Script) -> None:
    with ScriptedServer(script) as server:
        started = time.monotonic()
        answer = post(server.url())
        assert (answer.status, answer.error) == (None, LATE)
        assert time.monotonic() - started < PATIENCE_S


def test_a_handshake_that_never_ends_is_cut_off() -> None:
    with ScriptedServer(scripted.silence) as server:
        assert post(server.url("https")).error == LATE


@pytest.mark.parametrize(
    "script", [scripted.drip, flood(OK + b"\r\n"), flood(OK + b"Content-Length: 99999999999\r\n\r\n")]
)
def test_a_status_counts_whatever_the_body_does(script: Script) -> None:
    with ScriptedServer(script) as server:
        started = time.monotonic()
        answer = post(server.url())
        assert (answer.status, answer.error) == (200, "")
        assert 0 < len(answer.body) <= ANSWER_BYTES
        assert time.monotonic() - started < PATIENCE_S


def test_nothing_is_unpacked() -> None:
    packed = OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"
    with ScriptedServer(scripted.answer(packed)) as server:
        assert post(server.url()).body == b"\x1f\x8b\x08\x00"


BROKEN: dict[str, Script] = {
    "hangs up": scripted.hang_up,
    "resets": scripted.reset_after_request,
    "speaks no HTTP": scripted.answer(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "says nonsense": scripted.answer(b"HTTP/1.1 twohundred OK\r\n\r\n"),
    "has a head without end": flood(OK + b"X: "),
    "has too many headers": scripted.answer(OK + b"A: b\r\n" * 500 + b"\r\n"),
}


@pytest.mark.parametrize("script", BROKEN.values(), ids=BROKEN)
def test_what_is_no_answer_is_said(script: Script) -> None:
    with ScriptedServer(script) as server:
        answer = post(server.url())
    assert answer.status is None
    assert answer.error.startswith("The connection failed, or what came back was no HTTP")


def test_nobody_listens() -> None:
    with scripted.refusing_port() as port:
        assert post(f"http://127.0.0.1:{port}/").error.endswith("no HTTP: Connection refused")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    with Receiver() as other:
        receiver.reply(status, Location=other.url)
        answer = post(receiver.url)
        assert (answer.status, other.posts) == (status, [])
        assert "Nothing is followed" in answer.error


@pytest.mark.parametrize(("status", "arrives"), [(200, True), (202, True), (299, True), (304, False), (404, False)])
def test_only_a_2xx_says_that_it_arrived(receiver: Receiver, status: int, *, arrives: bool) -> None:
    receiver.reply(status)
    assert (post(receiver.url).error == "") == arrives


def test_a_certificate_that_nobody_signed_is_refused(server_tls: ssl.SSLContext, receiver: Receiver) -> None:
    with ScriptedServer(scripted.over_tls(server_tls, scripted.answer(OK + b"\r\n"))) as server:
        assert post(server.url("https")).error.startswith("No safe connection came about: ")


def test_a_certificate_counts_for_its_name_only(
    server_tls: ssl.SSLContext, certificate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(door, "_trusted", lambda: trusting)
    with ScriptedServer(scripted.over_tls(server_tls, scripted.answer(OK + b"\r\n"))) as server:
        url = server.url("https")
        assert post(url).status == 200
        assert post(url.replace("localhost", "127.0.0.1")).error.startswith("No safe connection came about: ")


def test_an_answer_is_kept_as_harmless_text(receiver: Receiver) -> None:
    receiver.replies = [Reply(200, b"a\x00b\xff\x1b[31m\nc" + "é".encode() * 5_000)]
    text = posting.readable(post(receiver.url).body)
    assert text.startswith("a\ufffdb\ufffd\ufffd[31m\ncé")
    assert len(text) == posting.SHOWN_CHARACTERS


def test_a_quick_answer_waits_for_no_timer_and_leaves_none(receiver: Receiver) -> None:
    started = time.monotonic()
    door.post(receiver.url, b"{}", {}, timeout_s=10 * PATIENCE_S)
    assert time.monotonic() - started < PATIENCE_S
    assert [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)] == []
