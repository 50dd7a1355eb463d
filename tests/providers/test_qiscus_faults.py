"""Qiscus by file, over a real socket: an order that may have been taken is never given twice, whatever breaks."""

import json
import socket
from collections.abc import Iterator

import pytest

from providers import Client, Outcome, SendResult, TemplateMessage, http
from tests.providers.samples import client, message
from tests.providers.scripted import (
    Script,
    ScriptedServer,
    hang_up,
    read_request,
    refusing_port,
    reset,
    reset_after_request,
    silence,
)

pytestmark = pytest.mark.usefixtures("no_proxy")
INVOICE = TemplateMessage("invoince_update", "id", ("Nur",), template_id=172)
UPLOADED = {"broadcast_file_id": 2272837}
LAUNCHED = {"data": {"broadcast_job": {"id": 14529081, "status": 4}}, "status": 200}


def says(status: int, value: object, *, cut: int = 0) -> Script:
    """Read a request and answer it in a connection of its own, without the answer's last `cut` bytes."""
    body = json.dumps(value).encode() if not isinstance(value, bytes) else value
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {len(body)}"
    whole = f"{head}\r\n\r\n".encode() + body

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(whole[: len(whole) - cut])

    return script


def reset_before_request(connection: socket.socket) -> None:
    """Take the connection, and reset it unread."""
    connection.recv(1)
    reset(connection)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits half a minute for silence."""
    monkeypatch.setattr(http, "READ_TIMEOUT_S", 0.3)


def qiscus(port: int) -> Client:
    return client("qiscus", base_url=f"http://127.0.0.1:{port}", mode="bulk")


def send(*scripts: Script) -> tuple[list[SendResult], list[str]]:
    """What comes of two messages in a file, and the first line of each request that the server read."""
    heard: list[str] = []

    def listening(script: Script) -> Script:
        def wrapped(connection: socket.socket) -> None:
            first = connection.recv(65_536, socket.MSG_PEEK)
            heard.append(first.split(b" HTTP/")[0].decode().rpartition("/")[2])
            script(connection)

        return wrapped

    with ScriptedServer(*map(listening, scripts)) as server:
        results = qiscus(server.port).send([message(INVOICE, number=number) for number in range(2)])
    return results, heard


AMBIGUOUS: dict[str, Script] = {
    "silence": silence,
    "closed": hang_up,
    "reset unread": reset_before_request,
    "reset": reset_after_request,
    "no HTTP": says(200, b"", cut=60),
    "half an answer": says(200, LAUNCHED, cut=10),
    "yes without words": says(200, b"OK"),
    "yes without a job": says(200, {"data": {}}),
    "its own trouble": says(500, {"errors": {"message": "x"}, "status": 500}),
    "not implemented": says(501, {}),
    "gateway": says(502, b"<html>Bad gateway</html>"),
    "late gateway": says(504, b""),
    "another page": says(303, {}),
}


@pytest.mark.parametrize("script", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_order_that_may_have_been_taken_is_given_once(script: Script) -> None:
    results, heard = send(says(200, UPLOADED), script, says(200, LAUNCHED))
    assert heard == ["upload_csv", "send_broadcast"]
    assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 2


@pytest.mark.parametrize("status", [400, 415, 422])
def test_order_that_is_clearly_refused_is_given_as_multipart(status: int) -> None:
    results, heard = send(says(200, UPLOADED), says(status, {}), says(200, LAUNCHED))
    assert heard == ["upload_csv", "send_broadcast", "send_broadcast"]
    assert [result.provider_id for result in results] == ["14529081"] * 2


@pytest.mark.parametrize("script", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_second_form_of_the_order_is_given_once_too(script: Script) -> None:
    results, heard = send(says(200, UPLOADED), says(415, {}), script, says(200, LAUNCHED))
    assert heard == ["upload_csv", "send_broadcast", "send_broadcast"]
    assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 2


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *[(401, Outcome.CHANNEL_REJECTED), (402, Outcome.CHANNEL_HELD), (404, Outcome.CHANNEL_REJECTED)],
        *[(409, Outcome.REJECTED), (429, Outcome.RETRY), (503, Outcome.RETRY)],
    ],
)
def test_other_refusal_is_no_reason_for_multipart(status: int, outcome: Outcome) -> None:
    results, heard = send(says(200, UPLOADED), says(status, {}), says(200, LAUNCHED))
    assert heard == ["upload_csv", "send_broadcast"]
    assert [result.outcome for result in results] == [outcome] * 2


@pytest.mark.parametrize("script", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_file_that_may_not_have_arrived_is_not_sent(script: Script) -> None:
    results, heard = send(script, says(200, LAUNCHED))
    assert heard == ["upload_csv"]
    assert [result.outcome for result in results] == [Outcome.RETRY] * 2


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port on which nobody listens."""
    with refusing_port() as port:
        yield port


def test_file_that_nobody_takes_may_be_tried_again(nobody: int) -> None:
    [result] = qiscus(nobody).send([message(INVOICE)])
    assert result.outcome is Outcome.RETRY
