"""The simulator's own endpoints and process: the record, the knobs, the start and the end."""

import socket
import subprocess
import sys

import pytest
import requests

from tests.providers.simulator.kaleyra_samples import post, text_request
from tests.simulating import ROOT, Simulator


def control(simulator: Simulator, path: str, body: object) -> requests.Response:
    return requests.post(f"{simulator.url}/_simulator/{path}", json=body, timeout=10)


def ask(simulator: Simulator, query: str) -> requests.Response:
    return requests.get(f"{simulator.url}/_simulator/accepted?{query}", timeout=10)


def test_messages_are_numbered_in_order_of_arrival(simulator: Simulator) -> None:
    for number in (1, 2, 3):
        post(simulator, text_request(f"+91981234567{number}"))
    messages = simulator.accepted()
    assert [(message["n"], message["address"][-1]) for message in messages] == [(1, "1"), (2, "2"), (3, "3")]


def test_the_record_can_be_read_on_from_a_number(simulator: Simulator) -> None:
    for number in (1, 2, 3):
        post(simulator, text_request(f"+91981234567{number}"))
    messages = ask(simulator, "after=1&limit=1").json()["messages"]
    assert [message["n"] for message in messages] == [2]


def test_the_record_can_be_asked_for_an_address(simulator: Simulator) -> None:
    post(simulator, text_request("+919812345671"))
    post(simulator, text_request("+919812345672"))
    assert [message["n"] for message in simulator.accepted("kaleyra", "+919812345672")] == [2]
    assert simulator.accepted("khoros", "+919812345672") == []


@pytest.mark.parametrize("query", ["provider=nobody", "after=x", "limit=-1", "after=²"])
def test_a_wrong_question_is_answered_with_a_sentence(simulator: Simulator, query: str) -> None:
    answer = ask(simulator, query)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")


def test_totals_count_requests_refusals_and_messages(simulator: Simulator) -> None:
    post(simulator, text_request())
    post(simulator, text_request(), headers={})
    totals = simulator.totals()["kaleyra"]
    assert (totals["requests"], totals["refused"], totals["accepted"]) == (2, 1, 1)


def test_a_reset_forgets_everything(simulator: Simulator) -> None:
    post(simulator, text_request())
    simulator.reset()
    assert simulator.accepted() == []
    assert simulator.totals()["kaleyra"]["requests"] == 0
    assert simulator.receipts_pending() == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("settings", {"latency_ms": -1}),
        ("settings", {"latency_ms": True}),
        ("settings", {"latency": 1}),
        ("settings", []),
        ("callbacks", {"HX1": 5}),
        ("callbacks", "HX1"),
    ],
)
def test_a_wrong_setting_is_refused(simulator: Simulator, path: str, body: object) -> None:
    assert control(simulator, path, body).status_code == 400


def test_commands_must_be_json_so_that_no_web_page_can_send_them(simulator: Simulator) -> None:
    post(simulator, text_request())
    answer = requests.post(f"{simulator.url}/_simulator/reset", data="{}", timeout=10)
    assert answer.status_code == 415
    assert len(simulator.accepted()) == 1


def test_settings_left_out_stay_as_they_are(simulator: Simulator) -> None:
    assert control(simulator, "settings", {}).json() == {"latency_ms": 0, "receipt_delay_ms": 200}


def test_an_empty_url_takes_a_callback_back(simulator: Simulator) -> None:
    assert control(simulator, "callbacks", {"HX9": "http://127.0.0.1:1/"}).json() == {"HX9": "http://127.0.0.1:1/"}
    assert control(simulator, "callbacks", {"HX9": ""}).json() == {}


def test_sigterm_ends_it_cleanly() -> None:
    with Simulator.start() as simulator:
        post(simulator, text_request())
    assert simulator.stop() == 0


def start_by_hand(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "providers.simulator", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)


def test_a_taken_port_ends_it_with_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = start_by_hand(f"--port={port}")
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "--port" in ended.stderr


@pytest.mark.parametrize(
    "option", ["--port=65536", "--port=x", "--latency-ms=-1", "--callback=HX1", "--callback=HX1=ftp://x"]
)
def test_a_wrong_option_ends_it_with_a_sentence(option: str) -> None:
    ended = start_by_hand(option)
    assert ended.returncode == 2
    assert ended.stderr.rstrip().endswith(".")
