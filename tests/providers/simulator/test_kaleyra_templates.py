"""Kaleyra's lists of templates, against "Get Templates" and "Get a WhatsApp Template Status"."""

from typing import Any

import pytest
import requests

from tests.simulating import Simulator

WABA_ID = "104948869000000"
HEADERS = {"api-key": "key", "Content-Type": "application/json"}


def get(simulator: Simulator, path: str, headers: dict[str, str] | None = None, **query: str) -> requests.Response:
    return requests.get(
        f"{simulator.url}/kaleyra/{path}", query, headers=HEADERS if headers is None else headers, timeout=10
    )


def listing(simulator: Simulator, *, sid: str = "HX1", waba_id: str = WABA_ID, **options: Any) -> requests.Response:
    return get(simulator, f"v2/{sid}/whatsapp/{waba_id}/message_templates", **options)


def test_all_pages_together_hold_every_state_of_approval(simulator: Simulator) -> None:
    items: list[dict[str, Any]] = []
    after = ""
    while True:
        page = listing(simulator, after=after).json()
        items += page["data"]
        if "next" not in page["paging"]:
            break
        after = page["paging"]["cursors"]["after"]
    assert {item["status"] for item in items} == {"APPROVED", "PENDING", "REJECTED", "PAUSED"}
    assert len({(item["name"], item["language"]) for item in items}) == len(items)


@pytest.mark.parametrize("after", ["x", "-1", "99", "\u00b2"])
def test_a_cursor_that_is_none_is_no_error(simulator: Simulator, after: str) -> None:
    assert listing(simulator, after=after).status_code == 200


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"headers": {}}, "RBC001"),
        ({"headers": HEADERS | {"api-key": "bad"}}, "RBC001"),
        ({"sid": "inactiveHX"}, "WA-401"),
        ({"waba_id": "HX1"}, "WA401"),
        ({"headers": {"api-key": "key"}}, "WA400"),
    ],
    ids=["no key", "wrong key", "account", "account id", "content type"],
)
def test_a_list_is_refused_in_the_documented_words(simulator: Simulator, options: dict[str, Any], code: str) -> None:
    answer = listing(simulator, **options)
    assert (answer.status_code, answer.json()["code"]) == (400 if code == "WA400" else 401, code)


def test_the_first_version_tells_states_and_checks_the_key(simulator: Simulator) -> None:
    path = "v1/HX1/whatsapp/templates/status"
    assert {"template_name": "welcome", "status": "APPROVED"} in get(simulator, path).json()["data"]
    assert get(simulator, path, {"api-key": "bad"}).json()["code"] == "RBC001"
