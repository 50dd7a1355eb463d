"""Which network addresses a webhook may lead to: public ones, and others only where the installation allows it.

A webhook's address is whatever somebody typed, and we stand inside the network: it must not become a way to what only
the inside reaches, such as a database or a cloud's metadata. What a name leads to is looked up once, by the connection
itself, which then connects to nothing but what passed here: a second answer of the DNS changes nothing.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from django.conf import settings

from broadcaster.errors import Explained

if TYPE_CHECKING:
    from collections.abc import Sequence

Address = IPv4Address | IPv6Address
Found = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]  # as getaddrinfo has it

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
# Beside what Python's ipaddress knows, which in its older releases is less than IANA's registries of special addresses.
INSIDE = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",  # RFC 6890; a cloud's metadata among them
            "64:ff9b:1::/48",  # RFC 8215: private translation
            "100::/64",  # RFC 6666: discarded
            "2001::/23",  # RFC 2928: protocols
            "3fff::/20",  # RFC 9637: documentation
            "5f00::/16",  # RFC 9602: segment routing
            "fec0::/10",  # RFC 3879: site-local
            # Azure's platform, from inside each of its machines, though the address is a public one:
            # https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
            "168.63.129.16/32",
        ),
    )
)
REFUSED = (
    "The address leads into a private network. Nothing is posted to such addresses unless the setting "
    "WEBHOOK_PRIVATE_ADDRESSES is true. Use a public address, or have it set."
)


class Unreachable(Explained):
    """The address is none that we connect to."""


def resolve(host: str, port: int) -> list[Found]:
    """What the host leads to, as far as we connect there. Raises Unreachable."""
    try:
        found: Sequence[Found] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"The name {host} leads to no address. Look whether it is written correctly.") from error
    allowed = [one for one in found if is_allowed(str(one[4][0]))]
    if not allowed:
        raise Unreachable(REFUSED)
    return allowed


def is_allowed(text: str) -> bool:
    """Whether we connect to this network address."""
    return settings.WEBHOOK_PRIVATE_ADDRESSES or is_public(text)


def is_public(text: str) -> bool:
    """Whether the network address is one of the public internet; what is none at all is not."""
    try:
        address = _meant(ip_address(text.partition("%")[0]))
    except ValueError:
        return False
    is_special = address.is_multicast or address.is_reserved
    return address.is_global and not is_special and not any(address in network for network in INSIDE)


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it stands for one."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
