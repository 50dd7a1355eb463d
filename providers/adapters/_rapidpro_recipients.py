"""Whom a broadcast names: URNs, and contacts and groups that RapidPro keeps; identifiers of ours to its lists and back.

    phone +6281234567890      urns      tel:+6281234567890     provider id 1234
    facebook:123              urns      facebook:123           provider id 1234
    C-17                      urns      ext:C-17               provider id 1234
    contact:<uuid>            contacts  <uuid>                 provider id contact:1234
    group:<uuid>              groups    <uuid>                 provider id group:1234

All share the broadcast's number. The word before it says what can be asked about them later: people have messages of
their own, a group has none. It also keeps the messages of a group's members, and of a workspace that hides its URNs,
from being taken for the group's.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from providers import parsing
from providers.messages import OutboundMessage, Recipient

CONTACT, GROUP = "contact", "group"
LISTS = {CONTACT: "contacts", GROUP: "groups"}
URNS = "urns"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")  # as RapidPro writes them


def problem(recipient: Recipient) -> str:
    """What is wrong with the identifier of a contact or a group, or nothing."""
    kind, uuid = _kept(recipient)
    if not kind or UUID.match(uuid):
        return ""
    return f"A {kind} of RapidPro is named by its UUID, such as {kind}:09d23a05-47fe-11e4-bfe9-b8f6b119e9ab."


def lists(messages: Sequence[OutboundMessage]) -> dict[str, list[str]]:
    """The recipients of one broadcast, as its three lists."""
    named: dict[str, list[str]] = {URNS: [], **{name: [] for name in LISTS.values()}}
    for message in messages:
        kind, uuid = _kept(message.recipient)
        named[LISTS[kind] if kind else URNS].append(uuid or _urn(message.recipient))
    return named


def of(broadcast: Any) -> Iterator[str]:
    """Everybody whom a broadcast names, posted or listed, as `tel:+62...`, `contact:<uuid>` or `group:<uuid>`."""
    yield from map(parsing.identifier, parsing.items(parsing.dig(broadcast, URNS)))
    for kind, name in LISTS.items():
        for each in parsing.items(parsing.dig(broadcast, name)):
            yield f"{kind}:{parsing.identifier(each) or parsing.identifier(parsing.dig(each, 'uuid'))}"


def kind_of(name: str) -> str:
    """`contact` or `group`, of an identifier or of a provider id; empty for everybody else."""
    kind, colon, _ = name.partition(":")
    return kind if colon and kind in LISTS else ""


def provider_id(broadcast_id: str, identifier: str) -> str:
    """The provider id of a message to somebody; see the table above."""
    kind = kind_of(identifier)
    return f"{kind}:{broadcast_id}" if kind else broadcast_id


def broadcast_id(provider_id: str) -> str:
    """The number in a provider id, or the UUID where RapidPro gave no number."""
    return provider_id.rpartition(":")[2]


def address(name: str) -> str:
    """What `of` names, as the recipient's address is known to us."""
    scheme, _, path = name.partition(":")
    return path if scheme in {"tel", "ext"} else name


def _kept(recipient: Recipient) -> tuple[str, str]:
    """(kind, UUID) of a contact or group, or two empty words."""
    kind = "" if recipient.phone else kind_of(recipient.identifier)
    return (kind, recipient.identifier.partition(":")[2]) if kind else ("", "")


def _urn(recipient: Recipient) -> str:
    if recipient.phone:
        return f"tel:{recipient.phone}"
    return recipient.identifier if ":" in recipient.identifier else f"ext:{recipient.identifier}"
