"""The whole way over HTTP, with workers and provider: a messy file, its columns, and a broadcast to its people."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.api.calling import Program
from tests.audiences import demo_channel, messy_csv, phone
from tests.running import Site, wait_for
from tests.simulating import Simulator

pytestmark = pytest.mark.django_db(transaction=True)
GOOD, DUPLICATES, JUNK = 30, 3, 5
OUT = 2  # have opted out before the broadcast

Call = Callable[..., Any]


@pytest.fixture
def call(site: Site, simulator: Simulator) -> Call:
    """Calls the running site with a token, as a program does; what is refused fails the test."""
    demo_channel("rapidpro", simulator.url)
    headers = {"Authorization": f"Token {Program().key}"}

    def answer(method: str, place: str, **body: Any) -> Any:
        told = requests.request(method, f"{site.url}/api/v2/{place}", headers=headers, timeout=30, **body)
        assert told.ok, told.text
        return told.json()

    return answer


def test_a_messy_file_becomes_a_broadcast(call: Call, simulator: Simulator) -> None:
    file = ("June.csv", messy_csv(GOOD, duplicates=DUPLICATES, junk=JUNK))
    upload = call("POST", "uploads.json", files={"file": file}, data={"region": "ID"})
    place = f"uploads/{upload['uuid']}"
    mapping = {"Kota": {"role": "field", "key": "city"}}
    call("POST", f"{place}.json", json={"mapping": mapping, "group": "June"})
    ended = wait_for(lambda: _in_state(call("GET", place), "imported"))
    counts = {name: ended["totals"][name] for name in ("rows", "new", "duplicate", "invalid")}
    assert counts == {"rows": GOOD + DUPLICATES + JUNK, "new": GOOD, "duplicate": DUPLICATES, "invalid": JUNK}
    assert len(call("GET", f"{place}/rejected")["results"]) == DUPLICATES + JUNK

    call("POST", "suppressions", json={"urns": [f"tel:{phone(number)}" for number in range(100, 100 + OUT)]})
    by_group = call("POST", "broadcasts.json", json={"text": "Hello @fields.city", "groups": [ended["group"]["uuid"]]})
    by_file = call("POST", "broadcasts.json", json={"text": "Hello @row.jumlah", "upload": upload["uuid"]})
    for broadcast in (by_group, by_file):
        query = f"broadcasts.json?uuid={broadcast['uuid']}"
        done = wait_for(lambda query=query: _in_state(call("GET", query)["results"][0], "completed"))  # type: ignore[misc]
        assert done["progress"] == {"total": GOOD, "started": GOOD}
    sent = Counter(simulator.addresses("rapidpro"))
    assert sent == {f"tel:{phone(number)}": 2 for number in range(100 + OUT, 100 + GOOD)}


def _in_state(item: dict[str, Any], state: str) -> dict[str, Any]:
    """The item once it is in this state, and nothing before; a state from which none leads there fails the test."""
    assert item["state"] not in {"failed", "cancelled", "missed"}, item
    return item if item["state"] == state else {}
