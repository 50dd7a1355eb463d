"""Where a webhook may lead: to the public internet, and nowhere inside, whatever a name says, and when."""

import socket
from typing import Any

import pytest

from broadcaster.hooks import door, reach, register
from broadcaster.hooks.reach import REFUSED, Unreachable
from tests.hooks.receiving import Receiver

PUBLIC = ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"]
INSIDE = {
    "loopback": "127.0.0.1",
    "all of loopback": "127.8.9.1",
    "loopback, IPv6": "::1",
    "this host": "0.0.0.0",  # noqa: S104
    "this host, IPv6": "::",
    "private, 10": "10.0.0.5",
    "private, 172": "172.16.3.4",
    "private, 192": "192.168.1.1",
    "carrier-grade": "100.64.0.1",
    "Alibaba's metadata": "100.100.100.200",
    "metadata": "169.254.169.254",
    "ECS metadata": "169.254.170.2",
    "Azure's platform": "168.63.129.16",
    "Oracle's metadata": "192.0.0.192",
    "metadata, IPv6": "fd00:ec2::254",
    "link-local, IPv6": "fe80::1",
    "link-local with a zone": "fe80::1%eth0",
    "site-local": "fec0::1",
    "unique local": "fc00::1",
    "mapped": "::ffff:127.0.0.1",
    "mapped, hexadecimal": "::ffff:a9fe:a9fe",
    "compatible": "::127.0.0.1",
    "NAT64": "64:ff9b::7f00:1",
    "NAT64, local": "64:ff9b:1::7f00:1",
    "6to4": "2002:7f00:1::",
    "Teredo": "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "multicast": "224.0.0.1",
    "multicast, global": "239.255.255.250",
    "multicast, IPv6": "ff02::1",
    "broadcast": "255.255.255.255",
    "reserved": "240.0.0.1",
    "documentation": "192.0.2.1",
    "benchmarks": "198.18.0.1",
    "no address": "localhost",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_one(address: str) -> None:
    assert reach.is_public(address)


@pytest.mark.parametrize("address", INSIDE.values(), ids=INSIDE)
def test_no_address_inside_is_public(address: str) -> None:
    assert not reach.is_public(address)


@pytest.fixture
def only_public(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_ADDRESSES = False


@pytest.mark.usefixtures("only_public")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_nothing_inside_is_connected_to_however_it_is_written(host: str, receiver: Receiver) -> None:
    port = receiver.url.rpartition(":")[2].partition("/")[0]
    answer = door.post(f"http://{host}:{port}/", b"{}", {})
    assert (answer.status, receiver.posts) == (None, [])
    assert answer.error == REFUSED or answer.error.startswith("The name ")


def found(*addresses: str) -> list[reach.Found]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 1)) for address in addresses]


@pytest.mark.usefixtures("only_public")
def test_a_name_is_looked_up_once_and_only_what_passed_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A DNS that says something public when it is checked, and something inside when it is connected to."""
    answers = [found("93.184.216.34"), found("127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answers.pop(0))
    connected: list[Any] = []

    def connect(self: socket.socket, address: Any) -> None:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    door.post("http://rebinding.example/", b"{}", {})
    assert (connected, len(answers)) == (["93.184.216.34"], 1)


@pytest.mark.usefixtures("only_public")
def test_of_several_addresses_only_the_public_ones_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found("10.0.0.5", "1.1.1.1"))
    assert [each[4][0] for each in reach.resolve("mixed.example", 80)] == ["1.1.1.1"]


@pytest.mark.usefixtures("only_public")
def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found("10.0.0.5"))
    with pytest.raises(Unreachable, match="private network"):
        reach.resolve("inside.example", 80)


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert door.post(receiver.url, b"{}", {}).status == 200


PROBLEMS = {
    "http://10.0.0.5/": REFUSED,
    "http://[::1]/": REFUSED,
    "https://user:password@example.com/": register.NO_PASSWORDS,
    "https://user@example.com/": register.NO_PASSWORDS,
    "ftp://example.com/": register.NO_ADDRESS,
    "file:///etc/passwd": register.NO_ADDRESS,
    "gopher://example.com:11211/": register.NO_ADDRESS,
    "unix:///run/docker.sock": register.NO_ADDRESS,
    "example.com": register.NO_ADDRESS,
    "//example.com/": register.NO_ADDRESS,
    "https://": register.NO_ADDRESS,
    "https://:443/": register.NO_ADDRESS,
    "https://example.com:99999/": register.NO_ADDRESS,
    "https://example.com:x/": register.NO_ADDRESS,
    "https://exa mple.com/": register.NO_ADDRESS,
    "https://example.com/\r\nX: y": register.NO_ADDRESS,
    "https://[::1/": register.NO_ADDRESS,
    "https://" + "a" * 64 + ".example/": "",
    "https://*.example.com/": register.NO_ADDRESS,
    "https://example.com/events?a=b": "",
    "http://example.com:8080": "",
    "https://münchen.example/": "",
    "http://1.1.1.1/": "",
}


@pytest.mark.usefixtures("only_public")
@pytest.mark.parametrize(("url", "problem"), PROBLEMS.items())
def test_what_is_no_address_to_post_to_is_said_at_once(url: str, problem: str) -> None:
    assert register.address_problem(url) == problem


@pytest.mark.parametrize(
    "url", ["https://" + "a" * 64 + ".example/", "https://[::1/", "", "https://", "http://\u2028/", "x"]
)
def test_whatever_the_address_is_posting_raises_nothing(url: str) -> None:
    assert door.post(url, b"{}", {}).error
