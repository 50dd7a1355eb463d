"""Every adapter against the simulator, over real HTTP: two readings of the same documents that share no code."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import requests

import providers
from providers import (
    Button,
    Client,
    Content,
    DeliveryStatus,
    Event,
    Flow,
    Media,
    OutboundMessage,
    Outcome,
    ReceiptEvent,
    Recipient,
    TemplateMessage,
    Text,
    Translation,
    VoiceCall,
    http,
)
from tests.providers.samples import poll

PATIENCE_S = 20.0

ACCOUNTS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "imiconnect": ({"caller_id": "0453745878", "batch_size": 50}, {"service_key": "demo-key"}),
    "kaleyra": ({"sid": "HXDEMO", "sender": "+6281110000000"}, {"api_key": "demo-key"}),
    "khoros": ({"external_id": "+12345678902", "batch_size": 50}, {"api_key": "demo-key"}),
    "qiscus": ({"app_id": "demo-app", "channel_id": 534}, {"secret_key": "demo-secret"}),
    "rapidpro": ({}, {"api_token": "0123456789abcdef0123456789abcdef01234567"}),
}
INVOICE = TemplateMessage("invoice_update", "id", ("Nur", "Rp. 30.000"), namespace="6616bb93_d895", template_id=172)
CONTENTS: dict[str, tuple[str, Content]] = {
    "voice by call flow": ("imiconnect", VoiceCall(flow_id="184")),
    "voice by prompt": ("imiconnect", VoiceCall(prompt_id="354")),
    "flow that navigates": ("kaleyra", Flow(body="b", cta="Open", flow_id="1", screen="S", data={"a": 1})),
    "flow that exchanges data": ("kaleyra", Flow(body="b", cta="Open", flow_name="f", action="data_exchange")),
    "whatsapp text": ("kaleyra", Text.of("Hello")),
    "whatsapp template": (
        "kaleyra",
        TemplateMessage(
            "welcome",
            "en",
            ("Nur",),
            header=Media("image", "https://example.org/a.png"),
            buttons=(Button("url", "x"), Button("quick_reply", "y", 1), Button("flow", "z", 2)),
        ),
    ),
    "bot event": ("khoros", Event("Send template", "fr", (("customerId", "123"),))),
    "bot text": ("khoros", Text.of("Hello")),
    "template": ("qiscus", INVOICE),
    "template with a button": ("qiscus", replace(INVOICE, buttons=(Button("url", "coba"),))),
    "template with a header": ("qiscus", replace(INVOICE, header=Media("text", "Harvest"))),
    "translations": ("rapidpro", Text((Translation("eng", "Hello @you"), Translation("spa", "Hola")))),
}
FIRST = {kind: next(content for owner, content in CONTENTS.values() if owner == kind) for kind in ACCOUNTS}

# What the simulator's magic numbers must come out as. The last four digits decide; see its page.
FATES: dict[str, dict[str, Outcome]] = {
    "0001": dict.fromkeys(ACCOUNTS, Outcome.REJECTED),
    "0003": dict.fromkeys(ACCOUNTS, Outcome.RETRY),
    "0005": dict.fromkeys(ACCOUNTS, Outcome.UNKNOWN),
    "0006": dict.fromkeys(ACCOUNTS, Outcome.UNKNOWN),
    # Two document a word for their own trouble; a bare 500 does not tell whether the message was taken.
    "0007": {**dict.fromkeys(ACCOUNTS, Outcome.UNKNOWN), "kaleyra": Outcome.RETRY, "imiconnect": Outcome.RETRY},
    "0008": {**dict.fromkeys(ACCOUNTS, Outcome.ACCEPTED), "kaleyra": Outcome.CHANNEL_HELD},
    "0010": dict.fromkeys(ACCOUNTS, Outcome.UNKNOWN),
    "0011": dict.fromkeys(ACCOUNTS, Outcome.UNKNOWN),
}


class Sink(BaseHTTPRequestHandler):
    """Where the simulator posts its receipts."""

    received: list[bytes]

    def do_POST(self) -> None:
        self.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
        pass


@dataclass
class Simulator:
    """The running simulator, and the receipts that came from it."""

    url: str
    sink_url: str
    received: list[bytes] = field(default_factory=list)

    def client(self, kind: str, *, bad_key: bool = False, **config: Any) -> Client:
        settings, secrets = ACCOUNTS[kind]
        if bad_key:
            secrets = dict.fromkeys(secrets, "bad!")
        return providers.connect(kind, config={"base_url": f"{self.url}/{kind}", **settings, **config}, secrets=secrets)

    def accepted(self, phone: str) -> int:
        """How often a message to the phone was accepted, by the simulator's own record, in any provider's spelling."""
        spellings = (phone, phone.removeprefix("+"), f"tel:{phone}")
        answers = [requests.get(f"{self.url}/_simulator/accepted", {"address": each}, timeout=5) for each in spellings]
        return sum(len(answer.json()["messages"]) for answer in answers)

    def receipts(self, client: Client, reference: str) -> list[ReceiptEvent]:
        """The receipts so far of the message with that reference."""
        events = [event for body in list(self.received) for event in client.parse_receipts("POST", {}, {}, body)]
        return [event for event in events if event.reference == reference]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def until(condition: Any) -> None:
    """Return once the condition holds; fail when that takes too long."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/_simulator/totals", timeout=1).ok
    except requests.RequestException:
        return False


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    received: list[bytes] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Sink,), {"received": received})) as sink:
        Thread(target=sink.serve_forever, daemon=True).start()
        sink_url, port = f"http://127.0.0.1:{sink.server_port}", free_port()
        options = ["--port", str(port), "--receipt-delay-ms", "200", "--callback", f"HXDEMO={sink_url}/"]
        with subprocess.Popen([sys.executable, "-m", "providers.simulator", *options]) as process:
            running = Simulator(f"http://127.0.0.1:{port}", sink_url, received)
            try:
                until(lambda: answers(running.url))
                yield running
            finally:
                process.terminate()
                sink.shutdown()


_numbers = iter(range(10_000, 100_000))


def to(content: Content, ending: str = "1235", **changes: Any) -> OutboundMessage:
    """A message to somebody who was never written to before."""
    number = next(_numbers)
    return OutboundMessage(f"ref-{number}", Recipient(f"+62812{number}{ending}", name="Nur"), content, **changes)


@pytest.mark.parametrize(("kind", "content"), CONTENTS.values(), ids=CONTENTS)
def test_content_is_accepted_once(simulator: Simulator, kind: str, content: Content) -> None:
    outgoing = to(content, campaign="Harvest")
    [result] = simulator.client(kind).send([outgoing])
    assert result.outcome is Outcome.ACCEPTED, result
    assert simulator.accepted(outgoing.recipient.phone) == 1


@pytest.mark.parametrize(("kind", "requests_made"), [("imiconnect", 3), ("khoros", 1), ("rapidpro", 2)])
def test_recipients_share_requests(simulator: Simulator, kind: str, requests_made: int) -> None:
    results = simulator.client(kind).send([to(FIRST[kind]) for _ in range(120)])
    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert len({result.provider_id for result in results}) == requests_made


@pytest.mark.parametrize("kind", ACCOUNTS)
@pytest.mark.parametrize("ending", FATES)
def test_magic_number(simulator: Simulator, kind: str, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if ending == "0005":  # never answered
        monkeypatch.setattr(http, "READ_TIMEOUT_S", 0.5)
    [result] = simulator.client(kind).send([to(FIRST[kind], ending)])
    assert result.outcome is FATES[ending][kind], result


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_throttled_message_is_accepted_when_it_is_tried_again(simulator: Simulator, kind: str) -> None:
    client, outgoing = simulator.client(kind), to(FIRST[kind], "0003")
    outcomes = [client.send([outgoing])[0].outcome for _ in range(3)]
    assert outcomes[0] is Outcome.RETRY
    assert Outcome.ACCEPTED in outcomes


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_wrong_key_stops_the_channel(simulator: Simulator, kind: str) -> None:
    [result] = simulator.client(kind, bad_key=True).send([to(FIRST[kind])])
    assert result.outcome is Outcome.CHANNEL_REJECTED


@pytest.mark.parametrize("kind", ["imiconnect", "kaleyra"])
@pytest.mark.parametrize(("ending", "last"), [("1235", DeliveryStatus.DELIVERED), ("0009", DeliveryStatus.FAILED)])
def test_receipts_come_back_by_our_reference(
    simulator: Simulator, kind: str, ending: str, last: DeliveryStatus
) -> None:
    client, outgoing = simulator.client(kind), to(FIRST[kind], ending, notify_url=f"{simulator.sink_url}/")
    client.send([outgoing])
    until(lambda: last in {event.status for event in simulator.receipts(client, outgoing.reference)})
    [address] = {event.address for event in simulator.receipts(client, outgoing.reference)}
    assert address == outgoing.recipient.phone


@pytest.mark.parametrize("kind", ["qiscus", "rapidpro"])
@pytest.mark.parametrize(("ending", "last"), [("1235", DeliveryStatus.DELIVERED), ("0009", DeliveryStatus.FAILED)])
def test_polling_finds_the_message_by_id_and_address(
    simulator: Simulator, kind: str, ending: str, last: DeliveryStatus
) -> None:
    client, outgoing = simulator.client(kind), to(FIRST[kind], ending)
    [result] = client.send([outgoing])
    wanted = (last, result.provider_id, outgoing.recipient.phone)

    def polled() -> set[tuple[object, str, str]]:
        events, _ = poll(client, [result.provider_id])
        return {(event.status, event.provider_id, event.address) for event in events}

    until(lambda: wanted in polled())


@pytest.mark.parametrize("kind", ["qiscus", "rapidpro"])
def test_health_of_a_channel_is_told(simulator: Simulator, kind: str) -> None:
    assert simulator.client(kind).check().ok is True
    assert simulator.client(kind, bad_key=True).check().ok is False


@pytest.mark.parametrize("waba_id", ["104948869000000", ""], ids=["with its account", "without"])
def test_key_of_a_whatsapp_account_is_tested(simulator: Simulator, waba_id: str) -> None:
    assert simulator.client("kaleyra", waba_id=waba_id).check().ok is True
    health = simulator.client("kaleyra", bad_key=True, waba_id=waba_id).check()
    assert (health.ok, "copy both again" in health.sentence) == (False, True)


def test_templates_of_a_whatsapp_account_are_listed_to_the_last_page(simulator: Simulator) -> None:
    listed = simulator.client("kaleyra", waba_id="104948869000000").templates()
    found = {(template.name, template.language): template for template in listed}
    assert {template.approval for template in listed} == {"approved", "pending", "rejected", "paused"}
    assert found["welcome", "id"].variables == 2
    assert (found["order_ready", "en"].header, found["order_ready", "en"].buttons) == ("image", ("url",))
    assert found["free_money", "en"].reason == "SCAM"


def test_opt_out_is_told_by_a_receipt(simulator: Simulator) -> None:
    client, outgoing = simulator.client("kaleyra"), to(FIRST["kaleyra"], "0004")
    client.send([outgoing])
    until(lambda: simulator.receipts(client, outgoing.reference))
    [event] = simulator.receipts(client, outgoing.reference)
    assert (event.status, event.reason) == (DeliveryStatus.OPTED_OUT, "Number Opted Out")


@pytest.mark.parametrize(("ending", "there"), [("1235", 1), ("0006", 1), ("0010", 1), ("0011", 1), ("0005", 0)])
def test_lookup_finds_what_was_made_whatever_became_of_the_answer(
    simulator: Simulator, ending: str, there: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "READ_TIMEOUT_S", 0.5)  # for the one that is never answered
    client, outgoing = simulator.client("rapidpro"), to(Text.of("Dear @contact, hello "), ending)
    since = datetime.now(UTC) - timedelta(seconds=1)
    client.send([outgoing])
    [found] = client.lookup([outgoing], since, datetime.now(UTC) + timedelta(seconds=1))
    assert len(found) == there == simulator.accepted(outgoing.recipient.phone)


def test_lookup_finds_each_of_equal_posts_once(simulator: Simulator) -> None:
    client, outgoing = simulator.client("rapidpro"), to(Text.of("Hello"))
    since = datetime.now(UTC) - timedelta(seconds=1)
    results = [client.send([outgoing])[0] for _ in range(2)]
    [found] = client.lookup([outgoing], since, datetime.now(UTC) + timedelta(seconds=1))
    assert found == [result.provider_id for result in results]
