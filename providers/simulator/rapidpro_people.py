"""The people of RapidPro's workspace: its groups with their members, and a phone for each contact.

Every UUID is taken for a contact that exists, but for a group only those below: a sender has to list them first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5


@dataclass(frozen=True, slots=True)
class Group:
    """A group of contacts; `query` is what makes a smart one."""

    uuid: str
    name: str
    members: tuple[str, ...] = ()
    query: str | None = None
    status: str = "ready"
    is_system: bool = False

    def shown(self) -> dict[str, object]:
        """The group as `groups.json` lists it."""
        return {
            "uuid": self.uuid,
            "name": self.name,
            "query": self.query,
            "status": self.status,
            "system": self.is_system,
            "count": len(self.members),
        }


def _phones(first: int, count: int) -> tuple[str, ...]:
    return tuple(f"tel:+25078{number}" for number in range(first, first + count))


# The last created first, as they are listed. The ending 0009 is that of everything that fails later: a broadcast to
# that group is taken and then given up.
GROUPS = (
    Group("5f05311e-8f81-4a67-a5b5-1501b6d6496a", "Reporters", _phones(8123121, 3)),
    Group("0ac92789-89d6-466a-9b11-95b0be73c683", "Farmers", _phones(7200100, 300)),
    Group("c153e265-f7c9-4539-9dbc-9b358714b638", "Adults", _phones(7300100, 20), query="age >= 18"),
    Group("2b52d7bb-3a9f-4a1b-9d1c-0a7f4c1e0009", "Gives up", _phones(7400100, 2)),
    Group("9b5f4a2c-5c7b-4b7e-8f0e-3d1f6a7c2e11", "Just filled", query="city = Kigali", status="evaluating"),
    Group("361838c4-2866-495a-8990-9f3c222a7604", "Open Tickets", query="tickets > 0", is_system=True),
)
_BY_UUID = {group.uuid: group for group in GROUPS}
_BY_NAME = {group.name.lower(): group for group in GROUPS}


def group_of(word: str) -> Group | None:
    """The group with this UUID or this name, in any case."""
    return _BY_UUID.get(word) or _BY_NAME.get(word.lower())


def contact_of(urn: str) -> str:
    """The UUID of the contact with this URN."""
    return str(uuid5(NAMESPACE_URL, urn))


def reached_by(address: str) -> Iterator[tuple[str, str]]:
    """(contact, URN) of everybody whom one recipient of a broadcast stands for: a URN, a contact or a group."""
    if ":" in address:
        yield contact_of(address), address
    elif group := _BY_UUID.get(address):
        yield from ((contact_of(urn), urn) for urn in group.members)
    else:
        yield address, f"tel:+25079{UUID(address).int % 10**7:07d}"
