"""What reached the simulator: one row for each recipient of each request, kept in memory and asked by tests and page.

SQLite in memory holds a million single messages in under 400 MB (content is kept once for each request), and finds an
address in microseconds; as Python objects the same would take three times the room.
"""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PROVIDERS = ("khoros", "rapidpro", "kaleyra", "qiscus", "imiconnect")
PAGE_LIMIT = 10_000

_SCHEMA = """
CREATE TABLE request (
    request INTEGER PRIMARY KEY, kind TEXT NOT NULL, content TEXT NOT NULL, received_at REAL NOT NULL,
    due_at REAL NOT NULL
);
CREATE TABLE message (
    n INTEGER PRIMARY KEY, request INTEGER NOT NULL, provider TEXT NOT NULL, address TEXT NOT NULL,
    reference TEXT NOT NULL, provider_id TEXT NOT NULL, accepted INTEGER NOT NULL, variables TEXT NOT NULL
);
CREATE INDEX message_address ON message (address);
CREATE INDEX message_provider ON message (provider);
"""
_SELECT = (
    "SELECT n, request, provider, address, reference, provider_id, kind, content, received_at, due_at, variables"
    " FROM message JOIN request USING (request) WHERE accepted = ?"
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """One addressee as the request named it, with the sender's reference ("" if none) and the id we answered with.

    `variables` are the recipient's own, where one request carries several people's.
    """

    address: str
    reference: str = ""
    provider_id: str = ""
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a request stands in the record: its number, and its rows `first` to `first + count - 1`."""

    request: int
    first: int
    count: int
    received_at: float


@dataclass(frozen=True, slots=True)
class Row:
    """One message of the record; times are seconds since the epoch, `due_at` is when a scheduled one goes out."""

    n: int
    request: int
    provider: str
    address: str
    reference: str
    provider_id: str
    kind: str
    content: Mapping[str, object]
    received_at: float
    due_at: float


class Record:
    """All requests and messages since the start or the last reset."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:")
        # One transaction that is never committed: nothing here outlives the process, so nothing pays for a journal.
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.executescript(_SCHEMA)
        self._requests = 0
        self._messages = 0
        self._totals: Counter[tuple[str, str]] = Counter()

    def add(
        self,
        *,
        provider: str,
        kind: str,
        content: Mapping[str, object],
        recipients: Sequence[Recipient],
        accepted: bool = True,
        due_at: float = 0.0,
    ) -> Entry:
        """Keep one request with all its recipients; `accepted=False` is one that was read but never answered."""
        now = time.time()
        self._requests += 1
        first = self._messages + 1
        self._messages += len(recipients)
        self._totals[provider, "accepted" if accepted else "received"] += len(recipients)
        self._database.execute(
            "INSERT INTO request VALUES (?, ?, ?, ?, ?)",
            (self._requests, kind, json.dumps(content), now, max(now, due_at)),
        )
        self._database.executemany(
            "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (n, self._requests, provider, to.address, to.reference, to.provider_id, accepted, _dumped(to.variables))
                for n, to in enumerate(recipients, first)
            ],
        )
        return Entry(self._requests, first, len(recipients), now)

    def count(self, provider: str, what: str) -> None:
        """Count something that leaves no row: a request, a refusal, a receipt."""
        self._totals[provider, what] += 1

    def totals(self) -> dict[str, dict[str, int]]:
        """For each provider what was counted: requests, refused, accepted, received (messages), receipts posted."""
        totals: dict[str, dict[str, int]] = {
            name: {"requests": 0, "refused": 0, "accepted": 0, "received": 0} for name in PROVIDERS
        }
        for (provider, what), number in self._totals.items():
            totals[provider][what] = number
        return totals

    def rows(
        self, *, provider: str = "", address: str = "", after: int = 0, accepted: bool = True, limit: int = PAGE_LIMIT
    ) -> list[Row]:
        """Messages in the order of their arrival, from number `after + 1` on; empty filters match all."""
        where, values = _SELECT + " AND n > ?", [accepted, after]
        return self._read(*_filtered(where, values, provider, address), " ORDER BY n LIMIT ?", limit)

    def latest(self, *, provider: str = "", limit: int) -> list[Row]:
        """The newest messages first."""
        return self._read(*_filtered(_SELECT, [True], provider, ""), " ORDER BY n DESC LIMIT ?", limit)

    def span(self, first: int, count: int) -> list[Row]:
        """The rows of one entry, in the order in which the request named its recipients."""
        return self._read(_SELECT + " AND n >= ?", [True, first], " ORDER BY n LIMIT ?", count)

    def reset(self) -> None:
        """Forget everything; numbers start at one again."""
        self._database.execute("DELETE FROM message")
        self._database.execute("DELETE FROM request")
        self._requests = self._messages = 0
        self._totals.clear()

    def _read(self, where: str, values: Iterable[object], order: str, limit: int) -> list[Row]:
        found = self._database.execute(where + order, (*values, limit))
        return [_row(*row) for row in found]


def _dumped(variables: tuple[str, ...]) -> str:
    return json.dumps(variables) if variables else ""


def _row(*columns: Any) -> Row:
    *leading, content, received_at, due_at, variables = columns
    own = {"variables": json.loads(variables)} if variables else {}
    return Row(*(*leading, {**json.loads(content), **own}, received_at, due_at))


def _filtered(where: str, values: Sequence[object], provider: str, address: str) -> tuple[str, Sequence[object]]:
    # The unary plus keeps SQLite on the address index where both are asked: a provider has far more rows.
    if address:
        where, values = where + " AND address = ?", [*values, address]
    if provider:
        where, values = where + (" AND +provider = ?" if address else " AND provider = ?"), [*values, provider]
    return where, values
