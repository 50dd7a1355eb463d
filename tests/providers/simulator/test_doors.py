"""What all doors share: many clients at once, latency, and requests that no document foresees."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.providers.simulator.kaleyra_samples import SENDER, post, text_request
from tests.simulating import Simulator, wait_until

PATHS = {
    "khoros": "/khoros/rest/v1/broadcast/instant",
    "rapidpro": "/rapidpro/api/v2/broadcasts.json",
    "kaleyra": f"/kaleyra/v2/HX1/whatsapp/{SENDER}/messages",
    "qiscus": "/qiscus/api/v3/admin/broadcast/client",
    "imiconnect": "/imiconnect/resources/v1/messaging",
}
ALL_KEYS = {
    "Authorization": "Token key",
    "api-key": "key",
    "key": "key",
    "Qiscus-App-Id": "app",
    "Qiscus-Secret-Key": "key",
    "Content-Type": "application/json",
}
NONSENSE = [b"", b"{", b"[]", b"null", b'"x"', b"1e999", b'{"a": 1e999}', b"\xff", b"\xef\xbb\xbf{}", b"[" * 50_000]


@pytest.mark.parametrize("path", list(PATHS.values()), ids=list(PATHS))
@pytest.mark.parametrize("body", NONSENSE, ids=lambda body: repr(body[:12]))
def test_nonsense_is_refused_in_json_and_never_an_error_of_ours(simulator: Simulator, path: str, body: bytes) -> None:
    headers = ALL_KEYS | ({"Authorization": "key"} if path.startswith("/khoros") else {})
    answer = requests.post(simulator.url + path, data=body, headers=headers, timeout=10)
    assert answer.status_code in {200, 400}
    assert "1001" not in answer.text
    assert isinstance(answer.json(), dict)
    assert simulator.accepted() == []


@pytest.mark.parametrize("provider", list(PATHS))
def test_refusals_are_counted_for_their_provider(simulator: Simulator, provider: str) -> None:
    requests.post(simulator.url + PATHS[provider], data="{", headers=ALL_KEYS, timeout=10)
    totals = simulator.totals()
    assert [name for name, counts in totals.items() if counts["refused"]] == [provider]
    assert totals[provider]["requests"] == 1


@pytest.mark.parametrize("path", ["/kaleyra", "/khoros/rest/v1/broadcast", "/rapidpro/api/v2/broadcasts", "/nowhere"])
def test_other_paths_are_not_found(simulator: Simulator, path: str) -> None:
    assert requests.post(simulator.url + path, json={}, timeout=10).status_code == 404


def test_many_clients_are_answered_at_once_each_with_its_own_id(simulator: Simulator) -> None:
    numbers = [f"+9198123{number:03d}55" for number in range(200)]
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda to: post(simulator, text_request(to)).json(), numbers))
    assert len({answer["data"]["message_id"] for answer in answers}) == 200
    assert sorted(message["address"] for message in simulator.accepted()) == numbers


def test_a_message_is_on_record_before_its_answer_and_stays_when_the_client_hangs_up(simulator: Simulator) -> None:
    simulator.configure(latency_ms=600_000)
    with pytest.raises(requests.ReadTimeout):
        requests.post(simulator.url + PATHS["kaleyra"], json=text_request(), headers={"api-key": "key"}, timeout=0.3)
    wait_until(lambda: len(simulator.accepted("kaleyra")) == 1)


def test_held_and_slow_connections_do_not_hold_up_the_end() -> None:
    with Simulator.start(latency_ms=600_000) as simulator:
        host, port = simulator.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            body = b'{"audience": [{"name": "x", "phoneNumber": "+123456789"}], "channel": {"channelName": "rbm",'
            body += b' "externalId": "x"}, "payload": {"type": "event", "eventName": "x"}}'
            head = f"POST {PATHS['khoros']} HTTP/1.1\r\nHost: x\r\nAuthorization: key\r\n"
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body)
            wait_until(lambda: len(simulator.accepted()) == 1)
            assert simulator.stop() == 0
            assert client.recv(100) == b""
